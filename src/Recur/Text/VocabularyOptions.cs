namespace Recur.Text;

/// <summary>Which tokens get into a <see cref="Vocabulary"/>.</summary>
public sealed record VocabularyOptions
{
    /// <summary>How often a token must occur to be kept.</summary>
    public long MinCount { get; init; } = 1;

    /// <summary>The largest number of tokens, specials included: the most frequent are kept. No limit when null.</summary>
    public int? MaxSize { get; init; }

    /// <summary>Tokens that are there in any case, with the first ids, such as <c>&lt;pad&gt;</c>.</summary>
    public IReadOnlyList<string> Specials { get; init; } = [];

    /// <summary>The token that stands for all that are not kept, such as <c>&lt;unk&gt;</c>; it becomes the last of the
    /// specials unless it is one of them. Without it (null) such tokens have no id.</summary>
    public string? Unknown { get; init; }

    /// <summary>Bounds the memory while tokens are counted: above so many different ones the rarest are forgotten, at
    /// first those seen once, then those seen twice, and so on (gensim's <c>max_vocab_size</c>). No bound when
    /// null.</summary>
    public int? PruneAbove { get; init; }

    internal void Check()
    {
        if (MinCount < 0) throw Error(nameof(MinCount), "at least 0", MinCount);
        if (MaxSize < 1) throw Error(nameof(MaxSize), "at least 1", MaxSize);
        if (PruneAbove < 1) throw Error(nameof(PruneAbove), "at least 1", PruneAbove);
        int specials = Specials.Count + (Unknown is null || Specials.Contains(Unknown) ? 0 : 1);
        if (MaxSize < specials) throw Error(nameof(MaxSize), $"at least {specials}, the number of specials,", MaxSize);
        if (Specials.Distinct().Count() != Specials.Count)
            throw new ArgumentException("VocabularyOptions: Specials must be different from each other.");
    }

    private static ArgumentException Error(string name, string expected, object? actual) =>
        new($"VocabularyOptions: {name} must be {expected} but was {actual}.");
}
