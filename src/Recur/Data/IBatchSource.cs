namespace Recur.Data;

/// <summary>Hands a trainer the batches of each epoch.</summary>
/// <remarks>
/// So that a run can be resumed in the middle of an epoch, the order of an epoch may depend only on the epoch's number
/// and on what <see cref="BeginEpoch"/> draws from the generator, not on former epochs. A source may fill the same
/// tensors again for every batch: a batch is valid until the next call.
/// </remarks>
/// <typeparam name="TBatch">What the loss function takes, such as <see cref="Batch"/>.</typeparam>
public interface IBatchSource<out TBatch>
{
    /// <summary>The number of batches in the epoch that has begun, at least 1.</summary>
    int BatchCount { get; }

    /// <summary>Chooses the order of an epoch.</summary>
    /// <param name="epoch">The number of epochs before this one: 0 at first.</param>
    /// <param name="rng">Where to draw the order from.</param>
    void BeginEpoch(int epoch, Rng rng);

    /// <summary>The batch at a place of this epoch's order; nothing random may happen here.</summary>
    /// <param name="index">0 to <see cref="BatchCount"/> - 1.</param>
    TBatch GetBatch(int index);
}
