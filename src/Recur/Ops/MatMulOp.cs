using System.Diagnostics.CodeAnalysis;
using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>The matrix product over the last two dimensions, the others broadcast; vectors as in
/// torch.matmul.</summary>
internal sealed class MatMulOp : Node
{
    // a is [batch..., m, k] and b [batch..., k, n]; a vector on the left has m = 1, one on the right n = 1.
    private int m, n, k, batches;
    private Shape batchShape, aBatch, bBatch;

    public static Tensor Apply(Tensor a, Tensor b)
    {
        Shape aShape = a.Shape, bShape = b.Shape;
        if (aShape.Rank == 0 || bShape.Rank == 0) ThrowScalar(aShape, bShape);
        bool aVector = aShape.Rank == 1, bVector = bShape.Rank == 1;
        int columns = aShape[-1], rows = bVector ? bShape[0] : bShape[-2];
        if (columns != rows) ThrowInner(aShape, bShape, columns, rows);

        var op = Begin<MatMulOp>(a, b);
        op.k = columns;
        op.m = aVector ? 1 : aShape[-2];
        op.n = bVector ? 1 : bShape[-1];
        op.aBatch = Batch(aShape);
        op.bBatch = Batch(bShape);
        op.batchShape = Broadcasting.Resolve("Tensor.MatMul", op.aBatch, op.bBatch);
        op.batches = op.batchShape.ElementCount;
        Tensor y = op.NewOutput(op.ResultShape(aVector, bVector));
        op.FoldBatches();

        ReadOnlySpan<float> x = a.Span, w = b.Span;
        Span<float> result = y.MutableSpan;
        for (int i = 0; i < op.batches; i++)
            Gemm.Multiply(op.m, op.n, op.k, op.A(x, i), false, op.B(w, i), false, op.Y(result, i), accumulate: false);
        return op.Record(y);
    }

    // da = dy · bᵀ      db = aᵀ · dy, summed over the batches that share a matrix
    protected override void Backward()
    {
        Span<float> dy = OutputGrad();
        if (NeedsGrad(0))
        {
            ReadOnlySpan<float> b = Input(1).Span;
            Span<float> da = InputGrad(0);
            for (int i = 0; i < batches; i++)
                Gemm.Multiply(m, k, n, Y(dy, i), false, B(b, i), true, A(da, i), accumulate: true);
        }

        if (NeedsGrad(1))
        {
            ReadOnlySpan<float> a = Input(0).Span;
            Span<float> db = InputGrad(1);
            for (int i = 0; i < batches; i++)
                Gemm.Multiply(k, n, m, A(a, i), true, Y(dy, i), false, B(db, i), accumulate: true);
        }
    }

    /// <summary>One matrix b for all batches: their rows form one large matrix a.</summary>
    private void FoldBatches()
    {
        if (batches <= 1 || bBatch.ElementCount != 1) return;
        m *= batches;
        batches = 1;
        batchShape = aBatch = bBatch = [];
    }

    private static Shape Batch(in Shape shape) => shape.Rank <= 2 ? [] : new Shape(shape.AsSpan()[..^2]);

    private Shape ResultShape(bool aVector, bool bVector)
    {
        Span<int> sizes = stackalloc int[Shape.MaxRank];
        int rank = batchShape.Rank;
        batchShape.AsSpan().CopyTo(sizes);
        if (!aVector) sizes[rank++] = m;
        if (!bVector) sizes[rank++] = n;
        return new Shape(sizes[..rank]);
    }

    private ReadOnlySpan<float> A(ReadOnlySpan<float> a, int i) => a.Slice(Matrix(aBatch, i) * m * k, m * k);

    private Span<float> A(Span<float> a, int i) => a.Slice(Matrix(aBatch, i) * m * k, m * k);

    private ReadOnlySpan<float> B(ReadOnlySpan<float> b, int i) => b.Slice(Matrix(bBatch, i) * k * n, k * n);

    private Span<float> B(Span<float> b, int i) => b.Slice(Matrix(bBatch, i) * k * n, k * n);

    private Span<float> Y(Span<float> y, int i) => y.Slice(i * m * n, m * n);

    /// <summary>The matrix of an input that takes part in batch <paramref name="index"/> of the result.</summary>
    private int Matrix(in Shape input, int index)
    {
        int matrix = 0, stride = 1;
        for (int d = 1; d <= input.Rank; d++)
        {
            int size = batchShape[-d], own = input[-d];
            if (own != 1) matrix += index % size * stride;
            index /= size;
            stride *= own;
        }

        return matrix;
    }

    [DoesNotReturn]
    private static void ThrowScalar(in Shape a, in Shape b) => throw new ShapeException(
        $"Tensor.MatMul: both tensors must have at least one dimension but were {a} and {b}.");

    [DoesNotReturn]
    private static void ThrowInner(in Shape a, in Shape b, int columns, int rows) => throw new ShapeException(
        $"Tensor.MatMul: the columns of {a} must be as many as the rows of {b} but were {columns} and {rows}.");
}
