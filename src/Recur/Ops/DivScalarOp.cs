using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>y = x / s with a number s (a true division: x · (1 / s) has other last bits).</summary>
internal sealed class DivScalarOp : Node
{
    private float divisor;

    public static Tensor Apply(Tensor x, float s)
    {
        var op = Begin<DivScalarOp>(x);
        op.divisor = s;
        Tensor y = op.NewOutput(x.Shape);
        Elementwise.Zip<Divide>(x.Span, s, y.MutableSpan);
        return op.Record(y);
    }

    // dx = dy / s
    protected override void Backward() => Elementwise.ZipAdd<Divide>(OutputGrad(), divisor, InputGrad(0));
}
