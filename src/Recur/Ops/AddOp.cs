using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>y = a + b, broadcast.</summary>
internal sealed class AddOp : Node
{
    public static Tensor Apply(Tensor a, Tensor b)
    {
        Shape shape = Broadcasting.Resolve("Tensor.Add", a.Shape, b.Shape);
        var op = Begin<AddOp>(a, b);
        Tensor y = op.NewOutput(shape);
        Broadcast.Zip<Add>(a.Span, a.Shape, b.Span, b.Shape, y.MutableSpan, shape, accumulate: false);
        return op.Record(y);
    }

    // da = dy      db = dy
    protected override void Backward()
    {
        for (int i = 0; i < 2; i++)
            if (NeedsGrad(i)) Broadcasting.SumInto(OutputGrad(), OutputShape(), InputGrad(i), Input(i).Shape);
    }
}
