using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>y = max(x, 0).</summary>
internal sealed class ReluOp : Node
{
    public static Tensor Apply(Tensor x)
    {
        var op = Begin<ReluOp>(x);
        Tensor y = op.NewOutput(x.Shape);
        Elementwise.Map<Relu>(x.Span, y.MutableSpan);
        return op.Record(y);
    }

    // dx = dy where y > 0
    protected override void Backward() => Elementwise.ZipAdd<ReluGrad>(Output(), OutputGrad(), InputGrad(0));
}
