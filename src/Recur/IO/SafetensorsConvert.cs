using static System.Buffers.Binary.BinaryPrimitives;

namespace Recur.IO;

/// <summary>Turns elements of a safetensors file into numbers of .NET.</summary>
internal static class SafetensorsConvert
{
    /// <summary>The largest magnitude up to which float32 holds every integer.</summary>
    private const long MaxExactInteger = 1 << 24;

    /// <summary>Converts elements.</summary>
    /// <param name="type">The type in the file.</param>
    /// <param name="bytes">The elements as they stand in the file.</param>
    /// <param name="values">Receives one number per element.</param>
    /// <param name="bad">The first element that has no exact counterpart, or -1.</param>
    /// <returns>Whether the type can be converted and every element could.</returns>
    public delegate bool Converter<T>(SafetensorsDataType type, ReadOnlySpan<byte> bytes, Span<T> values, out int bad);

    public static string NameOf<T>() =>
        typeof(T) == typeof(float) ? "float32" : typeof(T) == typeof(long) ? "int64" : "float64";

    /// <summary>Floats except F32 (which needs no conversion), and integers that float32 holds exactly.</summary>
    public static bool ToSingle(SafetensorsDataType type, ReadOnlySpan<byte> bytes, Span<float> values, out int bad)
    {
        bad = -1;
        switch (type)
        {
            case SafetensorsDataType.F64:
                for (int i = 0; i < values.Length; i++) values[i] = (float)ReadDoubleLittleEndian(bytes[(i * 8)..]);
                return true;
            case SafetensorsDataType.F16:
                for (int i = 0; i < values.Length; i++) values[i] = (float)ReadHalfLittleEndian(bytes[(i * 2)..]);
                return true;
            case SafetensorsDataType.BF16:
                for (int i = 0; i < values.Length; i++)
                    values[i] = BitConverter.Int32BitsToSingle(ReadUInt16LittleEndian(bytes[(i * 2)..]) << 16);
                return true;
            case SafetensorsDataType.F8E5M2: // the upper byte of a half
                for (int i = 0; i < values.Length; i++)
                    values[i] = (float)BitConverter.UInt16BitsToHalf((ushort)(bytes[i] << 8));
                return true;
            case SafetensorsDataType.F8E4M3:
                for (int i = 0; i < values.Length; i++) values[i] = FromF8E4M3(bytes[i]);
                return true;
            default:
                for (int i = 0; i < values.Length; i++)
                {
                    bad = i;
                    if (!TryInteger(type, bytes, i, out long integer)) return false;
                    if (integer is < -MaxExactInteger or > MaxExactInteger) return false;
                    values[i] = integer;
                }

                bad = -1;
                return IsInteger(type);
        }
    }

    /// <summary>Integers and truth values.</summary>
    public static bool ToInt64(SafetensorsDataType type, ReadOnlySpan<byte> bytes, Span<long> values, out int bad)
    {
        for (int i = 0; i < values.Length; i++)
        {
            bad = i;
            if (!TryInteger(type, bytes, i, out values[i])) return false;
        }

        bad = -1;
        return IsInteger(type);
    }

    /// <summary>F32, F16 and BF16; F64 needs no conversion.</summary>
    public static bool ToDouble(SafetensorsDataType type, ReadOnlySpan<byte> bytes, Span<double> values, out int bad)
    {
        bad = -1;
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = type switch
            {
                SafetensorsDataType.F32 => ReadSingleLittleEndian(bytes[(i * 4)..]),
                SafetensorsDataType.F16 => (double)ReadHalfLittleEndian(bytes[(i * 2)..]),
                _ => BitConverter.Int32BitsToSingle(ReadUInt16LittleEndian(bytes[(i * 2)..]) << 16),
            };
        }

        return type is SafetensorsDataType.F32 or SafetensorsDataType.F16 or SafetensorsDataType.BF16;
    }

    /// <summary>An integer for an error text.</summary>
    public static string Describe(SafetensorsDataType type, ReadOnlySpan<byte> bytes, int element) =>
        type == SafetensorsDataType.U64
            ? ReadUInt64LittleEndian(bytes[(element * 8)..]).ToString()
            : TryInteger(type, bytes, element, out long value) ? value.ToString() : "a value";

    private static bool IsInteger(SafetensorsDataType type) => type is SafetensorsDataType.Bool
        or SafetensorsDataType.U8 or SafetensorsDataType.I8 or SafetensorsDataType.U16 or SafetensorsDataType.I16
        or SafetensorsDataType.U32 or SafetensorsDataType.I32 or SafetensorsDataType.U64 or SafetensorsDataType.I64;

    private static bool TryInteger(SafetensorsDataType type, ReadOnlySpan<byte> bytes, int i, out long value)
    {
        switch (type)
        {
            case SafetensorsDataType.Bool:
            case SafetensorsDataType.U8: value = bytes[i]; return true;
            case SafetensorsDataType.I8: value = (sbyte)bytes[i]; return true;
            case SafetensorsDataType.U16: value = ReadUInt16LittleEndian(bytes[(i * 2)..]); return true;
            case SafetensorsDataType.I16: value = ReadInt16LittleEndian(bytes[(i * 2)..]); return true;
            case SafetensorsDataType.U32: value = ReadUInt32LittleEndian(bytes[(i * 4)..]); return true;
            case SafetensorsDataType.I32: value = ReadInt32LittleEndian(bytes[(i * 4)..]); return true;
            case SafetensorsDataType.I64: value = ReadInt64LittleEndian(bytes[(i * 8)..]); return true;
            case SafetensorsDataType.U64:
                ulong unsigned = ReadUInt64LittleEndian(bytes[(i * 8)..]);
                value = unchecked((long)unsigned);
                return unsigned <= long.MaxValue;
            default: value = 0; return false;
        }
    }

    /// <summary>OCP 8-bit floating point specification 1.0: bias 7, no infinity, NaN is all ones.</summary>
    private static float FromF8E4M3(byte bits)
    {
        int exponent = (bits >> 3) & 15, mantissa = bits & 7;
        float magnitude = exponent == 15 && mantissa == 7 ? float.NaN
            : exponent == 0 ? mantissa * (1f / 512)                       // subnormal: mantissa / 8 * 2^-6
            : BitConverter.Int32BitsToSingle(((exponent - 7 + 127) << 23) | (mantissa << 20));
        return bits >= 128 ? -magnitude : magnitude;
    }
}
