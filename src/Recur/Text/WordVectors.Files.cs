using Recur.IO;

namespace Recur.Text;

public sealed unsafe partial class WordVectors
{
    /// <summary>Reads vectors into memory; the format is recognised by the content.</summary>
    /// <remarks>Of a word that comes again the first vector stays: <see cref="Repeated"/>. A file is not trusted: what
    /// it promises is held against its length before memory is taken.</remarks>
    /// <param name="path">word2vec text or binary, GloVe text, safetensors or .npz.</param>
    /// <param name="options">How it is read; all of it when null.</param>
    /// <param name="cancel">Stops the reading.</param>
    /// <exception cref="ModelFormatException">The file breaks a rule of its format; the text says in which line or at
    /// which byte or word.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    public static WordVectors Load(string path, WordVectorOptions? options = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        options ??= new WordVectorOptions();
        options.Check();
        using MappedFile file = MappedFile.Open(path);
        WordVectorFormat format = options.Format ?? WordVectorFormats.Recognise(file);
        WordVectors vectors = format is WordVectorFormat.Safetensors or WordVectorFormat.Npz
            ? LoadTensors(path, options)
            : From(file.Name, format switch
            {
                WordVectorFormat.Word2VecBinary => WordVectorBinary.Read(file, options, cancel),
                WordVectorFormat.Word2VecText => WordVectorText.Read(file, hasHeader: true, options, cancel),
                _ => WordVectorText.Read(file, hasHeader: false, options, cancel),
            });
        _ = vectors.inverseNorms.Value;
        return vectors;
    }

    /// <summary>Maps the vectors of a safetensors file into memory: it is there at once, whatever its size, and
    /// programs that open the same file share the memory.</summary>
    /// <remarks>Only words are read. The numbers are read and checked when the first question is asked. The file must not
    /// be made shorter while it is in use; to replace it is safe, as <see cref="Save"/> does.</remarks>
    /// <param name="path">A safetensors file that <see cref="Save"/> wrote.</param>
    /// <exception cref="ModelFormatException">The file breaks a rule of its format, or has another format.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    public static WordVectors Open(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        MappedFile file = MappedFile.Open(path);
        try
        {
            if (WordVectorFormats.Recognise(file) != WordVectorFormat.Safetensors || !BitConverter.IsLittleEndian)
                throw new ModelFormatException(
                    $"{file.Name}: only a safetensors file can be mapped; load it and save it as one.");
            using TensorFile tensors = TensorFile.Open(path);
            (WordTable words, long[]? counts, int size) = WordVectorTensors.ReadWords(tensors, new WordVectorOptions());
            using SafetensorsFile header = SafetensorsFile.Open(path);
            long begin = sizeof(ulong) + header.HeaderLength + header[WordVectorTensors.Vectors].Begin;
            if (begin + (long)words.Count * size * sizeof(float) > file.Length || begin % sizeof(float) != 0)
                throw new ModelFormatException($"{file.Name}: the vectors must begin at a multiple of 4 bytes.");
            var mapped = new VectorRows(file, (float*)(file.Start + begin), words.Count, size);
            return new WordVectors(words, mapped, counts, file.Name);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The format of a file, by its content, which is not checked further: any text may be
    /// GloVe's.</summary>
    /// <exception cref="ModelFormatException">The file is empty or compressed.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    public static WordVectorFormat Recognise(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        using MappedFile file = MappedFile.Open(path);
        return WordVectorFormats.Recognise(file);
    }

    /// <summary>The format that the extension of a file name means: .txt or .vec, .bin, .glove, .safetensors or
    /// .npz.</summary>
    /// <exception cref="ArgumentException">It means none.</exception>
    public static WordVectorFormat FormatOf(string path) => WordVectorFormats.OfOutput(path);

    /// <summary>Writes the vectors; the file appears complete or not at all (<see cref="AtomicFile"/>).</summary>
    /// <remarks>Numbers come back bit for bit, from text too. Counts are kept by safetensors and .npz.</remarks>
    /// <param name="path">The file; one that exists is replaced.</param>
    /// <param name="format">Its format; null: as the extension says, .txt or .vec, .bin, .glove, .safetensors or
    /// .npz.</param>
    /// <exception cref="ArgumentException">The extension says nothing, or a word has a space or a line end, which text and
    /// binary files cannot have.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path, WordVectorFormat? format = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        WordVectorFormat chosen = format ?? WordVectorFormats.OfOutput(path);
        if (chosen is WordVectorFormat.Safetensors or WordVectorFormat.Npz)
        {
            WordVectorTensors.Write(path, chosen, table, counts, ToTensor());
            return;
        }

        CheckWords();
        AtomicFile.Write(path, stream =>
        {
            if (chosen == WordVectorFormat.Word2VecBinary) WordVectorBinary.Write(stream, table, rows);
            else WordVectorText.Write(stream, table, rows, hasHeader: chosen == WordVectorFormat.Word2VecText);
        });
    }

    private void CheckWords()
    {
        for (int r = 0; r < Count; r++)
        {
            ReadOnlySpan<byte> word = table.Utf8(r);
            if (word.IsEmpty || word.IndexOfAny(" \t\r\n"u8) >= 0)
                throw new ArgumentException(
                    $"WordVectors.Save: words must have no white space in this format but word {r + 1} is "
                    + $"{WordVectorFormats.Quote(word)}; safetensors and .npz can hold it.");
        }
    }

    private static WordVectors From(string fileName, (WordTable Words, VectorRows Rows, int Repeated) read) =>
        new(read.Words, read.Rows, null, fileName) { Repeated = read.Repeated };

    private static WordVectors LoadTensors(string path, WordVectorOptions options)
    {
        using TensorFile file = TensorFile.Open(path);
        (WordTable words, long[]? counts, int size) = WordVectorTensors.ReadWords(file, options);
        return new WordVectors(words, WordVectorTensors.ReadVectors(file, words.Count, size), counts, file.FileName);
    }
}
