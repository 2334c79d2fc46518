namespace Recur.Data;

/// <summary>How a <see cref="DataLoader{TBatch}"/> orders and prepares its batches.</summary>
public sealed record DataLoaderOptions
{
    // ---- Order ----

    /// <summary>Whether every epoch has an order of its own, instead of that of the data set.</summary>
    public bool Shuffle { get; init; } = true;

    /// <summary>Whether a last batch of fewer examples is left out.</summary>
    public bool DropLast { get; init; }

    /// <summary>Where above 0, examples of like length come into one batch, so that there is less padding: so many
    /// batches' worth of shuffled examples are sorted by length, cut into batches, and the batches shuffled. With more
    /// of them there is less padding and less chance. 0 leaves the order as it is.</summary>
    public int BucketBatches { get; init; }

    // ---- Preparation ----

    /// <summary>Threads that prepare batches ahead; 0 prepares a batch when it is asked for. The batches are the same
    /// for any number.</summary>
    public int Threads { get; init; }

    /// <summary>With threads, how many batches are prepared ahead at most.</summary>
    public int Prefetch { get; init; } = 2;

    internal void Check()
    {
        Require(BucketBatches, 0, nameof(BucketBatches));
        Require(Threads, 0, nameof(Threads));
        Require(Prefetch, 1, nameof(Prefetch));
    }

    private static void Require(int value, int least, string name)
    {
        if (value < least)
            throw new ArgumentException($"DataLoaderOptions.{name} must be at least {least} but was {value}.");
    }
}
