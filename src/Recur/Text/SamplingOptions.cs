namespace Recur.Text;

/// <summary>How the next token is chosen from a model's probabilities.</summary>
/// <remarks>In this order: the logits are divided by the temperature, all but the k most probable tokens are left out, then
/// all that are not needed to reach the probability p, and one of the rest is drawn.</remarks>
public sealed record SamplingOptions
{
    /// <summary>Below 1 the probable becomes more probable, above 1 less; 0 always takes the most probable
    /// token.</summary>
    public float Temperature { get; init; } = 1f;

    /// <summary>Only the so many most probable tokens (Fan et al. 2018); all when null.</summary>
    public int? TopK { get; init; }

    /// <summary>Only the fewest tokens whose probabilities together reach this (nucleus sampling, Holtzman et al. 2020);
    /// all when null.</summary>
    public float? TopP { get; init; }

    /// <summary>The seed of the draws: the same seed, prompt and model give the same text.</summary>
    public ulong Seed { get; init; }

    internal void Check()
    {
        if (!(Temperature >= 0f && float.IsFinite(Temperature)))
            throw Error(nameof(Temperature), "finite and at least 0", Temperature);
        if (TopK < 1) throw Error(nameof(TopK), "at least 1", TopK);
        if (TopP is { } p && !(p is > 0f and <= 1f)) throw Error(nameof(TopP), "greater than 0 and at most 1", TopP);
    }

    private static ArgumentException Error(string name, string expected, object? actual) =>
        new($"SamplingOptions: {name} must be {expected} but was {actual}.");
}
