using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>y = a - b, broadcast.</summary>
internal sealed class SubOp : Node
{
    public static Tensor Apply(Tensor a, Tensor b)
    {
        Shape shape = Broadcasting.Resolve("Tensor.Sub", a.Shape, b.Shape);
        var op = Begin<SubOp>(a, b);
        Tensor y = op.NewOutput(shape);
        Broadcast.Zip<Subtract>(a.Span, a.Shape, b.Span, b.Shape, y.MutableSpan, shape, accumulate: false);
        return op.Record(y);
    }

    // da = dy      db = -dy
    protected override void Backward()
    {
        if (NeedsGrad(0)) Broadcasting.SumInto(OutputGrad(), OutputShape(), InputGrad(0), Input(0).Shape);
        if (NeedsGrad(1)) Broadcasting.SumInto(OutputGrad(), OutputShape(), InputGrad(1), Input(1).Shape, scale: -1f);
    }
}
