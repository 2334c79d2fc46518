using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Unicode;
using Recur.IO;

namespace Recur.Text;

/// <summary>Word vectors as tensors of a safetensors or .npz file: <c>vectors</c> F32 [V, D], <c>words</c> U8, the UTF-8
/// of all words one after the other, <c>word_ends</c> I64 [V], and <c>counts</c> I64 [V] when they are known.</summary>
internal static unsafe class WordVectorTensors
{
    public const string Vectors = "vectors";
    private const string Text = "words", Ends = "word_ends", Counts = "counts";
    private const string VersionKey = "recur_word_vectors", Version = "1";

    /// <summary>Words and counts; the vectors are read by <see cref="ReadVectors"/>.</summary>
    public static (WordTable Words, long[]? Counts, int Size) ReadWords(TensorFile file, WordVectorOptions options)
    {
        TensorFileEntry vectors = Find(file, Vectors, SafetensorsDataType.F32, 2)
            ?? throw new ModelFormatException(
                $"{file.FileName}: must have word vectors but has no tensor \"{Vectors}\".");
        long count = vectors.Dimensions[0], size = vectors.Dimensions[1];
        if (count < 1 || size < 1 || count > Array.MaxLength || size > Array.MaxLength)
            throw new ModelFormatException(
                $"{file.FileName}: \"{Vectors}\" must be [V, D], both at least 1, but is [{count}, {size}].");
        byte[] text = Required(file, Text, SafetensorsDataType.U8, null).As(Text).Read!();
        long[] longEnds = ReadInt64(Required(file, Ends, SafetensorsDataType.I64, count));
        var ends = new int[count];
        long before = 0;
        for (int i = 0; i < ends.Length; i++)
        {
            long end = longEnds[i], length = end - before;
            if (length < 0 || end > text.Length || (i == ends.Length - 1 && end != text.Length))
                throw Error($"\"{Ends}\" must rise to {text.Length:#,0}, the bytes of all words, but word {i + 1:#,0} ends at {end:#,0}");
            if (length > options.MaxWordBytes)
                throw Error($"word {i + 1:#,0} must have at most {options.MaxWordBytes:#,0} bytes but has {length:#,0}");
            if (!Utf8.IsValid(text.AsSpan((int)before, (int)length)))
                throw Error($"word {i + 1:#,0} must be UTF-8 but has bytes that belong to no character");
            (ends[i], before) = ((int)end, end);
        }

        long[]? counts = Find(file, Counts, SafetensorsDataType.I64, 1) is null
            ? null : ReadInt64(Required(file, Counts, SafetensorsDataType.I64, count));
        if (counts is not null && Array.FindIndex(counts, c => c < 0) is >= 0 and int bad)
            throw Error($"counts must be 0 or greater but that of word {bad + 1:#,0} is {counts[bad]}");
        int kept = (int)Math.Min(count, options.MaxWords ?? count);
        WordTable words = WordTable.Build(text, ends, kept, out List<int> twice);
        if (twice.Count > 0)
            throw Error($"words must be different but word {twice[0] + 1:#,0} comes twice");
        return (words, counts?[..kept], (int)size);

        ModelFormatException Error(string complaint) => new($"{file.FileName}: {complaint}.");
    }

    public static VectorRows ReadVectors(TensorFile file, int count, int size)
    {
        if ((long)count * size > Array.MaxLength)
            throw new ModelFormatException(
                $"{file.FileName}: {count:#,0} x {size:#,0} numbers are more than an array can hold, {Array.MaxLength:#,0}.");
        return new VectorRows(Find(file, Vectors, SafetensorsDataType.F32, 2)!.ReadTensor().Span[..(count * size)].ToArray(), count, size);
    }

    public static void Write(
        string path, WordVectorFormat format, WordTable words, long[]? counts, Tensor values)
    {
        var ends = new long[words.Count];
        for (int i = 0; i < ends.Length; i++) ends[i] = words.End(i);
        var tensors = new List<FileTensor>
        {
            FileTensor.Of(Vectors, values),
            new(Text, SafetensorsDataType.U8, [words.Text.Length], null, () => words.Text.ToArray()),
            new(Ends, SafetensorsDataType.I64, [ends.Length], null, () => Bytes(ends)),
        };
        if (counts is not null)
            tensors.Add(new(Counts, SafetensorsDataType.I64, [counts.Length], null, () => Bytes(counts)));
        if (format == WordVectorFormat.Npz)
        {
            AtomicFile.Write(path, stream => Npz.Write(stream, [.. tensors], compress: false));
            return;
        }

        var writer = new SafetensorsWriter();
        writer.AddMetadata(VersionKey, Version);
        foreach (FileTensor tensor in tensors) writer.Add(tensor);
        AtomicFile.Write(path, writer.WriteTo);
    }

    private static TensorFileEntry Required(TensorFile file, string name, SafetensorsDataType type, long? length)
    {
        TensorFileEntry entry = Find(file, name, type, 1)
            ?? throw new ModelFormatException($"{file.FileName}: must have a tensor \"{name}\" but has none.");
        return length is null || entry.Dimensions[0] == length
            ? entry
            : throw new ModelFormatException(
                $"{file.FileName}: \"{name}\" must be [{length}], one for each word, but is [{entry.Dimensions[0]}].");
    }

    private static TensorFileEntry? Find(TensorFile file, string name, SafetensorsDataType type, int rank)
    {
        TensorFileEntry? entry = file.Entries.FirstOrDefault(e => e.Name == name);
        if (entry is null) return null;
        return entry.DataType == type && entry.Dimensions.Count == rank
            ? entry
            : throw new ModelFormatException(string.Create(CultureInfo.InvariantCulture,
                $"{file.FileName}: \"{name}\" must be {type} with {rank} dimensions but is {entry.DataTypeName} [{string.Join(", ", entry.Dimensions)}]."));
    }

    private static long[] ReadInt64(TensorFileEntry entry)
    {
        byte[] bytes = entry.As(entry.Name).Read!();
        LittleEndian.Swap(bytes, sizeof(long));
        return MemoryMarshal.Cast<byte, long>(bytes).ToArray();
    }

    private static byte[] Bytes(long[] values)
    {
        byte[] bytes = MemoryMarshal.AsBytes<long>(values).ToArray();
        LittleEndian.Swap(bytes, sizeof(long));
        return bytes;
    }
}
