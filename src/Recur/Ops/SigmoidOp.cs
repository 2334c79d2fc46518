using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>y = 1 / (1 + e^-x).</summary>
internal sealed class SigmoidOp : Node
{
    public static Tensor Apply(Tensor x)
    {
        var op = Begin<SigmoidOp>(x);
        Tensor y = op.NewOutput(x.Shape);
        Elementwise.Map<Sigmoid>(x.Span, y.MutableSpan);
        return op.Record(y);
    }

    // dx = dy y (1 - y)
    protected override void Backward() => Elementwise.ZipAdd<SigmoidGrad>(Output(), OutputGrad(), InputGrad(0));
}
