using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>y[i] = x[indices[i]] row by row: the look-up of an embedding, and all that moves rows between padded and
/// packed sequences.</summary>
internal sealed class GatherRowsOp : Node
{
    private int[] rows = []; // kept with the pooled node, so that a step of fixed shape allocates nothing
    private int count, length;

    public static Tensor Apply(Tensor x, ReadOnlySpan<int> indices)
    {
        Shape shape = x.Shape;
        if (shape.Rank == 0) ShapeException.Throw("Tensor.GatherRows: the tensor", "of at least one dimension", shape);
        for (int i = 0; i < indices.Length; i++)
            if ((uint)indices[i] >= (uint)shape[0]) ThrowIndex(shape, indices[i], i);
        return Apply(x, indices, Axes.Length(shape, 1, shape.Rank), shape.With(0, indices.Length), padding: 0f);
    }

    /// <summary>Rows of several leading dimensions, which the caller has checked.</summary>
    /// <param name="x">Rows one after the other, whatever its shape calls them.</param>
    /// <param name="indices">One row of x for each row of the result; -1 for a row of padding.</param>
    /// <param name="length">The elements of a row.</param>
    /// <param name="result">The shape of the result: indices.Length rows.</param>
    /// <param name="padding">The value of the elements of a row that x does not have.</param>
    public static Tensor Apply(Tensor x, ReadOnlySpan<int> indices, int length, in Shape result, float padding)
    {
        Debug.Assert(result.ElementCount == indices.Length * length);
        var op = Begin<GatherRowsOp>(x);
        if (op.rows.Length < indices.Length) op.rows = new int[indices.Length];
        indices.CopyTo(op.rows);
        op.count = indices.Length;
        op.length = length;
        Tensor y = op.NewOutput(result);
        RowLookup.Gather(x.Span, indices, length, padding, y.MutableSpan);
        return op.Record(y);
    }

    // dx[indices[i]] += dy[i]
    protected override void Backward() =>
        RowLookup.ScatterAdd(OutputGrad(), rows.AsSpan(0, count), length, InputGrad(0));

    [DoesNotReturn]
    private static void ThrowIndex(in Shape shape, int index, int position) =>
        throw new ArgumentOutOfRangeException(
            null, $"Tensor.GatherRows: index {index} at position {position} is not a row of {shape}.");
}
