using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>Exchanges two dimensions; a copy.</summary>
internal sealed class TransposeOp : Node
{
    private int outer, m, middle, n, inner;

    public static Tensor Apply(Tensor x, int dim0, int dim1)
    {
        Shape shape = x.Shape;
        int p = Axes.Normalize("Tensor.Transpose", shape, dim0), q = Axes.Normalize("Tensor.Transpose", shape, dim1);
        if (p > q) (p, q) = (q, p);
        var op = Begin<TransposeOp>(x);
        op.outer = Axes.Length(shape, 0, p);
        op.m = p == q ? 1 : shape[p];
        op.middle = p == q ? 1 : Axes.Length(shape, p + 1, q);
        op.n = shape[q];
        op.inner = Axes.Length(shape, q + 1, shape.Rank);
        Tensor y = op.NewOutput(shape.With(p, shape[q]).With(q, shape[p]));
        Transposition.Swap(x.Span, op.outer, op.m, op.middle, op.n, op.inner, y.MutableSpan, accumulate: false);
        return op.Record(y);
    }

    // dx = dy with the dimensions exchanged back
    protected override void Backward() =>
        Transposition.Swap(OutputGrad(), outer, n, middle, m, inner, InputGrad(0), accumulate: true);
}
