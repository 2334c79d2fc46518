using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>y = x + s with a number s.</summary>
internal sealed class AddScalarOp : Node
{
    public static Tensor Apply(Tensor x, float s)
    {
        var op = Begin<AddScalarOp>(x);
        Tensor y = op.NewOutput(x.Shape);
        Elementwise.Zip<Add>(x.Span, s, y.MutableSpan);
        return op.Record(y);
    }

    // dx = dy
    protected override void Backward() => Elementwise.MapAdd<Copy>(OutputGrad(), InputGrad(0));
}
