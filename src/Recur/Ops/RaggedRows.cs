using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace Recur.Ops;

/// <summary>The order in which sequences of different lengths are worked through: longest first, so that those
/// that still run at a step are the first ones.</summary>
/// <remarks>
/// Of N sequences in T steps only the rows (t, n) with t &lt; lengths[n] exist. Packed they stand step by step, and
/// within a step in sorted order: step t of sequence sorted[j] is packed row offsets[t] + j, for j &lt; batchSizes[t].
/// Nothing here allocates.
/// </remarks>
internal static class RaggedRows
{
    /// <summary>Throws unless there is one length, from 0 to T, for each of the N sequences.</summary>
    /// <param name="caller">Who complains, such as <c>Lstm.Forward</c>.</param>
    /// <param name="lengths">The steps of every sequence.</param>
    /// <param name="n">N.</param>
    /// <param name="steps">T.</param>
    public static void Check(string caller, ReadOnlySpan<int> lengths, int n, int steps)
    {
        if (lengths.Length != n) ThrowCount(caller, n, lengths.Length);
        for (int i = 0; i < lengths.Length; i++)
            if ((uint)lengths[i] > (uint)steps) ThrowLength(caller, i, steps, lengths[i]);
    }

    /// <summary>Sorts the sequences longest first, those of equal length in the given order; O(N + T).</summary>
    /// <param name="lengths">[N] the steps of every sequence, each in 0..T.</param>
    /// <param name="sorted">[N] out: the sequences' numbers, longest first.</param>
    /// <param name="batchSizes">[T] out: how many sequences have step t; they are the first ones of sorted.</param>
    /// <param name="offsets">[T+1] out: the packed rows before step t; the last one is the number of all rows.</param>
    /// <returns>The length of the longest sequence; batch sizes from there on are 0.</returns>
    public static int Plan(ReadOnlySpan<int> lengths, Span<int> sorted, Span<int> batchSizes, Span<int> offsets)
    {
        int steps = batchSizes.Length;
        Debug.Assert(sorted.Length == lengths.Length && offsets.Length == steps + 1);
        batchSizes.Clear();
        int longest = 0;
        foreach (int length in lengths)
        {
            if (length > 0) batchSizes[length - 1]++;
            longest = Math.Max(longest, length);
        }

        for (int t = longest - 2; t >= 0; t--) batchSizes[t] += batchSizes[t + 1];

        // A counting sort: sequences of length l stand behind the batchSizes[l] longer ones. The counters borrow the
        // place of the offsets.
        batchSizes.CopyTo(offsets);
        offsets[steps] = 0;
        for (int n = 0; n < lengths.Length; n++) sorted[offsets[lengths[n]]++] = n;

        offsets[0] = 0;
        for (int t = 0; t < steps; t++) offsets[t + 1] = checked(offsets[t] + batchSizes[t]);
        return longest;
    }

    /// <summary>The positions that sequences have in an order: inverse[order[j]] = j.</summary>
    public static void Invert(ReadOnlySpan<int> order, Span<int> inverse)
    {
        for (int j = 0; j < order.Length; j++) inverse[order[j]] = j;
    }

    [DoesNotReturn]
    private static void ThrowCount(string caller, int n, int actual) => throw new ArgumentException(
        $"{caller}: lengths must have {n} values (N = {n}) but had {actual}.");

    [DoesNotReturn]
    private static void ThrowLength(string caller, int index, int steps, int actual) =>
        throw new ArgumentOutOfRangeException(null,
            $"{caller}: lengths[{index}] must be in 0..{steps} (T = {steps}) but was {actual}.");
}
