namespace Recur.Data;

/// <summary>A batch of sequences of different lengths.</summary>
/// <param name="Input">[T, N, ...], T being the longest sequence of the batch, or [N, T, ...] with the batch
/// first.</param>
/// <param name="Target">Likewise [T, N, ...] with a target for every step, else [N, ...].</param>
/// <param name="Lengths">[N] the steps of every sequence: give it to the recurrent layer.</param>
/// <param name="Mask">[T, N], or [N, T] with the batch first: 1 where a step exists and 0 in the padding.</param>
public readonly record struct SequenceBatch(Tensor Input, Tensor Target, int[] Lengths, Tensor Mask);

/// <summary>Sequences of different lengths with a target each, or one for every step.</summary>
/// <remarks>
/// <code>
/// var loader = new DataLoader&lt;SequenceBatch&gt;(
///     new SequenceDataset(inputs, targets), batchSize: 32, new DataLoaderOptions { BucketBatches = 20 });
/// var trainer = new Trainer&lt;SequenceBatch&gt;(model, optimizer,
///     batch =>
///     {
///         (_, LstmState state) = lstm.Forward(batch.Input, lengths: batch.Lengths);
///         return Losses.Mse(head.Forward(state.H.Select(0, 0)), batch.Target);
///     }, options);
/// </code>
/// </remarks>
public sealed class SequenceDataset : IDataset<SequenceBatch>
{
    private readonly Tensor[] inputs, targets;
    private readonly bool targetPerStep, batchFirst;
    private readonly float inputPadding, targetPadding;
    private readonly int inputWidth, targetWidth;

    /// <summary>Keeps the sequences; they are not copied.</summary>
    /// <param name="inputs">Each [length, ...] with the same dimensions behind; at least one.</param>
    /// <param name="targets">As many: each [length, ...] with <paramref name="targetPerStep"/>, else of one
    /// shape.</param>
    /// <param name="targetPerStep">Whether every step has a target.</param>
    /// <param name="batchFirst">Whether batches are [N, T, ...].</param>
    /// <param name="inputPadding">What stands behind the end of an input.</param>
    /// <param name="targetPadding">What stands behind the end of a target, such as the class that a loss
    /// ignores.</param>
    /// <exception cref="ArgumentException">No sequences, or another number of targets.</exception>
    /// <exception cref="ShapeException">A sequence has other dimensions than the first one, or a target another
    /// length.</exception>
    public SequenceDataset(
        IReadOnlyList<Tensor> inputs, IReadOnlyList<Tensor> targets, bool targetPerStep = false,
        bool batchFirst = false, float inputPadding = 0f, float targetPadding = 0f)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(targets);
        if (inputs.Count == 0) throw new ArgumentException("SequenceDataset: there are no sequences.");
        if (targets.Count != inputs.Count)
            throw new ArgumentException(
                $"SequenceDataset: {inputs.Count} inputs need as many targets but there are {targets.Count}.");
        this.inputs = [.. inputs];
        this.targets = [.. targets];
        (this.targetPerStep, this.batchFirst) = (targetPerStep, batchFirst);
        (this.inputPadding, this.targetPadding) = (inputPadding, targetPadding);
        for (int i = 0; i < inputs.Count; i++)
        {
            Shape input = inputs[i].Shape, target = targets[i].Shape;
            if (input.Rank == 0 || input.With(0, 0) != inputs[0].Shape.With(0, 0))
                ShapeException.Throw(
                    $"SequenceDataset: inputs[{i}]",
                    i == 0 ? "[length, ...]" : $"{inputs[0].Shape} (as the first one) but for its length", input);
            Shape first = targets[0].Shape, expected = first;
            if (targetPerStep) expected = first.Rank == 0 ? [input[0]] : first.With(0, input[0]);
            if (target != expected) ShapeException.Throw($"SequenceDataset: targets[{i}]", $"{expected}", target);
        }

        inputWidth = WidthOf(inputs[0].Shape, from: 1);
        targetWidth = WidthOf(targets[0].Shape, from: targetPerStep ? 1 : 0);
    }

    /// <summary>The number of sequences.</summary>
    public int Count => inputs.Length;

    /// <summary>The steps of a sequence.</summary>
    public int LengthOf(int example) => inputs[example].Shape[0];

    /// <summary>Puts sequences side by side and fills up the shorter ones.</summary>
    public SequenceBatch Collate(ReadOnlySpan<int> examples, BatchMemory memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        int n = examples.Length, steps = 1; // a recurrent layer wants one at least
        int[] lengths = memory.Integers(0, n);
        for (int i = 0; i < n; i++)
        {
            lengths[i] = LengthOf(examples[i]);
            steps = Math.Max(steps, lengths[i]);
        }

        Tensor mask = memory.Tensor(2, batchFirst ? [n, steps] : [steps, n]);
        Span<float> exists = mask.MutableSpan;
        for (int i = 0; i < n; i++)
            for (int t = 0; t < steps; t++) exists[batchFirst ? i * steps + t : t * n + i] = t < lengths[i] ? 1f : 0f;
        Tensor input = Pad(inputs, examples, lengths, memory, 0, steps, inputWidth, inputPadding);
        if (targetPerStep)
        {
            Tensor padded = Pad(targets, examples, lengths, memory, 1, steps, targetWidth, targetPadding);
            return new SequenceBatch(input, padded, lengths, mask);
        }

        Tensor target = memory.Tensor(1, Prepend(targets[0].Shape.AsSpan(), n));
        for (int i = 0; i < n; i++)
            targets[examples[i]].Span.CopyTo(target.MutableSpan[(i * targetWidth)..]);
        return new SequenceBatch(input, target, lengths, mask);
    }

    private Tensor Pad(
        Tensor[] sequences, ReadOnlySpan<int> examples, int[] lengths, BatchMemory memory, int number, int steps,
        int width, float padding)
    {
        int n = examples.Length;
        ReadOnlySpan<int> features = sequences[0].Shape.AsSpan()[1..];
        Tensor batch = memory.Tensor(number, batchFirst ? Prepend(features, n, steps) : Prepend(features, steps, n));
        Span<float> to = batch.MutableSpan;
        for (int i = 0; i < n; i++)
        {
            ReadOnlySpan<float> from = sequences[examples[i]].Span;
            for (int t = 0; t < steps; t++)
            {
                Span<float> row = to.Slice((batchFirst ? i * steps + t : t * n + i) * width, width);
                if (t < lengths[i]) from.Slice(t * width, width).CopyTo(row);
                else row.Fill(padding);
            }
        }

        return batch;
    }

    private static Shape Prepend(ReadOnlySpan<int> dimensions, params ReadOnlySpan<int> before)
    {
        Span<int> all = stackalloc int[before.Length + dimensions.Length];
        before.CopyTo(all);
        dimensions.CopyTo(all[before.Length..]);
        return new Shape(all);
    }

    private static int WidthOf(Shape shape, int from)
    {
        int width = 1;
        for (int i = from; i < shape.Rank; i++) width *= shape[i];
        return width;
    }
}
