using System.Diagnostics.CodeAnalysis;
using Recur.Ops;

namespace Recur.Nn;

/// <summary>Batches of sequences of different lengths: padded, packed, and back, as torch.nn.utils.rnn.</summary>
/// <remarks>
/// A padded batch is [T, N, ...] with T steps and N sequences, or [N, T, ...] with the batch first; the dimensions
/// behind, any number of them, are the features of a step. Sequence n has lengths[n] steps, 0 to T; what stands behind
/// them is padding. Padding is never read: it may hold anything, NaN too, and its gradient is 0. All results are
/// differentiable. Unlike in PyTorch a sequence may be empty, and the lengths need no order.
/// </remarks>
public static class Sequences
{
    /// <summary>The number of steps of every sequence, the size of its leading dimension.</summary>
    /// <param name="sequences">Each [length, ...].</param>
    /// <exception cref="ShapeException">A scalar.</exception>
    public static int[] Lengths(IReadOnlyList<Tensor> sequences) => Lengths("Sequences.Lengths", sequences);

    /// <summary>Sequences side by side, the shorter ones filled up, as torch.nn.utils.rnn.pad_sequence.</summary>
    /// <remarks><see cref="Lengths(IReadOnlyList{Tensor})"/> gives the lengths that a recurrent layer takes
    /// besides.</remarks>
    /// <param name="sequences">At least one, each [length, ...] with the same features.</param>
    /// <param name="batchFirst">Whether the result is [N, T, ...].</param>
    /// <param name="paddingValue">What stands behind the end of a sequence.</param>
    /// <returns>[T, N, ...] with the T of the longest sequence.</returns>
    /// <exception cref="ArgumentException">No sequences.</exception>
    /// <exception cref="ShapeException">Sequences with different features, or a scalar.</exception>
    public static Tensor Pad(IReadOnlyList<Tensor> sequences, bool batchFirst = false, float paddingValue = 0f)
    {
        Tensor joined = Join("Sequences.Pad", sequences, out int[] lengths);
        return ToPadded(joined, lengths, RowLayout.Joined(lengths), lengths.Max(), batchFirst, paddingValue);
    }

    /// <summary>The sequences of a padded batch, as torch.nn.utils.rnn.unpad_sequence.</summary>
    /// <param name="padded">[T, N, ...], or [N, T, ...] with <paramref name="batchFirst"/>.</param>
    /// <param name="lengths">[N] the steps of every sequence, 0 to T.</param>
    /// <param name="batchFirst">Whether padded is [N, T, ...].</param>
    /// <returns>N tensors, each [length, ...].</returns>
    /// <exception cref="ShapeException">Fewer than two dimensions.</exception>
    /// <exception cref="ArgumentException">Not N lengths, or one outside 0..T.</exception>
    public static Tensor[] Unpad(Tensor padded, ReadOnlySpan<int> lengths, bool batchFirst = false)
    {
        RowLayout source = CheckPadded("Sequences.Unpad", padded, lengths, batchFirst);
        var joined = RowLayout.Joined(lengths);
        Tensor rows = ToRows(padded, 2, lengths, source, joined);
        var sequences = new Tensor[lengths.Length];
        for (int n = 0; n < lengths.Length; n++) sequences[n] = rows.Slice(0, joined.Sequences[n], lengths[n]);
        return sequences;
    }

    /// <summary>The steps of a padded batch that exist, as torch.nn.utils.rnn.pack_padded_sequence with
    /// enforce_sorted=False.</summary>
    /// <param name="padded">[T, N, ...], or [N, T, ...] with <paramref name="batchFirst"/>.</param>
    /// <param name="lengths">[N] the steps of every sequence, 0 to T, in any order.</param>
    /// <param name="batchFirst">Whether padded is [N, T, ...].</param>
    /// <exception cref="ShapeException">Fewer than two dimensions.</exception>
    /// <exception cref="ArgumentException">Not N lengths, or one outside 0..T.</exception>
    public static PackedSequence PackPadded(Tensor padded, ReadOnlySpan<int> lengths, bool batchFirst = false)
    {
        RowLayout source = CheckPadded("Sequences.PackPadded", padded, lengths, batchFirst);
        var order = new PackedOrder(lengths);
        return new PackedSequence(ToRows(padded, 2, lengths, source, order.Layout), order);
    }

    /// <summary>A packed batch with padding again, as torch.nn.utils.rnn.pad_packed_sequence.</summary>
    /// <remarks>The second result there, the lengths, is <see cref="PackedSequence.Lengths"/>.</remarks>
    /// <param name="packed">N sequences.</param>
    /// <param name="batchFirst">Whether the result is [N, T, ...].</param>
    /// <param name="paddingValue">What stands behind the end of a sequence.</param>
    /// <param name="totalLength">T; the longest sequence's when null.</param>
    /// <returns>[T, N, ...], the sequences in their original order.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The total length is less than a sequence's.</exception>
    public static Tensor PadPacked(
        PackedSequence packed, bool batchFirst = false, float paddingValue = 0f, int? totalLength = null)
    {
        ArgumentNullException.ThrowIfNull(packed);
        int steps = Steps("Sequences.PadPacked: totalLength", totalLength, packed.BatchSizes.Length);
        return ToPadded(packed.Data, packed.Lengths, packed.Layout, steps, batchFirst, paddingValue);
    }

    /// <summary>Sequences packed, as torch.nn.utils.rnn.pack_sequence with enforce_sorted=False.</summary>
    /// <param name="sequences">At least one, each [length, ...] with the same features, in any order.</param>
    /// <exception cref="ArgumentException">No sequences.</exception>
    /// <exception cref="ShapeException">Sequences with different features, or a scalar.</exception>
    public static PackedSequence Pack(IReadOnlyList<Tensor> sequences)
    {
        Tensor joined = Join("Sequences.Pack", sequences, out int[] lengths);
        var order = new PackedOrder(lengths);
        return new PackedSequence(ToRows(joined, 1, lengths, RowLayout.Joined(lengths), order.Layout), order);
    }

    /// <summary>1 where a step exists and 0 where there is padding; torch has no function for it, one writes
    /// arange(T)[:, None] &lt; lengths.</summary>
    /// <remarks>A mask takes a loss off padding where the loss is finite: 0 times NaN is NaN.</remarks>
    /// <param name="lengths">[N] the steps of every sequence.</param>
    /// <param name="maxLength">T; the longest sequence's when null.</param>
    /// <param name="batchFirst">Whether the result is [N, T].</param>
    /// <returns>[T, N].</returns>
    /// <exception cref="ArgumentOutOfRangeException">A negative length, or one above the given T.</exception>
    public static Tensor Mask(ReadOnlySpan<int> lengths, int? maxLength = null, bool batchFirst = false)
    {
        int longest = 0, rows = 0;
        for (int n = 0; n < lengths.Length; n++)
        {
            if (lengths[n] < 0) ThrowNegative(n, lengths[n]);
            longest = Math.Max(longest, lengths[n]);
            rows = checked(rows + lengths[n]);
        }

        int steps = Steps("Sequences.Mask: maxLength", maxLength, longest);
        return ToPadded(Tensor.Ones([rows]), lengths, RowLayout.Joined(lengths), steps, batchFirst, paddingValue: 0f);
    }

    /// <summary>Rows [rows, ...] from any layout to a padded batch.</summary>
    private static Tensor ToPadded(
        Tensor rows, ReadOnlySpan<int> lengths, RowLayout source, int steps, bool batchFirst, float paddingValue)
    {
        int n = lengths.Length;
        Shape shape = rows.Shape;
        Shape result = batchFirst ? new([n, steps, .. shape.AsSpan()[1..]]) : new([steps, n, .. shape.AsSpan()[1..]]);
        int[] moves = RowLayout.Padded(steps, n, batchFirst).RowsFrom(source, lengths, checked(n * steps));
        return GatherRowsOp.Apply(rows, moves, Axes.Length(shape, 1, shape.Rank), result, paddingValue);
    }

    /// <summary>The steps that exist, from any layout to rows [rows, ...]; the features of x begin at dimension
    /// <paramref name="leading"/>.</summary>
    private static Tensor ToRows(
        Tensor x, int leading, ReadOnlySpan<int> lengths, RowLayout source, RowLayout target)
    {
        int count = 0;
        foreach (int length in lengths) count += length;
        Shape shape = x.Shape;
        int[] moves = target.RowsFrom(source, lengths, count);
        return GatherRowsOp.Apply(
            x, moves, Axes.Length(shape, leading, shape.Rank), new([count, .. shape.AsSpan()[leading..]]), padding: 0f);
    }

    private static Tensor Join(string caller, IReadOnlyList<Tensor> sequences, out int[] lengths)
    {
        lengths = Lengths(caller, sequences);
        if (lengths.Length == 0) ThrowNone(caller);
        Tensor[] all = [.. sequences];
        Shape first = all[0].Shape;
        for (int n = 1; n < all.Length; n++)
        {
            Shape shape = all[n].Shape;
            if (!shape.AsSpan()[1..].SequenceEqual(first.AsSpan()[1..]))
                ShapeException.Throw(
                    $"{caller}: sequence {n}", $"{first} (sequence 0) but for dimension 0", shape);
        }

        return Tensor.Concat(all);
    }

    private static int[] Lengths(string caller, IReadOnlyList<Tensor> sequences)
    {
        ArgumentNullException.ThrowIfNull(sequences);
        int[] lengths = new int[sequences.Count];
        for (int n = 0; n < lengths.Length; n++)
        {
            Shape shape = sequences[n].Shape;
            if (shape.Rank == 0) ShapeException.Throw($"{caller}: sequence {n}", "[length, ...]", shape);
            lengths[n] = shape[0];
        }

        return lengths;
    }

    private static RowLayout CheckPadded(string caller, Tensor padded, ReadOnlySpan<int> lengths, bool batchFirst)
    {
        Shape shape = padded.Shape;
        if (shape.Rank < 2)
            ShapeException.Throw($"{caller}: padded", batchFirst ? "[N, T, ...]" : "[T, N, ...]", shape);
        (int steps, int n) = batchFirst ? (shape[1], shape[0]) : (shape[0], shape[1]);
        RaggedRows.Check(caller, lengths, n, steps);
        return RowLayout.Padded(steps, n, batchFirst);
    }

    private static int Steps(string subject, int? asked, int longest)
    {
        if (asked < longest) ThrowTooShort(subject, longest, asked.Value);
        return asked ?? longest;
    }

    [DoesNotReturn]
    private static void ThrowNone(string caller) =>
        throw new ArgumentException($"{caller}: at least one sequence is needed but none came.");

    [DoesNotReturn]
    private static void ThrowNegative(int n, int length) =>
        throw new ArgumentOutOfRangeException(
            null, $"Sequences.Mask: lengths[{n}] must not be negative but was {length}.");

    [DoesNotReturn]
    private static void ThrowTooShort(string subject, int longest, int asked) =>
        throw new ArgumentOutOfRangeException(
            null, $"{subject} must be at least {longest} (the longest sequence) but was {asked}.");
}
