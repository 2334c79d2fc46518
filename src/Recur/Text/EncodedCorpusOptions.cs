namespace Recur.Text;

/// <summary>How a text is held once it is encoded: <see cref="EncodedCorpus"/>.</summary>
public sealed record EncodedCorpusOptions
{
    /// <summary>Longer sentences (lines) are cut into several, in tokens; gensim cuts at 10,000 too.</summary>
    public int MaxSentenceLength { get; init; } = 10_000;

    /// <summary>Ids beyond so many bytes (4 for each token) go to a temporary file.</summary>
    public long MemoryBudget { get; init; } = 1L << 30;

    internal void Check()
    {
        if (MaxSentenceLength is < 1 or >= EncodedCorpus.ChunkLength)
            throw new ArgumentException($"EncodedCorpusOptions: MaxSentenceLength must be from 1 to "
                + $"{EncodedCorpus.ChunkLength - 1} but was {MaxSentenceLength}.");
        if (MemoryBudget < 0)
            throw new ArgumentException(
                $"EncodedCorpusOptions: MemoryBudget must be at least 0 bytes but was {MemoryBudget}.");
    }
}
