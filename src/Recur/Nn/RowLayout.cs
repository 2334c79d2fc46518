namespace Recur.Nn;

/// <summary>Where the steps of sequences stand: step t of sequence n is row Sequences[n] + Steps[t].</summary>
/// <remarks>
/// The three layouts differ in these two lists alone, so one gather takes any of them to any other:
/// <code>
/// padded   t·N + n, or n·T + t with the batch first
/// joined   (length of all sequences before n) + t
/// packed   (rows of all steps before t) + (position of n by descending length)
/// </code>
/// </remarks>
internal readonly record struct RowLayout(int[] Sequences, int[] Steps)
{
    /// <summary>A batch [T, N, ...], or [N, T, ...] with the batch first.</summary>
    public static RowLayout Padded(int steps, int n, bool batchFirst) =>
        new(Multiples(batchFirst ? steps : 1, n), Multiples(batchFirst ? 1 : n, steps));

    /// <summary>One sequence after the other.</summary>
    public static RowLayout Joined(ReadOnlySpan<int> lengths)
    {
        int[] starts = new int[lengths.Length];
        int rows = 0, longest = 0;
        for (int n = 0; n < lengths.Length; n++)
        {
            starts[n] = rows;
            rows = checked(rows + lengths[n]);
            longest = Math.Max(longest, lengths[n]);
        }

        return new RowLayout(starts, Multiples(1, longest));
    }

    /// <summary>For each of <paramref name="count"/> rows of this layout the row of <paramref name="source"/> that
    /// comes there, or -1 where no sequence has a step.</summary>
    public int[] RowsFrom(RowLayout source, ReadOnlySpan<int> lengths, int count)
    {
        int[] rows = new int[count];
        Array.Fill(rows, -1);
        for (int n = 0; n < lengths.Length; n++)
            for (int t = 0; t < lengths[n]; t++)
                rows[Sequences[n] + Steps[t]] = source.Sequences[n] + source.Steps[t];
        return rows;
    }

    private static int[] Multiples(int stride, int count)
    {
        int[] values = new int[count];
        for (int i = 0; i < count; i++) values[i] = i * stride;
        return values;
    }
}
