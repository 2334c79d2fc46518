using System.Buffers.Binary;
using System.Numerics;

namespace Recur.IO;

/// <summary>Writes records in the framing of TensorFlow's TFRecord files, which TensorBoard's event files
/// have.</summary>
/// <remarks>
/// <code>
/// u64 length | u32 masked CRC of the 8 bytes of the length | length bytes | u32 masked CRC of them      little-endian
/// masked(crc) = rotate right(crc, 15) + 0xa282ead8, of CRC-32C (Castagnoli)
/// </code>
/// https://www.tensorflow.org/tutorials/load_data/tfrecord
/// </remarks>
internal static class TfRecordWriter
{
    private const uint MaskDelta = 0xa282ead8;

    /// <summary>Writes one record.</summary>
    public static void Write(Stream stream, ReadOnlySpan<byte> data)
    {
        Span<byte> head = stackalloc byte[12], tail = stackalloc byte[4];
        BinaryPrimitives.WriteUInt64LittleEndian(head, (ulong)data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(head[8..], Masked(Crc32C(head[..8])));
        BinaryPrimitives.WriteUInt32LittleEndian(tail, Masked(Crc32C(data)));
        stream.Write(head);
        stream.Write(data);
        stream.Write(tail);
    }

    /// <summary>CRC-32C: polynomial 0x1EDC6F41, reflected, begun and ended with all bits turned; an instruction of most
    /// processors.</summary>
    internal static uint Crc32C(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        for (; data.Length >= 8; data = data[8..])
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(data));
        foreach (byte b in data) crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }

    private static uint Masked(uint crc) => BitOperations.RotateRight(crc, 15) + MaskDelta;
}
