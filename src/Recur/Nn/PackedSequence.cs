namespace Recur.Nn;

/// <summary>Sequences of different lengths without padding, step by step, as
/// torch.nn.utils.rnn.PackedSequence.</summary>
/// <remarks>
/// First the step 0 of all sequences, the longest sequence first, then the step 1 of those that have one, and so on.
/// Sequences of equal length keep their given order; of an empty one there is no row, but its number is in
/// <see cref="SortedIndices"/>. Made by <see cref="Sequences.Pack"/> and <see cref="Sequences.PackPadded"/>.
/// <code>
/// sequences           a b c | d | e f          lengths 3 1 2
/// Data                a e d b f c              BatchSizes 3 2 1
/// SortedIndices       0 2 1                    UnsortedIndices 0 2 1
/// </code>
/// </remarks>
public sealed class PackedSequence
{
    private readonly PackedOrder order;

    internal PackedSequence(Tensor data, PackedOrder order)
    {
        Data = data;
        this.order = order;
    }

    /// <summary>The steps of all sequences: [sum of <see cref="Lengths"/>, ...].</summary>
    public Tensor Data { get; }

    /// <summary>The number of sequences, N.</summary>
    public int Count => order.Lengths.Length;

    /// <summary>The steps of every sequence, in the original order: [N].</summary>
    public ReadOnlySpan<int> Lengths => order.Lengths;

    /// <summary>How many sequences have step t, for every step of the longest one: [T].</summary>
    public ReadOnlySpan<int> BatchSizes => order.BatchSizes;

    /// <summary>The number, in the original order, of the longest sequence, of the next one, ...: [N].</summary>
    public ReadOnlySpan<int> SortedIndices => order.Sorted;

    /// <summary>Where each sequence stands in <see cref="SortedIndices"/>: [N].</summary>
    public ReadOnlySpan<int> UnsortedIndices => order.Unsorted;

    /// <summary>The same sequences with other values, such as a module's output for <see cref="Data"/>.</summary>
    /// <param name="data">One row for each row of Data: [sum of <see cref="Lengths"/>, ...].</param>
    /// <exception cref="ShapeException">Another number of rows.</exception>
    public PackedSequence WithData(Tensor data)
    {
        Shape shape = data.Shape;
        if (shape.Rank == 0 || shape[0] != order.Count)
            ShapeException.Throw(
                "PackedSequence.WithData: data", $"[{order.Count}, ...] (the sum of Lengths = {order.Count})", shape);
        return new PackedSequence(data, order);
    }

    internal RowLayout Layout => order.Layout;
}
