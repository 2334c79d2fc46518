namespace Recur.Data;

/// <summary>Examples by number, and how a batch is made of some of them; what <see cref="DataLoader{TBatch}"/> loads
/// from.</summary>
/// <remarks>Several threads may collate at once, so nothing of the data set changes, and nothing random happens
/// here.</remarks>
/// <typeparam name="TBatch">What the loss function takes, such as <see cref="Batch"/>.</typeparam>
public interface IDataset<out TBatch>
{
    /// <summary>The number of examples.</summary>
    int Count { get; }

    /// <summary>The time steps of an example, by which batches of like length are put together; 1 where there are
    /// none.</summary>
    int LengthOf(int example);

    /// <summary>Makes a batch.</summary>
    /// <param name="examples">Numbers of examples, in their order in the batch.</param>
    /// <param name="memory">Where its tensors come from.</param>
    TBatch Collate(ReadOnlySpan<int> examples, BatchMemory memory);
}
