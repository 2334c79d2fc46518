using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>y = s / x with a number s.</summary>
internal sealed class ScalarDivOp : Node
{
    public static Tensor Apply(float s, Tensor x)
    {
        var op = Begin<ScalarDivOp>(x);
        Tensor y = op.NewOutput(x.Shape);
        Elementwise.Zip<Divide>(s, x.Span, y.MutableSpan);
        return op.Record(y);
    }

    // dx = -dy · y / x
    protected override void Backward() =>
        Elementwise.Zip3Add<QuotientGrad>(OutputGrad(), Output(), Input(0).Span, InputGrad(0));
}
