using System.Buffers.Binary;
using System.Text;

namespace Recur.IO;

/// <summary>Writes the few kinds of protobuf fields that event files need into one buffer that is used again.</summary>
/// <remarks>
/// A field is <c>varint(number · 8 + wire type)</c> and its value: a varint (0), 8 bytes (1), a length and as many
/// bytes (2), or 4 bytes (5). A message inside a message is of kind 2; its length is written as a varint of five bytes,
/// whose place is left free until it is known. https://protobuf.dev/programming-guides/encoding/
/// </remarks>
internal sealed class ProtoWriter
{
    private const int Varint = 0, EightBytes = 1, LengthDelimited = 2, FourBytes = 5, LengthBytes = 5;
    private byte[] buffer = new byte[256];
    private int length;

    public ReadOnlySpan<byte> Written => buffer.AsSpan(0, length);

    public void Clear() => length = 0;

    public void Int64(int field, long value)
    {
        Key(field, Varint);
        WriteVarint((ulong)value);
    }

    public void Double(int field, double value)
    {
        Key(field, EightBytes);
        BinaryPrimitives.WriteDoubleLittleEndian(Take(8), value);
    }

    public void Float(int field, float value)
    {
        Key(field, FourBytes);
        BinaryPrimitives.WriteSingleLittleEndian(Take(4), value);
    }

    public void String(int field, string value)
    {
        Key(field, LengthDelimited);
        int count = Encoding.UTF8.GetByteCount(value);
        WriteVarint((ulong)count);
        Encoding.UTF8.GetBytes(value, Take(count));
    }

    /// <summary>Begins a packed list of <paramref name="count"/> doubles, each to be written by
    /// <see cref="PackedDouble"/>.</summary>
    public void BeginPackedDoubles(int field, int count)
    {
        Key(field, LengthDelimited);
        WriteVarint((ulong)count * sizeof(double));
    }

    public void PackedDouble(double value) => BinaryPrimitives.WriteDoubleLittleEndian(Take(8), value);

    /// <summary>Begins a message inside; what is returned ends it.</summary>
    public int Begin(int field)
    {
        Key(field, LengthDelimited);
        Take(LengthBytes);
        return length;
    }

    public void End(int begin)
    {
        uint size = (uint)(length - begin);
        for (int i = 0; i < LengthBytes; i++)
        {
            bool isLast = i == LengthBytes - 1;
            buffer[begin - LengthBytes + i] = (byte)((size & 0x7f) | (isLast ? 0u : 0x80u));
            size >>= 7;
        }
    }

    private void Key(int field, int wireType) => WriteVarint((ulong)(field << 3 | wireType));

    private void WriteVarint(ulong value)
    {
        for (; value >= 0x80; value >>= 7) Take(1)[0] = (byte)(value | 0x80);
        Take(1)[0] = (byte)value;
    }

    private Span<byte> Take(int count)
    {
        if (buffer.Length < length + count) Array.Resize(ref buffer, Math.Max(length + count, 2 * buffer.Length));
        length += count;
        return buffer.AsSpan(length - count, count);
    }
}
