using Recur.Ops;

namespace Recur.Nn;

/// <summary>Which row of a <see cref="PackedSequence"/> is which step of which sequence.</summary>
internal sealed class PackedOrder
{
    public readonly int[] Lengths, BatchSizes, Sorted, Unsorted;
    private readonly int[] offsets;

    /// <summary>The order of sequences whose lengths have been checked.</summary>
    public PackedOrder(ReadOnlySpan<int> lengths)
    {
        int longest = 0;
        foreach (int length in lengths) longest = Math.Max(longest, length);
        Lengths = lengths.ToArray();
        BatchSizes = new int[longest];
        Sorted = new int[lengths.Length];
        Unsorted = new int[lengths.Length];
        offsets = new int[longest + 1];
        RaggedRows.Plan(lengths, Sorted, BatchSizes, offsets);
        RaggedRows.Invert(Sorted, Unsorted);
    }

    /// <summary>The number of rows: the sum of the lengths.</summary>
    public int Count => offsets[^1];

    /// <summary>Where each step of each sequence stands.</summary>
    public RowLayout Layout => new(Unsorted, offsets);
}
