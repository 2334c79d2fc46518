using System.Diagnostics.CodeAnalysis;
using System.Text;
using static System.Buffers.Binary.BinaryPrimitives;

namespace Recur.IO;

/// <summary>The bytes of a pickle, read in order; no length in them is believed beyond the bytes that are left.</summary>
internal sealed class PickleInput
{
    /// <summary>PyTorch's pickles hold names and sizes, not weights: some megabytes at most.</summary>
    public const long MaxLength = 256 << 20;

    private const int BufferLength = 4096, LongestLine = 1024;

    private static readonly UTF8Encoding strictUtf8 =
        new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly FileBytes file;
    private readonly byte[] buffer;
    private readonly long start, end;
    private long next; // the byte of the file behind the buffer
    private int at, filled;

    /// <param name="file">The file.</param>
    /// <param name="start">The pickle's first byte.</param>
    /// <param name="length">The most bytes it can have.</param>
    public PickleInput(FileBytes file, long start, long length)
    {
        this.file = file;
        this.start = next = start;
        Length = Math.Min(length, MaxLength);
        end = start + Length;
        buffer = new byte[Math.Min(BufferLength, Length)];
    }

    /// <summary>The most bytes that may be read.</summary>
    public long Length { get; }

    /// <summary>The bytes read so far.</summary>
    public long Consumed => next - (filled - at) - start;

    public byte ReadByte()
    {
        if (at == filled) Fill(1);
        return buffer[at++];
    }

    public ushort ReadUInt16() => ReadUInt16LittleEndian(Take(2));

    public uint ReadUInt32() => ReadUInt32LittleEndian(Take(4));

    public ulong ReadUInt64() => ReadUInt64LittleEndian(Take(8));

    public double ReadDouble() => ReadDoubleBigEndian(Take(8));

    public byte[] ReadBytes(ulong length)
    {
        long left = end - start - Consumed;
        if (length > (ulong)left) Fail($"announces {length} bytes where {left} are left; it is cut off");
        var bytes = new byte[length];
        int have = Math.Min(filled - at, bytes.Length);
        buffer.AsSpan(at, have).CopyTo(bytes);
        at += have;
        if (have < bytes.Length)
        {
            file.Read(next, bytes.AsSpan(have));
            next += bytes.Length - have;
        }

        return bytes;
    }

    public string ReadText(ulong length)
    {
        ReadOnlySpan<byte> bytes = length <= BufferLength ? Take((int)length) : ReadBytes(length);
        try
        {
            return strictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw new ModelFormatException($"{file.Name}: a text in the pickle is not valid UTF-8.", e);
        }
    }

    /// <summary>A name that ends with its line.</summary>
    public string ReadLine()
    {
        Span<byte> line = stackalloc byte[LongestLine];
        for (int i = 0; i < line.Length; i++)
        {
            line[i] = ReadByte();
            if (line[i] == '\n') return Encoding.UTF8.GetString(line[..i]);
        }

        Fail($"has a name of more than {LongestLine} bytes");
        return "";
    }

    [DoesNotReturn]
    public void Fail(string what) => file.Fail($"the pickle {what}");

    private ReadOnlySpan<byte> Take(int count)
    {
        if (filled - at < count) Fill(count);
        at += count;
        return buffer.AsSpan(at - count, count);
    }

    private void Fill(int atLeast)
    {
        int have = filled - at;
        long left = end - next;
        if (have + left < atLeast) Fail("ends before its last instruction; it is cut off");
        buffer.AsSpan(at, have).CopyTo(buffer);
        int count = (int)Math.Min(buffer.Length - have, left);
        file.Read(next, buffer.AsSpan(have, count));
        next += count;
        at = 0;
        filled = have + count;
    }
}
