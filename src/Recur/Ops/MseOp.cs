using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>y = Σ (x - t)² / divisor, one number; fused: one pass forward, one pass backward.</summary>
internal sealed class MseOp : Node
{
    private float divisor;

    public static Tensor Apply(Tensor x, Tensor target, float divisor)
    {
        var op = Begin<MseOp>(x, target);
        op.divisor = divisor;
        Tensor y = op.NewOutput([]);
        y.MutableSpan[0] = (float)(Reduce.Sum<SquaredDifference>(x.Span, target.Span) / divisor);
        return op.Record(y);
    }

    // dx = 2 (x - t) dy / divisor      dt = -dx
    protected override void Backward()
    {
        float factor = 2f * OutputGrad()[0] / divisor;
        ReadOnlySpan<float> x = Input(0).Span, t = Input(1).Span;
        if (NeedsGrad(0)) Elementwise.Zip3Add<DifferenceTimes>(x, t, factor, InputGrad(0));
        if (NeedsGrad(1)) Elementwise.Zip3Add<DifferenceTimes>(t, x, factor, InputGrad(1));
    }
}
