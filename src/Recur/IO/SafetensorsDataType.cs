using System.Diagnostics.CodeAnalysis;

namespace Recur.IO;

/// <summary>The element types a safetensors file can hold, by their names in the file (without underscores).</summary>
[SuppressMessage("Naming", "CA1720", Justification = "The format's own names.")]
public enum SafetensorsDataType
{
    /// <summary>A truth value, one byte, 0 or 1.</summary>
    Bool,

    /// <summary>4-bit float, two to a byte.</summary>
    F4,

    /// <summary>6-bit float: 2 bits of exponent, 3 of mantissa.</summary>
    F6E2M3,

    /// <summary>6-bit float: 3 bits of exponent, 2 of mantissa.</summary>
    F6E3M2,

    /// <summary>Unsigned 8-bit integer.</summary>
    U8,

    /// <summary>Signed 8-bit integer.</summary>
    I8,

    /// <summary>8-bit float: 5 bits of exponent, 2 of mantissa, with infinities.</summary>
    F8E5M2,

    /// <summary>8-bit float: 4 bits of exponent, 3 of mantissa, no infinities, largest value 448.</summary>
    F8E4M3,

    /// <summary>8-bit scale: a power of two.</summary>
    F8E8M0,

    /// <summary>F8E4M3 with one zero, one NaN and a shifted exponent.</summary>
    F8E4M3Fnuz,

    /// <summary>F8E5M2 with one zero, one NaN and a shifted exponent.</summary>
    F8E5M2Fnuz,

    /// <summary>Signed 16-bit integer.</summary>
    I16,

    /// <summary>Unsigned 16-bit integer.</summary>
    U16,

    /// <summary>IEEE half precision.</summary>
    F16,

    /// <summary>The upper half of a float32.</summary>
    BF16,

    /// <summary>Signed 32-bit integer.</summary>
    I32,

    /// <summary>Unsigned 32-bit integer.</summary>
    U32,

    /// <summary>IEEE single precision: the type of a <see cref="Tensor"/>.</summary>
    F32,

    /// <summary>Complex number of two float32.</summary>
    C64,

    /// <summary>IEEE double precision.</summary>
    F64,

    /// <summary>Signed 64-bit integer.</summary>
    I64,

    /// <summary>Unsigned 64-bit integer.</summary>
    U64,
}

/// <summary>Names and sizes of the element types.</summary>
internal static class SafetensorsDataTypes
{
    // In the order of the enum. Names and sizes: huggingface/safetensors, safetensors/src/tensor.rs, enum Dtype.
    private static readonly (string Name, int Bits)[] Table =
    [
        ("BOOL", 8), ("F4", 4), ("F6_E2M3", 6), ("F6_E3M2", 6), ("U8", 8), ("I8", 8), ("F8_E5M2", 8), ("F8_E4M3", 8),
        ("F8_E8M0", 8), ("F8_E4M3FNUZ", 8), ("F8_E5M2FNUZ", 8), ("I16", 16), ("U16", 16), ("F16", 16), ("BF16", 16),
        ("I32", 32), ("U32", 32), ("F32", 32), ("C64", 64), ("F64", 64), ("I64", 64), ("U64", 64),
    ];

    /// <summary>The name in the file, such as <c>F8_E4M3</c>.</summary>
    public static string FileName(this SafetensorsDataType type) => Table[(int)type].Name;

    /// <summary>Bits per element.</summary>
    public static int Bits(this SafetensorsDataType type) => Table[(int)type].Bits;

    public static bool TryParse(string name, out SafetensorsDataType type)
    {
        for (int i = 0; i < Table.Length; i++)
        {
            if (Table[i].Name != name) continue;
            type = (SafetensorsDataType)i;
            return true;
        }

        type = default;
        return false;
    }
}
