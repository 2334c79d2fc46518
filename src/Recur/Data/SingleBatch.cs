namespace Recur.Data;

/// <summary>One batch, the same in every epoch: for data small enough to be learnt as a whole.</summary>
/// <param name="batch">The batch.</param>
/// <typeparam name="TBatch">What the loss function takes.</typeparam>
public sealed class SingleBatch<TBatch>(TBatch batch) : IBatchSource<TBatch>
{
    /// <summary>1.</summary>
    public int BatchCount => 1;

    /// <summary>Does nothing: there is no order to choose.</summary>
    public void BeginEpoch(int epoch, Rng rng) { }

    /// <summary>The batch.</summary>
    public TBatch GetBatch(int index) => batch;
}
