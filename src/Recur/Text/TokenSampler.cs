namespace Recur.Text;

/// <summary>Chooses tokens from logits; allocates nothing after it is made.</summary>
internal sealed class TokenSampler
{
    private readonly SamplingOptions options;
    private readonly Rng rng;
    private readonly double[] weights;
    private readonly int[] order;

    public TokenSampler(SamplingOptions options, int tokens)
    {
        options.Check();
        this.options = options;
        rng = new Rng(options.Seed);
        weights = new double[tokens];
        order = new int[tokens];
    }

    /// <summary>The token to follow.</summary>
    /// <param name="logits">[V].</param>
    /// <param name="excluded">A token that must not be chosen, or -1.</param>
    public int Next(ReadOnlySpan<float> logits, int excluded = -1)
    {
        int best = -1;
        for (int i = 0; i < logits.Length; i++)
            if (i != excluded && (best < 0 || logits[i] > logits[best])) best = i;
        if (options.Temperature == 0f) return best;

        float top = logits[best];
        for (int i = 0; i < logits.Length; i++)
            weights[i] = i == excluded ? 0 : Math.Exp(((double)logits[i] - top) / options.Temperature);
        int kept = logits.Length;
        if (options.TopK is null && options.TopP is null)
        {
            for (int i = 0; i < kept; i++) order[i] = i;
            return Draw(kept);
        }

        // Falling weights; of equal ones the smaller id first, whatever the sort does.
        for (int i = 0; i < kept; i++) order[i] = i;
        order.AsSpan(0, kept).Sort((a, b) =>
        {
            int byWeight = weights[b].CompareTo(weights[a]);
            return byWeight != 0 ? byWeight : a.CompareTo(b);
        });
        if (options.TopK is { } k) kept = Math.Min(k, kept);
        if (options.TopP is { } p) kept = Nucleus(kept, p);
        return Draw(kept);
    }

    private int Nucleus(int kept, float p)
    {
        double total = 0, reached = 0;
        for (int i = 0; i < kept; i++) total += weights[order[i]];
        for (int i = 0; i < kept; i++)
        {
            reached += weights[order[i]];
            if (reached >= p * total) return i + 1;
        }

        return kept;
    }

    private int Draw(int kept)
    {
        double total = 0;
        for (int i = 0; i < kept; i++) total += weights[order[i]];
        double left = rng.NextUniformDouble() * total;
        int last = order[0];
        for (int i = 0; i < kept; i++)
        {
            if (weights[order[i]] == 0) continue;
            last = order[i];
            left -= weights[last];
            if (left < 0) return last;
        }

        return last; // rounding has left a crumb
    }
}
