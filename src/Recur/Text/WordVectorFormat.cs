using System.Text;
using Recur.IO;

namespace Recur.Text;

/// <summary>The formats of files of word vectors; docs/word-vectors.md says what stands in each.</summary>
public enum WordVectorFormat
{
    /// <summary>Text, a line <c>V D</c> and then V lines <c>word x1 ... xD</c>: word2vec, gensim, fastText's
    /// .vec.</summary>
    Word2VecText,

    /// <summary>A line <c>V D</c>, then V times the word, a space and D float32: word2vec, gensim.</summary>
    Word2VecBinary,

    /// <summary>Text, lines <c>word x1 ... xD</c> without a first line <c>V D</c>: GloVe.</summary>
    Glove,

    /// <summary>safetensors; can be mapped: <see cref="WordVectors.Open"/>.</summary>
    Safetensors,

    /// <summary>NumPy's .npz.</summary>
    Npz,
}

/// <summary>Which format a file has.</summary>
internal static class WordVectorFormats
{
    private const int LongestQuote = 50;

    /// <summary>Recognises a file by its content, which is not checked further.</summary>
    /// <exception cref="ModelFormatException">The file is empty or something else.</exception>
    public static unsafe WordVectorFormat Recognise(MappedFile file)
    {
        const int most = 1 << 20;
        var begin = new ReadOnlySpan<byte>(file.Start, (int)Math.Min(file.Length, most));
        if (begin.IsEmpty) throw new ModelFormatException($"{file.Name}: must have word vectors but is empty.");
        if (begin.StartsWith("PK\x03\x04"u8) || begin.StartsWith("PK\x05\x06"u8)) return WordVectorFormat.Npz;
        if (begin.StartsWith(Gzip))
            throw new ModelFormatException($"{file.Name}: is compressed by gzip; unpack it first.");
        // Eight bytes of length, then a JSON object: no text begins with a byte below the space.
        if (begin.Length > 8 && begin[8] == (byte)'{' && begin[7] == 0) return WordVectorFormat.Safetensors;
        int end = begin.IndexOf((byte)'\n');
        if (end < 0 || !WordVectorText.TryHeader(begin[..end], out _, out _)) return WordVectorFormat.Glove;
        ReadOnlySpan<byte> second = begin[(end + 1)..];
        int space = second.IndexOf((byte)' ');
        ReadOnlySpan<byte> numbers = second[(space + 1)..];
        int lineEnd = numbers.IndexOf((byte)'\n');
        if (lineEnd >= 0) numbers = numbers[..lineEnd];
        return space < 0 || IsText(numbers) ? WordVectorFormat.Word2VecText : WordVectorFormat.Word2VecBinary;
    }

    private static ReadOnlySpan<byte> Gzip => [0x1F, 0x8B];

    /// <summary>Whether these bytes may be numbers, or words about numbers such as <c>nan</c>; four random bytes hardly
    /// ever are, a hundred never.</summary>
    private static bool IsText(ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes)
            if (b is (< 0x20 or > 0x7E) and not (byte)'\r' and not (byte)'\t') return false;
        return true;
    }

    /// <summary>The format that a file name's extension means.</summary>
    /// <exception cref="ArgumentException">It means none.</exception>
    public static WordVectorFormat OfOutput(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".txt" or ".vec" => WordVectorFormat.Word2VecText,
        ".bin" => WordVectorFormat.Word2VecBinary,
        ".glove" => WordVectorFormat.Glove,
        ".safetensors" => WordVectorFormat.Safetensors,
        ".npz" => WordVectorFormat.Npz,
        _ => throw new ArgumentException(
            $"{path}: the extension must be .txt, .vec, .bin, .glove, .safetensors or .npz, or the format be given."),
    };

    /// <summary>A word as error texts show it.</summary>
    public static string Quote(ReadOnlySpan<byte> word)
    {
        string text = Encoding.UTF8.GetString(word.Length > 4 * LongestQuote ? word[..(4 * LongestQuote)] : word);
        string shown = string.Concat(text.Take(LongestQuote).Select(c => char.IsControl(c) ? ' ' : c));
        return shown.Length < text.Length ? $"\"{shown}...\"" : $"\"{shown}\"";
    }
}
