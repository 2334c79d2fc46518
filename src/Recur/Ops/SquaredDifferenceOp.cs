using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>y = (x - t)² element by element, for equal shapes.</summary>
internal sealed class SquaredDifferenceOp : Node
{
    public static Tensor Apply(Tensor x, Tensor target)
    {
        var op = Begin<SquaredDifferenceOp>(x, target);
        Tensor y = op.NewOutput(x.Shape);
        Elementwise.Zip<SquaredDifference>(x.Span, target.Span, y.MutableSpan);
        return op.Record(y);
    }

    // dx = 2 (x - t) dy      dt = -dx
    protected override void Backward()
    {
        Span<float> dy = OutputGrad();
        Elementwise.Zip<Add>(dy, dy, dy);
        ReadOnlySpan<float> x = Input(0).Span, t = Input(1).Span;
        if (NeedsGrad(0)) Elementwise.Zip3Add<DifferenceTimes>(x, t, dy, InputGrad(0));
        if (NeedsGrad(1)) Elementwise.Zip3Add<DifferenceTimes>(t, x, dy, InputGrad(1));
    }
}
