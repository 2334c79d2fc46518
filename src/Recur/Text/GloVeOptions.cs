using System.Runtime.CompilerServices;

namespace Recur.Text;

/// <summary>How <see cref="GloVe"/> trains. Defaults are those of the authors' programs; where they differ from ours,
/// the comment says so.</summary>
public sealed record GloVeOptions
{
    // ---- Words ----

    /// <summary>Words that come fewer times are left out (<c>vocab_count -min-count</c>; 1 there, 5 in the authors'
    /// demo).</summary>
    public long MinCount { get; init; } = 5;

    /// <summary>At most so many words, the most frequent ones; null for no limit (<c>-max-vocab</c>).</summary>
    public int? MaxVocabulary { get; init; }

    // ---- Counting ----

    /// <summary>How many words on each side count as neighbours (<c>cooccur -window-size</c>).</summary>
    public int Window { get; init; } = 15;

    /// <summary>Whether neighbours on both sides count, or those on the right alone (<c>-symmetric</c>).</summary>
    public bool Symmetric { get; init; } = true;

    /// <summary>Bytes of memory for counting, and later for the pairs in the order of training; what is more goes to
    /// temporary files (<c>-memory</c>; 4 GB there). The vectors come on top.</summary>
    public long MemoryBudget { get; init; } = 512L << 20;

    /// <summary>The folder of the temporary files; the system's when null.</summary>
    public string? TemporaryFolder { get; init; }

    // ---- Model ----

    /// <summary>Floats of a word's vector (<c>glove -vector-size</c>; 50 there).</summary>
    public int VectorSize { get; init; } = 100;

    /// <summary>Pairs with a value of so much and more have weight 1; small texts want less, such as 10
    /// (<c>-x-max</c>).</summary>
    public double XMax { get; init; } = 100;

    /// <summary>Below, the weight is (x / XMax)^Alpha (<c>-alpha</c>).</summary>
    public double Alpha { get; init; } = 0.75;

    /// <summary>Which vectors <see cref="GloVe.Vectors"/> are (<c>-model</c>).</summary>
    public GloVeVectors Output { get; init; } = GloVeVectors.Sum;

    // ---- Training ----

    /// <summary>How often the pairs are passed (<c>-iter</c>).</summary>
    public int Epochs { get; init; } = 25;

    /// <summary>AdaGrad's learning rate (<c>-eta</c>).</summary>
    public double LearningRate { get; init; } = 0.05;

    /// <summary>Chooses the first vectors and the order of the pairs.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Threads; null for <see cref="Parallelism.Threads"/> (<c>-threads</c>). The result does not depend on
    /// it.</summary>
    public int? Threads { get; init; }

    /// <summary>How <see cref="Cooccurrences"/> counts for these options.</summary>
    public CooccurrenceOptions Counting => new()
    {
        Window = Window, Symmetric = Symmetric, MemoryBudget = MemoryBudget, TemporaryFolder = TemporaryFolder,
    };

    internal void Check()
    {
        if (MinCount < 0) Fail(MinCount, "0 or greater");
        if (MaxVocabulary < 1) Fail(MaxVocabulary, "at least 1");
        CooccurrenceOptions.CheckWindow(Window, nameof(GloVeOptions));
        CooccurrenceOptions.CheckMemory(MemoryBudget, nameof(GloVeOptions));
        CooccurrenceOptions.CheckFolder(TemporaryFolder, nameof(GloVeOptions));
        if (VectorSize is < 1 or > 65536) Fail(VectorSize, "in 1..65536");
        if (!(XMax > 0 && double.IsFinite(XMax))) Fail(XMax, "finite and greater than 0");
        if (!(Alpha >= 0 && double.IsFinite(Alpha))) Fail(Alpha, "finite and 0 or greater");
        if (!Enum.IsDefined(Output)) Fail(Output, "one of Sum, Word and Context");
        if (Epochs < 1) Fail(Epochs, "at least 1");
        if (!(LearningRate > 0 && LearningRate <= 100)) Fail(LearningRate, "greater than 0 and at most 100");
        if (Threads is < 1 or > 256) Fail(Threads, "in 1..256");
    }

    private static void Fail(
        object? value, string expected, [CallerArgumentExpression(nameof(value))] string name = "") =>
        throw new ArgumentException($"GloVeOptions.{name} must be {expected} but was {value}.");
}
