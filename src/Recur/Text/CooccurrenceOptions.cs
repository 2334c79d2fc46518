namespace Recur.Text;

/// <summary>How <see cref="Cooccurrences"/> are counted. Defaults are those of the GloVe authors' program but for the
/// memory.</summary>
public sealed record CooccurrenceOptions
{
    internal const int MostWindow = 1000;
    internal const long LeastMemory = 1 << 16;

    /// <summary>How many words on each side count as neighbours, within the sentence (line).</summary>
    public int Window { get; init; } = 15;

    /// <summary>Whether neighbours on both sides count; otherwise those on the right alone: the row is the word on the
    /// left.</summary>
    public bool Symmetric { get; init; } = true;

    /// <summary>Bytes of memory for the table of pairs, 64 KiB at least. What is more goes to temporary files, sorted,
    /// and is merged at the end; the pairs are the same, bit for bit, whatever the budget.</summary>
    public long MemoryBudget { get; init; } = 512L << 20;

    /// <summary>The folder of the temporary files; the system's when null. They vanish at the end, also after an error,
    /// a cancellation or a kill.</summary>
    public string? TemporaryFolder { get; init; }

    internal void Check()
    {
        CheckWindow(Window, nameof(CooccurrenceOptions));
        CheckMemory(MemoryBudget, nameof(CooccurrenceOptions));
        CheckFolder(TemporaryFolder, nameof(CooccurrenceOptions));
    }

    internal static void CheckWindow(int value, string type)
    {
        if (value is < 1 or > MostWindow)
            throw new ArgumentException($"{type}.{nameof(Window)} must be in 1..{MostWindow} but was {value}.");
    }

    internal static void CheckMemory(long value, string type)
    {
        if (value < LeastMemory)
            throw new ArgumentException(
                $"{type}.{nameof(MemoryBudget)} must be at least {LeastMemory} bytes but was {value}.");
    }

    internal static void CheckFolder(string? value, string type)
    {
        if (value is not null && !Directory.Exists(value))
            throw new ArgumentException(
                $"{type}.{nameof(TemporaryFolder)} must be a folder that exists but was \"{value}\".");
    }
}
