using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>y = s · x with a number s.</summary>
internal sealed class MulScalarOp : Node
{
    private float factor;

    public static Tensor Apply(Tensor x, float s)
    {
        var op = Begin<MulScalarOp>(x);
        op.factor = s;
        Tensor y = op.NewOutput(x.Shape);
        Elementwise.Zip<Multiply>(x.Span, s, y.MutableSpan);
        return op.Record(y);
    }

    // dx = s · dy
    protected override void Backward() => Elementwise.ZipAdd<Multiply>(OutputGrad(), factor, InputGrad(0));
}
