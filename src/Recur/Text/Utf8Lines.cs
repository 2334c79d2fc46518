using System.Buffers;
using System.Text.Unicode;

namespace Recur.Text;

/// <summary>Reads the lines of a UTF-8 file in memory that does not grow with the file or its lines.</summary>
/// <remarks>A line comes with its line end. One longer than <see cref="MaxLineBytes"/> comes in pieces, cut after white
/// space where there is any: some corpora are one line of many gigabytes.</remarks>
internal static class Utf8Lines
{
    public const int MaxLineBytes = 1 << 20;

    /// <summary>Gives each line and its number, from 1.</summary>
    public static void Read(string path, LineAction onLine, Action<long>? bytesRead, CancellationToken cancel)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        byte[] bytes = ArrayPool<byte>.Shared.Rent(MaxLineBytes);
        char[] chars = ArrayPool<char>.Shared.Rent(MaxLineBytes);
        try
        {
            Read(path, file, bytes.AsSpan(0, MaxLineBytes), chars, onLine, bytesRead, cancel);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
            ArrayPool<char>.Shared.Return(chars);
        }
    }

    private static void Read(
        string path, Stream file, Span<byte> buffer, Span<char> chars, LineAction onLine, Action<long>? bytesRead,
        CancellationToken cancel)
    {
        int filled = 0;        // bytes in the buffer
        long position = 0;     // of the buffer's first byte in the file
        long number = 1;
        bool atStart = true;
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            int read = file.ReadAtLeast(buffer[filled..], buffer.Length - filled, throwOnEndOfStream: false);
            filled += read;
            bytesRead?.Invoke(position + filled);
            bool last = filled < buffer.Length;
            int used = atStart && buffer[..filled].StartsWith("\uFEFF"u8) ? 3 : 0;
            atStart = false;
            while (used < filled)
            {
                int end = buffer[used..filled].IndexOf((byte)'\n');
                bool whole = end >= 0;
                // What the buffer ends within is moved to its front and completed; only a line that fills all of it is cut.
                if (!whole && !last && used > 0) break;
                int length = whole ? end + 1 : last ? filled - used : Cut(buffer[..filled]);
                int written = Decode(path, number, position + used, buffer.Slice(used, length), chars);
                onLine(chars[..written], number);
                used += length;
                if (whole) number++;
            }

            if (last) return;
            buffer[used..filled].CopyTo(buffer);
            filled -= used;
            position += used;
        }
    }

    /// <summary>Where a line that does not fit is cut: after its last white space, else before its last
    /// character.</summary>
    private static int Cut(ReadOnlySpan<byte> line)
    {
        int space = line.LastIndexOfAny(" \t\r"u8);
        if (space >= 0) return space + 1;
        int end = line.Length - 1;
        while (end > line.Length - 4 && (line[end] & 0xC0) == 0x80) end--;
        return end;
    }

    private static int Decode(string path, long number, long position, ReadOnlySpan<byte> line, Span<char> chars)
    {
        OperationStatus status =
            Utf8.ToUtf16(line, chars, out int good, out int written, replaceInvalidSequences: false);
        if (status != OperationStatus.Done)
            throw new TextFormatException(
                $"{path}({number}): the text must be UTF-8 but byte {position + good:#,0} of the file, "
                + $"0x{line[good]:X2}, does not belong to a character.");
        return written;
    }
}

/// <summary>Takes a line, which it may overwrite, and its number, from 1.</summary>
internal delegate void LineAction(Span<char> line, long number);
