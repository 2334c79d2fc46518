using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>y = a / b element by element, broadcast.</summary>
internal sealed class DivOp : Node
{
    public static Tensor Apply(Tensor a, Tensor b)
    {
        Shape shape = Broadcasting.Resolve("Tensor.Div", a.Shape, b.Shape);
        var op = Begin<DivOp>(a, b);
        Tensor y = op.NewOutput(shape);
        Broadcast.Zip<Divide>(a.Span, a.Shape, b.Span, b.Shape, y.MutableSpan, shape, accumulate: false);
        return op.Record(y);
    }

    // da = dy / b      db = -dy · y / b
    protected override void Backward()
    {
        Shape shape = OutputShape();
        Tensor a = Input(0), b = Input(1);
        Span<float> dy = OutputGrad();
        if (NeedsGrad(0))
        {
            if (a.Length == shape.ElementCount)
            {
                Broadcast.Zip<Divide>(dy, shape, b.Span, b.Shape, InputGrad(0), shape, accumulate: true);
            }
            else
            {
                Span<float> quotient = Scratch(shape.ElementCount);
                Broadcast.Zip<Divide>(dy, shape, b.Span, b.Shape, quotient, shape, accumulate: false);
                Broadcasting.SumInto(quotient, shape, InputGrad(0), a.Shape);
            }
        }

        if (!NeedsGrad(1)) return;
        if (b.Length == shape.ElementCount)
        {
            Elementwise.Zip3Add<QuotientGrad>(dy, Output(), b.Span, InputGrad(1));
            return;
        }

        Elementwise.Zip<Multiply>(dy, Output(), dy); // nobody reads dy after this
        Broadcast.Zip<Divide>(dy, shape, b.Span, b.Shape, dy, shape, accumulate: false);
        Broadcasting.SumInto(dy, shape, InputGrad(1), b.Shape, scale: -1f);
    }
}
