using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>y = tanh x.</summary>
internal sealed class TanhOp : Node
{
    public static Tensor Apply(Tensor x)
    {
        var op = Begin<TanhOp>(x);
        Tensor y = op.NewOutput(x.Shape);
        Elementwise.Map<Tanh>(x.Span, y.MutableSpan);
        return op.Record(y);
    }

    // dx = dy (1 - y²)
    protected override void Backward() => Elementwise.ZipAdd<TanhGrad>(Output(), OutputGrad(), InputGrad(0));
}
