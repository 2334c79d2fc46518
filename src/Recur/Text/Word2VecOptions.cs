using System.Runtime.CompilerServices;

namespace Recur.Text;

/// <summary>How <see cref="Word2Vec"/> trains. Names and defaults are those of gensim 4's <c>Word2Vec</c>.</summary>
public sealed record Word2VecOptions
{
    // ---- Words ----

    /// <summary>Words that come fewer times are left out (gensim's <c>min_count</c>).</summary>
    public long MinCount { get; init; } = 5;

    /// <summary>At most so many words, the most frequent ones; null for no limit (<c>max_final_vocab</c>).</summary>
    public int? MaxFinalVocab { get; init; }

    /// <summary>Sub-sampling of frequent words, from 1e-5 to 1e-3 usually; 0 for none (<c>sample</c>).</summary>
    /// <remarks>Below 1 a share of the corpus: a word that makes up the share f of it is kept with probability
    /// min(1, √(sample/f) + sample/f). From 1 on a count: that of a word which is just always kept.</remarks>
    public double Sample { get; init; } = 1e-3;

    // ---- Model ----

    /// <summary>Floats of a word's vector (<c>vector_size</c>).</summary>
    public int VectorSize { get; init; } = 100;

    /// <summary>Skip-gram (the word of the middle is predicted from each word around it) instead of CBOW (from all
    /// together) (<c>sg</c>).</summary>
    public bool SkipGram { get; init; }

    /// <summary>How many words on each side count as neighbours (<c>window</c>).</summary>
    public int Window { get; init; } = 5;

    /// <summary>Whether every window is drawn from 1 to <see cref="Window"/>, so that near words count more
    /// (<c>shrink_windows</c>).</summary>
    public bool ShrinkWindows { get; init; } = true;

    /// <summary>Whether CBOW takes the mean of the neighbours' vectors instead of their sum (<c>cbow_mean</c>).</summary>
    public bool CbowMean { get; init; } = true;

    /// <summary>Hierarchical softmax over a Huffman tree of the words (<c>hs</c>); besides negative sampling unless
    /// <see cref="Negative"/> is 0.</summary>
    public bool HierarchicalSoftmax { get; init; }

    /// <summary>Words drawn at random against each true one; 0 for no negative sampling (<c>negative</c>).</summary>
    public int Negative { get; init; } = 5;

    /// <summary>They are drawn in proportion to count^NsExponent: 1 as in the text, 0 all alike, below 0 rare words
    /// more often (<c>ns_exponent</c>).</summary>
    public double NsExponent { get; init; } = 0.75;

    // ---- Training ----

    /// <summary>How often the corpus is passed (<c>epochs</c>).</summary>
    public int Epochs { get; init; } = 5;

    /// <summary>The first learning rate (<c>alpha</c>).</summary>
    public double Alpha { get; init; } = 0.025;

    /// <summary>The last one; it falls in a straight line over the words of all epochs (<c>min_alpha</c>).</summary>
    public double MinAlpha { get; init; } = 1e-4;

    /// <summary>Chooses the first vectors and everything drawn later (<c>seed</c>).</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Threads; null for <see cref="Parallelism.Threads"/> (<c>workers</c>).</summary>
    /// <remarks>With 1 the same seed gives the same bits. With more, threads change the same vectors without waiting for
    /// each other (Recht and others 2011, "Hogwild"): as good, and not repeatable.</remarks>
    public int? Threads { get; init; }

    internal void Check()
    {
        if (MinCount < 0) Fail(MinCount, "0 or greater");
        if (MaxFinalVocab < 1) Fail(MaxFinalVocab, "at least 1");
        if (!(Sample >= 0 && double.IsFinite(Sample))) Fail(Sample, "finite and 0 or greater");
        if (VectorSize is < 1 or > 65536) Fail(VectorSize, "in 1..65536");
        if (Window is < 1 or > 1000) Fail(Window, "in 1..1000");
        if (Negative is < 0 or > 1000) Fail(Negative, "in 0..1000");
        if (!double.IsFinite(NsExponent)) Fail(NsExponent, "finite");
        if (Epochs < 1) Fail(Epochs, "at least 1");
        CheckAlpha(Alpha, nameof(Alpha));
        CheckAlpha(MinAlpha, nameof(MinAlpha));
        if (Threads is < 1 or > 256) Fail(Threads, "in 1..256");
        if (Negative == 0 && !HierarchicalSoftmax)
            throw new ArgumentException(
                "Word2VecOptions: Negative must be at least 1, or HierarchicalSoftmax true, otherwise nothing is learnt.");
    }

    internal static void CheckAlpha(double value, string name)
    {
        if (!(value >= 0 && double.IsFinite(value))) Fail(value, "finite and 0 or greater", name);
    }

    private static void Fail(object? value, string expected, [CallerArgumentExpression(nameof(value))] string name = "") =>
        throw new ArgumentException($"Word2VecOptions.{name} must be {expected} but was {value}.");
}
