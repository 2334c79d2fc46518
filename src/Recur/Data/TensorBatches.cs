namespace Recur.Data;

/// <summary>Cuts two tensors into batches along their first dimension, in an order drawn anew for every
/// epoch.</summary>
/// <remarks>
/// Example i is <c>inputs[i]</c> with <c>targets[i]</c>, so batches suit modules with <c>batchFirst: true</c>. The
/// tensors of a batch are filled again for the next one; nothing is allocated after the first batch of each size.
/// </remarks>
public sealed class TensorBatches : IBatchSource<Batch>
{
    private readonly Tensor inputs;
    private readonly Tensor targets;
    private readonly int batchSize;
    private readonly bool shuffle;
    private readonly int[] order;
    private readonly Batch full;
    private readonly Batch last;

    /// <summary>Prepares batches.</summary>
    /// <param name="inputs">[number of examples, ...].</param>
    /// <param name="targets">[number of examples, ...].</param>
    /// <param name="batchSize">Examples per batch; the last batch holds the rest.</param>
    /// <param name="shuffle">Whether each epoch has an order of its own, instead of the order of the tensors.</param>
    /// <param name="dropLast">Whether a last batch of fewer examples is left out.</param>
    /// <exception cref="ArgumentException">No examples, another number of targets than of inputs, or a batch size below
    /// 1.</exception>
    public TensorBatches(Tensor inputs, Tensor targets, int batchSize, bool shuffle = true, bool dropLast = false)
    {
        if (inputs.Rank == 0) ShapeException.Throw("TensorBatches: inputs", "[number of examples, ...]", inputs.Shape);
        int count = inputs.Shape[0];
        if (targets.Rank == 0 || targets.Shape[0] != count)
            ShapeException.Throw("TensorBatches: targets", $"[{count}, ...] (as many as inputs)", targets.Shape);
        if (batchSize < 1)
            throw new ArgumentException($"TensorBatches: batchSize must be at least 1 but was {batchSize}.");
        int rest = count % batchSize;
        BatchCount = count / batchSize + (rest > 0 && !dropLast ? 1 : 0);
        if (BatchCount == 0)
            throw new ArgumentException(
                $"TensorBatches: {count} examples make no batch of " +
                $"{batchSize}{(dropLast ? " (dropLast is set)" : "")}.");
        this.inputs = inputs;
        this.targets = targets;
        this.batchSize = batchSize;
        this.shuffle = shuffle;
        order = new int[count];
        for (int i = 0; i < count; i++) order[i] = i;
        full = count >= batchSize ? NewBatch(batchSize) : default;
        last = rest > 0 ? NewBatch(rest) : full;
    }

    /// <summary>The number of batches in an epoch.</summary>
    public int BatchCount { get; }

    /// <summary>Draws the epoch's order when shuffling.</summary>
    public void BeginEpoch(int epoch, Rng rng)
    {
        ArgumentNullException.ThrowIfNull(rng);
        if (shuffle) rng.FillPermutation(order);
    }

    /// <summary>The batch at a place of this epoch's order; valid until the next call.</summary>
    public Batch GetBatch(int index)
    {
        int start = index * batchSize;
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, BatchCount);
        Batch batch = start + batchSize <= order.Length ? full : last;
        ReadOnlySpan<int> examples = order.AsSpan(start, Math.Min(batchSize, order.Length - start));
        Gather(inputs, examples, batch.Input);
        Gather(targets, examples, batch.Target);
        return batch;
    }

    private Batch NewBatch(int size) =>
        new(Tensor.Zeros(inputs.Shape.With(0, size)), Tensor.Zeros(targets.Shape.With(0, size)));

    private static void Gather(Tensor source, ReadOnlySpan<int> examples, Tensor destination)
    {
        ReadOnlySpan<float> from = source.Span;
        Span<float> to = destination.MutableSpan;
        int length = to.Length / examples.Length;
        for (int i = 0; i < examples.Length; i++) from.Slice(examples[i] * length, length).CopyTo(to[(i * length)..]);
    }
}
