using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>y = √x.</summary>
internal sealed class SqrtOp : Node
{
    public static Tensor Apply(Tensor x)
    {
        var op = Begin<SqrtOp>(x);
        Tensor y = op.NewOutput(x.Shape);
        Elementwise.Map<Sqrt>(x.Span, y.MutableSpan);
        return op.Record(y);
    }

    // dx = dy / (2 y)
    protected override void Backward() => Elementwise.ZipAdd<SqrtGrad>(Output(), OutputGrad(), InputGrad(0));
}
