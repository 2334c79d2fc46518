using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>y = |x|.</summary>
internal sealed class AbsOp : Node
{
    public static Tensor Apply(Tensor x)
    {
        var op = Begin<AbsOp>(x);
        Tensor y = op.NewOutput(x.Shape);
        Elementwise.Map<Abs>(x.Span, y.MutableSpan);
        return op.Record(y);
    }

    // dx = dy sign(x), 0 at 0 as in PyTorch
    protected override void Backward() => Elementwise.ZipAdd<AbsGrad>(Input(0).Span, OutputGrad(), InputGrad(0));
}
