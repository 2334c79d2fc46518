namespace Recur.Text;

/// <summary>How word vectors are evaluated; defaults as gensim's.</summary>
public sealed record WordVectorEvaluation
{
    /// <summary>Only so many words from the first row on take part, which mostly are the most frequent; null:
    /// all.</summary>
    public int? RestrictVocabulary { get; init; } = 300_000;

    /// <summary>Whether <c>Paris</c> and <c>paris</c> are the same word; of several, the first row is taken.</summary>
    public bool IgnoreCase { get; init; } = true;

    /// <summary>Whether what has no vector counts as similarity 0, or as a wrong answer, instead of being left
    /// out.</summary>
    public bool CountUnknown { get; init; }

    internal void Check()
    {
        if (RestrictVocabulary < 1)
            throw new ArgumentException(
                $"WordVectorEvaluation: RestrictVocabulary must be at least 1 but was {RestrictVocabulary}.");
    }
}
