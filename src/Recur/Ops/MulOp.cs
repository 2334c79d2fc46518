using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>y = a · b element by element, broadcast.</summary>
internal sealed class MulOp : Node
{
    public static Tensor Apply(Tensor a, Tensor b)
    {
        Shape shape = Broadcasting.Resolve("Tensor.Mul", a.Shape, b.Shape);
        var op = Begin<MulOp>(a, b);
        Tensor y = op.NewOutput(shape);
        Broadcast.Zip<Multiply>(a.Span, a.Shape, b.Span, b.Shape, y.MutableSpan, shape, accumulate: false);
        return op.Record(y);
    }

    // da = dy · b      db = dy · a
    protected override void Backward()
    {
        if (NeedsGrad(0)) AddProduct(0, Input(1));
        if (NeedsGrad(1)) AddProduct(1, Input(0));
    }

    private void AddProduct(int index, Tensor other)
    {
        Shape shape = OutputShape();
        Shape inputShape = Input(index).Shape;
        if (inputShape.ElementCount == shape.ElementCount)
        {
            Broadcast.Zip<Multiply>(OutputGrad(), shape, other.Span, other.Shape, InputGrad(index), shape, accumulate: true);
            return;
        }

        Span<float> product = Scratch(shape.ElementCount);
        Broadcast.Zip<Multiply>(OutputGrad(), shape, other.Span, other.Shape, product, shape, accumulate: false);
        Broadcasting.SumInto(product, shape, InputGrad(index), inputShape);
    }
}
