using System.Diagnostics.CodeAnalysis;
using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>y[i] = x[indices[i]] along the leading dimension: the look-up of an embedding.</summary>
internal sealed class GatherRowsOp : Node
{
    private int[] rows = []; // kept with the pooled node, so that a step of fixed shape allocates nothing
    private int count;

    public static Tensor Apply(Tensor x, ReadOnlySpan<int> indices)
    {
        Shape shape = x.Shape;
        if (shape.Rank == 0) ShapeException.Throw("Tensor.GatherRows: the tensor", "of at least one dimension", shape);
        for (int i = 0; i < indices.Length; i++)
            if ((uint)indices[i] >= (uint)shape[0]) ThrowIndex(shape, indices[i], i);

        var op = Begin<GatherRowsOp>(x);
        if (op.rows.Length < indices.Length) op.rows = new int[indices.Length];
        indices.CopyTo(op.rows);
        op.count = indices.Length;
        Tensor y = op.NewOutput(shape.With(0, indices.Length));
        RowLookup.Gather(x.Span, indices, Axes.Length(shape, 1, shape.Rank), y.MutableSpan);
        return op.Record(y);
    }

    // dx[indices[i]] += dy[i]
    protected override void Backward()
    {
        Shape shape = Input(0).Shape;
        RowLookup.ScatterAdd(OutputGrad(), rows.AsSpan(0, count), Axes.Length(shape, 1, shape.Rank), InputGrad(0));
    }

    [DoesNotReturn]
    private static void ThrowIndex(in Shape shape, int index, int position) => throw new ArgumentOutOfRangeException(null,
        $"Tensor.GatherRows: index {index} at position {position} is not a row of {shape}.");
}
