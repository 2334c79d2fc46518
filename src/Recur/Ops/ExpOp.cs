using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>y = e^x.</summary>
internal sealed class ExpOp : Node
{
    public static Tensor Apply(Tensor x)
    {
        var op = Begin<ExpOp>(x);
        Tensor y = op.NewOutput(x.Shape);
        Elementwise.Map<Exp>(x.Span, y.MutableSpan);
        return op.Record(y);
    }

    // dx = dy y
    protected override void Backward() => Elementwise.ZipAdd<Multiply>(Output(), OutputGrad(), InputGrad(0));
}
