using System.Buffers.Text;
using System.Text.Unicode;
using Recur.IO;

namespace Recur.Text;

/// <summary>Word vectors as lines of text: <c>word x1 ... xD</c>, with or without a first line <c>V D</c>.</summary>
/// <remarks>Read by all cores: lines are counted first, so that every piece of the file knows its first row. Memory is
/// taken only after the file was seen to be long enough for what it promises.</remarks>
internal static unsafe class WordVectorText
{
    private const int PieceBytes = 4 << 20;
    private const int Padding = 64; // behind a copied line, for FloatText.Parse, which reads ahead

    /// <summary>A part of the file that begins and ends with whole lines.</summary>
    private sealed class Piece
    {
        public long Begin, End, FirstLine;
        public int Lines;
        public int[] WordEnds = [];
        public byte[] Words = [];
        public int WordBytes;
        public string? Error;
    }

    /// <summary>Reads a first line <c>V D</c>.</summary>
    public static bool TryHeader(ReadOnlySpan<byte> line, out long words, out long size)
    {
        (words, size) = (0, 0);
        line = TrimEnd(line);
        return Utf8Parser.TryParse(line, out words, out int first) && first < line.Length && line[first] == (byte)' '
            && Utf8Parser.TryParse(line[(first + 1)..], out size, out int second) && first + 1 + second == line.Length
            && words >= 0 && size >= 0;
    }

    public static (WordTable Words, VectorRows Rows, int Repeated) Read(
        MappedFile file, bool hasHeader, WordVectorOptions options, CancellationToken cancel)
    {
        long start = file.Length >= 3 && new ReadOnlySpan<byte>(file.Start, 3).SequenceEqual("\uFEFF"u8) ? 3 : 0;
        long promised = -1, size, firstLine = 1;
        if (hasHeader)
        {
            long end = LineEnd(file, start);
            if (!TryHeader(Line(file, start, end), out promised, out size))
                throw Error(file, 1, "must be a line \"V D\", the number of words and the size of a vector");
            if (promised < 1 || size < 1)
                throw Error(file, 1, $"must promise at least one word and one number for each but says {promised} {size}");
            start = Math.Min(end + 1, file.Length);
            firstLine = 2;
        }
        else
        {
            size = FieldsOf(Line(file, start, LineEnd(file, start))) - 1;
            if (size < 1) throw Error(file, 1, "must have a word and at least one number, separated by spaces");
        }

        if (size > Array.MaxLength)
            throw Error(file, 1, $"must have at most {Array.MaxLength:#,0} numbers for a word but has {size:#,0}");
        // The shortest line has a word of one byte, and each number a space and a digit.
        long most = (file.Length - start + 1) / (2 + 2 * size);
        if (promised > most)
            throw Error(
                file, 1, $"promises {promised:#,0} words with {size:#,0} numbers but the file has only {file.Length:#,0} bytes");
        long wanted = Math.Min(options.MaxWords ?? long.MaxValue, promised >= 0 ? promised : long.MaxValue);
        List<Piece> pieces = Split(file, start, firstLine, wanted, promised >= 0 && options.MaxWords is null, cancel);
        long count = pieces.Sum(p => (long)p.Lines);
        if (count < Math.Min(wanted, promised))
            throw Error(file, 1, $"promises {promised:#,0} words but {count:#,0} lines follow");
        if (count == 0) throw new ModelFormatException($"{file.Name}: must have word vectors but has no lines.");
        if (count > most) throw ShortLine(file, start, firstLine, (int)size);
        if (count * size > Array.MaxLength)
            throw new ModelFormatException(
                $"{file.Name}: {count:#,0} x {size:#,0} numbers are more than an array can hold, {Array.MaxLength:#,0}.");

        float[] values = GC.AllocateUninitializedArray<float>((int)(count * size));
        var rows = new int[pieces.Count];
        for (int i = 1; i < rows.Length; i++) rows[i] = rows[i - 1] + pieces[i - 1].Lines;
        Parallel.For(0, pieces.Count, new ParallelOptions { CancellationToken = cancel }, i =>
        {
            fixed (float* v = values) ReadPiece(file, pieces[i], v + (nint)rows[i] * (nint)size, (int)size, options);
        });
        if (pieces.Find(p => p.Error is not null) is { } bad) throw new ModelFormatException(bad.Error!);
        return Join(file, pieces, values, (int)count, (int)size);
    }

    /// <summary>Cuts the file at line ends, counting lines up to those that are wanted; the rest is left alone, or
    /// complained of.</summary>
    private static List<Piece> Split(
        MappedFile file, long start, long firstLine, long wanted, bool isAll, CancellationToken cancel)
    {
        long end = file.Length;
        while (end > start && file.Start[end - 1] is (byte)'\n' or (byte)'\r' or (byte)' ') end--;
        if (end < file.Length && file.Start[end] == (byte)' ') end = LineEnd(file, end);
        var pieces = new List<Piece>();
        for (long at = start; at < end;)
        {
            long next = at + PieceBytes >= end ? end : Math.Min(end, LineEnd(file, at + PieceBytes) + 1);
            pieces.Add(new Piece { Begin = at, End = next });
            at = next;
        }

        Parallel.For(0, pieces.Count, new ParallelOptions { CancellationToken = cancel }, i =>
        {
            Piece p = pieces[i];
            p.Lines = CountLines(file, p.Begin, p.End);
        });
        long before = 0;
        for (int i = 0; i < pieces.Count; i++)
        {
            Piece p = pieces[i];
            p.FirstLine = firstLine + before;
            if (before + p.Lines > wanted)
            {
                if (isAll)
                    throw Error(
                        file, firstLine + wanted, $"must be the end of the file, which promised {wanted:#,0} words, but more follows");
                p.Lines = (int)(wanted - before);
                pieces.RemoveRange(i + 1, pieces.Count - i - 1);
            }

            before += p.Lines;
        }

        return pieces;
    }

    private static int CountLines(MappedFile file, long begin, long end)
    {
        int lines = 0;
        // A piece is longer than its share only by one line, but that line may be anything.
        for (long at = begin; at < end;)
        {
            var part = new ReadOnlySpan<byte>(file.Start + at, (int)Math.Min(end - at, 1 << 30));
            lines += part.Count((byte)'\n');
            at += part.Length;
        }

        return file.Start[end - 1] == (byte)'\n' ? lines : lines + 1;
    }

    private static void ReadPiece(MappedFile file, Piece piece, float* values, int size, WordVectorOptions options)
    {
        piece.WordEnds = new int[piece.Lines];
        piece.Words = new byte[16 * piece.Lines];
        byte[]? copy = null;
        long at = piece.Begin;
        for (int i = 0; i < piece.Lines; i++, values += size)
        {
            long end = LineEnd(file, at);
            ReadOnlySpan<byte> line = Line(file, at, end);
            string? complaint;
            if (end + Padding <= file.Length)
            {
                complaint = ReadLine(line, values, size, options, piece, i);
            }
            else
            {
                if (copy is null || copy.Length < line.Length + Padding) copy = new byte[line.Length + Padding];
                line.CopyTo(copy);
                copy.AsSpan(line.Length).Clear();
                complaint = ReadLine(copy.AsSpan(0, line.Length), values, size, options, piece, i);
            }

            if (complaint is not null)
            {
                piece.Error = Error(file, piece.FirstLine + i, complaint).Message;
                return;
            }

            at = end + 1;
        }
    }

    /// <summary>Reads one line; at least <see cref="Padding"/> bytes can be read behind it.</summary>
    /// <returns>What is wrong, or null.</returns>
    private static string? ReadLine(
        ReadOnlySpan<byte> line, float* values, int size, WordVectorOptions options, Piece piece, int index)
    {
        int wordLength = line.IndexOf((byte)' ');
        if (wordLength < 0) wordLength = line.Length;
        fixed (byte* start = line)
        {
            byte* p = start + wordLength, end = start + line.Length;
            int number = 0;
            while (p < end)
            {
                byte* next = *p == ' ' ? FloatText.Parse(p + 1, out values[Math.Min(number, size - 1)]) : null;
                if (next != null && next <= end && (next == end || *next == ' ') && number < size
                    && float.IsFinite(values[number]))
                {
                    p = next;
                    number++;
                    continue;
                }

                // Some words of published files have spaces in them: their numbers are the last D fields.
                int spaced = WordLength(line, size);
                if (spaced <= wordLength || line[spaced - 1] == ' ' || IsNumber(line[(wordLength + 1)..spaced]))
                    return Complaint(line, wordLength, size);
                wordLength = spaced;
                p = start + wordLength;
                number = 0;
            }

            if (number < size) return Complaint(line, wordLength, size);
        }

        ReadOnlySpan<byte> word = line[..wordLength];
        if (word.IsEmpty) return "must begin with a word but begins with a space";
        if (word.Length > options.MaxWordBytes)
            return $"must have a word of at most {options.MaxWordBytes:#,0} bytes but it has {word.Length:#,0}";
        if (!Utf8.IsValid(word)) return "must have a word in UTF-8 but it has bytes that belong to no character";
        if (piece.Words.Length - piece.WordBytes < word.Length)
            Array.Resize(ref piece.Words, Math.Max(2 * piece.Words.Length, piece.WordBytes + word.Length));
        word.CopyTo(piece.Words.AsSpan(piece.WordBytes));
        piece.WordBytes += word.Length;
        piece.WordEnds[index] = piece.WordBytes;
        return null;
    }

    /// <summary>The length of the word when the numbers are the last fields of a line; 0 when there are not so
    /// many.</summary>
    private static int WordLength(ReadOnlySpan<byte> line, int size)
    {
        for (int i = 0; i < size; i++)
        {
            int space = line.LastIndexOf((byte)' ');
            if (space <= 0) return 0;
            line = line[..space];
        }

        return line.Length;
    }

    private static bool IsNumber(ReadOnlySpan<byte> field) =>
        Utf8Parser.TryParse(field, out double _, out int used) && (used == field.Length || field[used] == (byte)' ');

    private static string Complaint(ReadOnlySpan<byte> line, int wordLength, int size)
    {
        int number = 0;
        ReadOnlySpan<byte> rest = line[Math.Min(line.Length, wordLength + 1)..];
        while (!rest.IsEmpty)
        {
            int space = rest.IndexOf((byte)' ');
            ReadOnlySpan<byte> field = space < 0 ? rest : rest[..space];
            rest = space < 0 ? [] : rest[(space + 1)..];
            number++;
            bool isNumber = Utf8Parser.TryParse(field, out double value, out int used) && used == field.Length;
            if (!isNumber || !float.IsFinite((float)value))
                return $"must have finite numbers but number {number} is {WordVectorFormats.Quote(field)}";
        }

        return $"must have a word and {size:#,0} numbers but has {number:#,0} numbers";
    }

    private static (WordTable, VectorRows, int) Join(
        MappedFile file, List<Piece> pieces, float[] values, int count, int size)
    {
        long bytes = pieces.Sum(p => (long)p.WordBytes);
        if (bytes > Array.MaxLength)
            throw new ModelFormatException($"{file.Name}: the words have more bytes together than an array can hold.");
        byte[] text = new byte[bytes];
        int[] ends = new int[count];
        int at = 0, row = 0;
        foreach (Piece p in pieces)
        {
            p.Words.AsSpan(0, p.WordBytes).CopyTo(text.AsSpan(at));
            foreach (int end in p.WordEnds) ends[row++] = at + end;
            at += p.WordBytes;
        }

        return VectorRows.WithoutRepeated(WordTable.Build(text, ends, count, out List<int> twice), values, size, twice);
    }

    // ---- Lines ---------------------------------------------------------------------------------------------------

    /// <summary>Where the line ends that has this byte: its line feed, or the end of the file.</summary>
    private static long LineEnd(MappedFile file, long at)
    {
        while (at < file.Length)
        {
            var part = new ReadOnlySpan<byte>(file.Start + at, (int)Math.Min(file.Length - at, 1 << 30));
            int end = part.IndexOf((byte)'\n');
            if (end >= 0) return at + end;
            at += part.Length;
        }

        return file.Length;
    }

    /// <summary>A line without its end; of an absurdly long one, the beginning.</summary>
    private static ReadOnlySpan<byte> Line(MappedFile file, long begin, long end) =>
        TrimEnd(new ReadOnlySpan<byte>(file.Start + begin, (int)Math.Min(end - begin, int.MaxValue)));

    private static ReadOnlySpan<byte> TrimEnd(ReadOnlySpan<byte> line) => line.TrimEnd(" \t\r"u8);

    private static long FieldsOf(ReadOnlySpan<byte> line) => line.IsEmpty ? 0 : line.Count((byte)' ') + 1;

    private static ModelFormatException Error(MappedFile file, long line, string complaint) =>
        new($"{file.Name}({line}): {(complaint.StartsWith("promises") ? "" : "the line ")}{complaint}.");

    private static ModelFormatException ShortLine(MappedFile file, long at, long number, int size)
    {
        while (true)
        {
            long end = LineEnd(file, at);
            ReadOnlySpan<byte> line = Line(file, at, end);
            if (line.Length < 1 + 2 * size || end >= file.Length)
            {
                int space = line.IndexOf((byte)' ');
                return Error(file, number, Complaint(line, space < 0 ? line.Length : space, size));
            }

            at = end + 1;
            number++;
        }
    }

    // ---- Writing -------------------------------------------------------------------------------------------------

    public static void Write(Stream stream, WordTable words, VectorRows rows, bool hasHeader)
    {
        if (hasHeader) stream.Write(System.Text.Encoding.ASCII.GetBytes($"{words.Count} {rows.Size}\n"));
        byte[] buffer = new byte[1 << 16];
        int filled = 0;
        for (int r = 0; r < words.Count; r++)
        {
            ReadOnlySpan<byte> word = words.Utf8(r);
            if (word.Length + 2 > buffer.Length - filled) Flush();
            if (word.Length + 2 > buffer.Length) stream.Write(word);
            else
            {
                word.CopyTo(buffer.AsSpan(filled));
                filled += word.Length;
            }

            foreach (float x in rows.Row(r))
            {
                if (buffer.Length - filled < FloatText.MaxLength + 2) Flush();
                buffer[filled++] = (byte)' ';
                filled += FloatText.Write(x, buffer.AsSpan(filled));
            }

            buffer[filled++] = (byte)'\n';
        }

        Flush();

        void Flush()
        {
            stream.Write(buffer, 0, filled);
            filled = 0;
        }
    }
}
