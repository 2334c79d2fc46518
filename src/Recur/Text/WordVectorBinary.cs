using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;
using Recur.IO;

namespace Recur.Text;

/// <summary>word2vec's binary format: a line <c>V D</c>, then V times the word, a space and D little-endian float32. The
/// original program ends each with a line feed, gensim does not; both are read, gensim's is written.</summary>
internal static unsafe class WordVectorBinary
{
    public static (WordTable Words, VectorRows Rows, int Repeated) Read(
        MappedFile file, WordVectorOptions options, CancellationToken cancel)
    {
        var begin = new ReadOnlySpan<byte>(file.Start, (int)Math.Min(file.Length, 100));
        int headerEnd = begin.IndexOf((byte)'\n');
        if (headerEnd < 0 || !WordVectorText.TryHeader(begin[..headerEnd], out long promised, out long size))
            throw new ModelFormatException(
                $"{file.Name}: must begin with a line \"V D\", the number of words and the size of a vector.");
        if (promised < 1 || size < 1)
            throw new ModelFormatException(
                $"{file.Name}: must promise at least one word and one number for each but says {promised} {size}.");
        // A word has at least one byte, and a space follows it.
        if (size > file.Length / sizeof(float) || promised > (file.Length - headerEnd) / (2 + sizeof(float) * size))
            throw new ModelFormatException(
                $"{file.Name}: promises {promised:#,0} words with {size:#,0} numbers but has only {file.Length:#,0} bytes.");
        long count = Math.Min(promised, options.MaxWords ?? long.MaxValue);
        if (count * size > Array.MaxLength)
            throw new ModelFormatException(
                $"{file.Name}: {count:#,0} x {size:#,0} numbers are more than an array can hold, {Array.MaxLength:#,0}.");

        var ends = new int[count];
        var starts = new long[count]; // of the numbers
        var text = new List<byte>();
        long at = headerEnd + 1;
        for (int row = 0; row < count; row++)
        {
            if ((row & 0xFFFF) == 0) cancel.ThrowIfCancellationRequested();
            while (at < file.Length && file.Start[at] == '\n') at++;
            ReadOnlySpan<byte> word = Word(file, at, row, promised, options.MaxWordBytes);
            starts[row] = at + word.Length + 1;
            if (size * sizeof(float) > file.Length - starts[row])
                throw Error(
                    file, file.Length, row, $"must have {size:#,0} numbers, but the file of {promised:#,0} words ends");
            if (word.IsEmpty || !Utf8.IsValid(word))
                throw Error(
                    file, at, row, word.IsEmpty ? "must not be empty" : "must be UTF-8 but has bytes that belong to no character");
            text.AddRange(word);
            ends[row] = text.Count;
            at = starts[row] + size * sizeof(float);
        }

        if (count == promised && new ReadOnlySpan<byte>(file.Start + at, (int)Math.Min(file.Length - at, 2)).TrimEnd("\n"u8).Length > 0)
            throw new ModelFormatException(
                $"{file.Name}: must end after the {promised:#,0} words that it promises, at byte {at:#,0}, but has "
                + $"{file.Length:#,0} bytes.");
        float[] values = GC.AllocateUninitializedArray<float>((int)(count * size));
        Copy(file, starts, (int)size, values, cancel);
        return VectorRows.WithoutRepeated(
            WordTable.Build([.. text], ends, (int)count, out List<int> twice), values, (int)size, twice);
    }

    private static ReadOnlySpan<byte> Word(MappedFile file, long at, int row, long promised, int most)
    {
        if (at >= file.Length)
            throw Error(file, at, row, $"is missing: the file promises {promised:#,0} words but ends");
        var rest = new ReadOnlySpan<byte>(file.Start + at, (int)Math.Min(file.Length - at, (long)most + 1));
        int length = rest.IndexOf((byte)' ');
        if (length < 0)
            throw Error(
                file, at, row, rest.Length > most
                    ? $"must have at most {most:#,0} bytes and a space after it" : "must have a space after it, but the file ends");
        return rest[..length];
    }

    private static void Copy(MappedFile file, long[] starts, int size, float[] values, CancellationToken cancel)
    {
        int block = Math.Max(1, (1 << 20) / size);
        Parallel.For(0, (starts.Length + block - 1) / block, new ParallelOptions { CancellationToken = cancel }, i =>
        {
            for (int row = i * block; row < Math.Min(starts.Length, (i + 1) * block); row++)
            {
                Span<float> to = values.AsSpan(row * size, size);
                new ReadOnlySpan<byte>(file.Start + starts[row], size * sizeof(float)).CopyTo(MemoryMarshal.AsBytes(to));
                if (!BitConverter.IsLittleEndian) Swap(to);
            }
        });
    }

    public static void Write(Stream stream, WordTable words, VectorRows rows)
    {
        stream.Write(Encoding.ASCII.GetBytes($"{words.Count} {rows.Size}\n"));
        float[] row = new float[rows.Size];
        for (int r = 0; r < words.Count; r++)
        {
            stream.Write(words.Utf8(r));
            stream.WriteByte((byte)' ');
            rows.CopyRow(r, row);
            if (!BitConverter.IsLittleEndian) Swap(row);
            stream.Write(MemoryMarshal.AsBytes<float>(row));
        }
    }

    private static void Swap(Span<float> values)
    {
        Span<int> bits = MemoryMarshal.Cast<float, int>(values);
        BinaryPrimitives.ReverseEndianness(bits, bits);
    }

    private static ModelFormatException Error(MappedFile file, long at, int row, string complaint) =>
        new($"{file.Name}: word {row + 1:#,0} at byte {at:#,0} {complaint}.");
}
