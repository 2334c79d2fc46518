using Recur.Kernels;

namespace Recur.Text;

/// <summary>The chances of word2vec: what sub-sampling keeps, and what negatives are drawn.</summary>
internal static class Word2VecSampling
{
    /// <summary>With how many of 2^32 equal chances each word is kept, less one; null when all are kept always.</summary>
    /// <remarks>With threshold t (a count) and the word's count n the probability is (√(n/t) + 1) · t/n: the formula of
    /// word2vec's program, not of its paper. From <paramref name="sample"/> = 1 on, t is sample · (3 + √5) / 2, so that a
    /// word of that count is just always kept (gensim).</remarks>
    public static uint[]? KeepThresholds(ReadOnlySpan<long> counts, double sample)
    {
        if (sample == 0) return null;
        double total = 0;
        foreach (long count in counts) total += count;
        double threshold = sample < 1 ? sample * total : Math.Floor(sample * (3 + Math.Sqrt(5)) / 2);
        uint[] keep = GC.AllocateUninitializedArray<uint>(counts.Length, pinned: true);
        for (int i = 0; i < keep.Length; i++)
        {
            double probability = counts[i] == 0
                ? 1 : (Math.Sqrt(counts[i] / threshold) + 1) * (threshold / counts[i]);
            keep[i] = probability < 1 ? (uint)(probability * uint.MaxValue) : uint.MaxValue;
        }

        return keep;
    }

    /// <summary>An alias table of count^exponent; words that never occur are never drawn.</summary>
    public static ulong[] Negatives(ReadOnlySpan<long> counts, double exponent)
    {
        // By logarithms: a count may be large and the exponent any, and only ratios matter.
        double[] weights = new double[counts.Length];
        double largest = double.NegativeInfinity;
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = counts[i] > 0 ? exponent * Math.Log(counts[i]) : double.NegativeInfinity;
            largest = Math.Max(largest, weights[i]);
        }

        for (int i = 0; i < weights.Length; i++)
            weights[i] = double.IsNegativeInfinity(largest) ? 1 : Math.Exp(weights[i] - largest);
        ulong[] table = GC.AllocateUninitializedArray<ulong>(counts.Length, pinned: true);
        AliasTable.Build(weights, table);
        return table;
    }
}
