namespace Recur.Text;

/// <summary>How a pair of words is judged.</summary>
public enum PhraseScoring
{
    /// <summary>(count(ab) - MinCount) / (count(a) · count(b)) · number of different words and pairs: Mikolov and others
    /// 2013. From 0 up.</summary>
    Default,

    /// <summary>ln(p(ab) / (p(a) p(b))) / -ln p(ab), from -1 to 1: normalized pointwise mutual information, G. Bouma
    /// 2009.</summary>
    Npmi,
}

/// <summary>What counts as a phrase: <see cref="Phrases"/>. Names and defaults are those of gensim 4's
/// <c>Phrases</c>.</summary>
public sealed record PhrasesOptions
{
    /// <summary>English words that phrases may have inside, such as "of" in "bank_of_america"
    /// (gensim's <c>ENGLISH_CONNECTOR_WORDS</c>).</summary>
    public static IReadOnlyCollection<string> EnglishConnectorWords { get; } =
    [
        "a", "an", "the", "for", "of", "with", "without", "at", "from", "to", "in", "on", "by", "and", "or",
    ];

    /// <summary>Pairs that come more rarely are no phrases.</summary>
    public long MinCount { get; init; } = 5;

    /// <summary>A pair is a phrase when its score is above this; higher gives fewer.</summary>
    public double Threshold { get; init; } = 10;

    /// <summary>How pairs are scored. Npmi wants a <see cref="Threshold"/> between -1 and 1.</summary>
    public PhraseScoring Scoring { get; init; } = PhraseScoring.Default;

    /// <summary>Stands between the words of a phrase.</summary>
    public string Delimiter { get; init; } = "_";

    /// <summary>Words that may stand inside a phrase, not at its ends, and do not count for its score.</summary>
    public IReadOnlyCollection<string> ConnectorWords { get; init; } = [];

    /// <summary>Bounds the memory: above so many different words and pairs the rarest are forgotten.</summary>
    public int MaxVocabSize { get; init; } = 40_000_000;

    internal void Check()
    {
        if (MinCount < 1) Fail(nameof(MinCount), "at least 1", MinCount);
        if (MaxVocabSize < 1) Fail(nameof(MaxVocabSize), "at least 1", MaxVocabSize);
        if (string.IsNullOrEmpty(Delimiter)) Fail(nameof(Delimiter), "a text of at least one character", "empty");
        if (!Enum.IsDefined(Scoring)) Fail(nameof(Scoring), "Default or Npmi", Scoring);
        if (Scoring == PhraseScoring.Default && !(Threshold > 0))
            Fail(nameof(Threshold), "greater than 0 with PhraseScoring.Default", Threshold);
        if (Scoring == PhraseScoring.Npmi && !(Threshold is >= -1 and <= 1))
            Fail(nameof(Threshold), "in -1..1 with PhraseScoring.Npmi", Threshold);
    }

    private static void Fail(string name, string expected, object value) =>
        throw new ArgumentException($"PhrasesOptions.{name} must be {expected} but was {value}.");
}
