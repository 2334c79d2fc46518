using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>Softmax: y = e^x / Σ e^x along one dimension.</summary>
internal sealed class SoftmaxOp : Node
{
    private int outer, n, inner;

    public static Tensor Apply(Tensor x, int dim)
    {
        Shape shape = x.Shape;
        int d = Axes.Normalize("Tensor.Softmax", shape, dim);
        var op = Begin<SoftmaxOp>(x);
        op.outer = Axes.Length(shape, 0, d);
        op.n = shape[d];
        op.inner = Axes.Length(shape, d + 1, shape.Rank);
        Tensor y = op.NewOutput(shape);
        SoftmaxKernel.Forward(x.Span, op.outer, op.n, op.inner, y.MutableSpan, op.Work());
        return op.Record(y);
    }

    // dx = y (dy - Σ y dy)
    protected override void Backward() =>
        SoftmaxKernel.Backward(Output(), OutputGrad(), outer, n, inner, InputGrad(0), Work());

    private Span<float> Work() => inner == 1 ? default : Scratch(2 * inner);
}
