namespace Recur.Text;

/// <summary>How a file of word vectors is read.</summary>
public sealed record WordVectorOptions
{
    /// <summary>The file's format; null: recognised by its content.</summary>
    public WordVectorFormat? Format { get; init; }

    /// <summary>Only so many words from the beginning of the file, which mostly are the most frequent; null: all. What
    /// follows them is not looked at.</summary>
    public int? MaxWords { get; init; }

    /// <summary>The longest word, in bytes of UTF-8, that is not taken for a sign of a damaged file.</summary>
    public int MaxWordBytes { get; init; } = 1 << 16;

    internal void Check()
    {
        if (MaxWords < 1)
            throw new ArgumentException($"WordVectorOptions: MaxWords must be at least 1 but was {MaxWords}.");
        if (MaxWordBytes < 1)
            throw new ArgumentException($"WordVectorOptions: MaxWordBytes must be at least 1 but was {MaxWordBytes}.");
    }
}
