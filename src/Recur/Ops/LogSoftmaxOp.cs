using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>Log-softmax: y = x - ln Σ e^x along one dimension.</summary>
internal sealed class LogSoftmaxOp : Node
{
    private int outer, n, inner;

    public static Tensor Apply(Tensor x, int dim)
    {
        Shape shape = x.Shape;
        int d = Axes.Normalize("Tensor.LogSoftmax", shape, dim);
        var op = Begin<LogSoftmaxOp>(x);
        op.outer = Axes.Length(shape, 0, d);
        op.n = shape[d];
        op.inner = Axes.Length(shape, d + 1, shape.Rank);
        Tensor y = op.NewOutput(shape);
        SoftmaxKernel.LogForward(x.Span, op.outer, op.n, op.inner, y.MutableSpan, op.Work());
        return op.Record(y);
    }

    // dx = dy - e^y Σ dy
    protected override void Backward() =>
        SoftmaxKernel.LogBackward(Output(), OutputGrad(), outer, n, inner, InputGrad(0), Work());

    private Span<float> Work() => inner == 1 ? default : Scratch(2 * inner);
}
