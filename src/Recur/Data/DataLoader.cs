namespace Recur.Data;

/// <summary>Batches of a data set, shuffled anew for every epoch, if wished of like length, and prepared ahead by
/// threads; as torch.utils.data.DataLoader.</summary>
/// <remarks>
/// <para>The order of an epoch is drawn by <see cref="BeginEpoch"/> from the generator it gets, and by nothing else:
/// with the same seed the batches are the same bits for any number of threads, and a <see
/// cref="Training.Trainer{TBatch}"/> that is resumed in the middle of an epoch goes on with the batch it would have
/// come to.</para>
/// <para>A batch is valid until the next call. It is filled into memory that is used again, so nothing is allocated
/// once every shape has come. One thread takes the batches; dispose the loader to end its own threads.</para>
/// </remarks>
/// <typeparam name="TBatch">What the data set makes.</typeparam>
public sealed class DataLoader<TBatch> : IBatchSource<TBatch>, IDisposable
{
    private readonly IDataset<TBatch> dataset;
    private readonly DataLoaderOptions options;
    private readonly int batchSize;
    private readonly int[] order;
    private readonly long[] keys;          // for buckets
    private readonly int[] batchOrder;     // for buckets: which batch comes at a place
    private readonly BatchMemory memory = new();
    private readonly Prefetcher<TBatch>? prefetcher;

    /// <summary>Prepares loading.</summary>
    /// <param name="dataset">The examples.</param>
    /// <param name="batchSize">Examples per batch; the last batch holds the rest.</param>
    /// <param name="options">What differs from the defaults.</param>
    /// <exception cref="ArgumentException">No examples, a batch size below 1, or an option out of its
    /// range.</exception>
    public DataLoader(IDataset<TBatch> dataset, int batchSize, DataLoaderOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        this.dataset = dataset;
        this.options = options ?? new DataLoaderOptions();
        this.options.Check();
        if (batchSize < 1)
            throw new ArgumentException($"DataLoader: batchSize must be at least 1 but was {batchSize}.");
        this.batchSize = batchSize;
        int count = dataset.Count, rest = count % batchSize;
        BatchCount = count / batchSize + (rest > 0 && !this.options.DropLast ? 1 : 0);
        if (BatchCount == 0)
            throw new ArgumentException(
                $"DataLoader: {count} examples make no batch of " +
                $"{batchSize}{(this.options.DropLast ? " (DropLast is set)" : "")}.");
        order = new int[count];
        batchOrder = new int[BatchCount];
        keys = this.options.BucketBatches > 0 ? new long[count] : [];
        Number(order);
        Number(batchOrder);
        if (this.options.Threads > 0)
            prefetcher = new Prefetcher<TBatch>(Collate, BatchCount, this.options.Threads, this.options.Prefetch);
    }

    /// <summary>The number of batches in an epoch.</summary>
    public int BatchCount { get; }

    /// <summary>Draws the order of an epoch.</summary>
    public void BeginEpoch(int epoch, Rng rng)
    {
        ArgumentNullException.ThrowIfNull(rng);
        prefetcher?.Stop();
        if (options.Shuffle) rng.FillPermutation(order);
        if (options.BucketBatches > 0)
        {
            if (!options.Shuffle) Number(order);
            SortBuckets();
            // The last batch may be a short one; wherever it comes, it holds what is left.
            if (options.Shuffle) rng.FillPermutation(batchOrder);
        }

        prefetcher?.Start();
    }

    /// <summary>The batch at a place of this epoch's order; valid until the next call.</summary>
    public TBatch GetBatch(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, BatchCount);
        return prefetcher is null ? Collate(index, memory) : prefetcher.Take(index);
    }

    /// <summary>The examples of the batch at a place of this epoch's order.</summary>
    public ReadOnlySpan<int> ExamplesOf(int index)
    {
        int start = batchOrder[index] * batchSize;
        return order.AsSpan(start, Math.Min(batchSize, order.Length - start));
    }

    /// <summary>Ends the threads.</summary>
    public void Dispose() => prefetcher?.Dispose();

    private TBatch Collate(int index, BatchMemory target) => dataset.Collate(ExamplesOf(index), target);

    private void SortBuckets()
    {
        // Length first, place second: equal lengths keep their shuffled order, whatever the sort does.
        for (int i = 0; i < order.Length; i++) keys[i] = (long)dataset.LengthOf(order[i]) << 32 | (uint)i;
        int bucket = (int)Math.Min(order.Length, (long)options.BucketBatches * batchSize);
        for (int start = 0; start < order.Length; start += bucket)
        {
            int count = Math.Min(bucket, order.Length - start);
            Array.Sort(keys, order, start, count);
        }
    }

    private static void Number(int[] numbers)
    {
        for (int i = 0; i < numbers.Length; i++) numbers[i] = i;
    }
}
