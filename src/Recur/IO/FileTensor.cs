using System.Runtime.InteropServices;

namespace Recur.IO;

/// <summary>A tensor on its way into a file of any format.</summary>
/// <param name="Name">Its name there.</param>
/// <param name="Type">The type of its elements.</param>
/// <param name="Dimensions">Its sizes, outermost first.</param>
/// <param name="Values">Its elements when they are in memory as float32; else null.</param>
/// <param name="Read">Its elements otherwise: little-endian, row-major; called when they are needed.</param>
internal sealed record FileTensor(
    string Name, SafetensorsDataType Type, long[] Dimensions, Tensor? Values, Func<byte[]>? Read)
{
    public static FileTensor Of(string name, Tensor value) =>
        new(name, SafetensorsDataType.F32, Array.ConvertAll(value.Shape.AsSpan().ToArray(), d => (long)d), value, null);

    public long ElementCount => Elements.Count(Dimensions)!.Value;

    public long ByteLength => (long)((Int128)ElementCount * Type.Bits() / 8);

    /// <summary>Gives the bytes in pieces.</summary>
    public void Write(Action<ReadOnlySpan<byte>> write)
    {
        if (Values is not { } tensor)
        {
            write(Read!());
            return;
        }

        const int piece = 1 << 24; // an array of float32 can be longer in bytes than a span of bytes
        ReadOnlySpan<float> values = tensor.Span;
        for (int i = 0; i < values.Length; i += piece)
        {
            ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(values.Slice(i, Math.Min(piece, values.Length - i)));
            if (BitConverter.IsLittleEndian)
            {
                write(bytes);
                continue;
            }

            byte[] swapped = bytes.ToArray();
            LittleEndian.Swap(swapped, sizeof(float));
            write(swapped);
        }
    }
}
