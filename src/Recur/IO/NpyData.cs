namespace Recur.IO;

/// <summary>The elements of a NumPy array, brought to little-endian and row-major order.</summary>
internal static class NpyData
{
    /// <summary>Reads an array from its first byte to its last as float32.</summary>
    public static Tensor ReadTensor(ByteReader reader, string what)
    {
        var header = NpyHeader.Read(reader);
        Tensor tensor = Elements.ToTensor(
            reader.File.Name, what, header.Type, header.Dimensions, Next(reader, header, what));
        reader.Finish();
        return tensor;
    }

    /// <summary>Reads an array from its first byte to its last, whatever its type.</summary>
    public static byte[] ReadBytes(ByteReader reader, string what)
    {
        var header = NpyHeader.Read(reader);
        var bytes = new byte[CheckedLength(reader, what)];
        Next(reader, header, what)(bytes);
        reader.Finish();
        return bytes;
    }

    private static Elements.NextBytes Next(ByteReader reader, NpyHeader header, string what)
    {
        int size = header.Type.Size();
        if (!header.IsFortran || header.Dimensions.Length < 2)
        {
            return bytes =>
            {
                reader.Read(bytes);
                if (header.IsBigEndian) Elements.Reverse(bytes, size);
            };
        }

        // The first dimension lies innermost: all is read, then gathered.
        byte[]? ordered = null;
        int done = 0;
        return bytes =>
        {
            ordered ??= ReadFortran(reader, header, what);
            ordered.AsSpan(done, bytes.Length).CopyTo(bytes);
            done += bytes.Length;
        };
    }

    private static byte[] ReadFortran(ByteReader reader, NpyHeader header, string what)
    {
        int size = header.Type.Size();
        var bytes = new byte[CheckedLength(reader, what)];
        reader.Read(bytes);
        if (header.IsBigEndian) Elements.Reverse(bytes, size);
        var strides = new long[header.Dimensions.Length];
        for (long d = 0, step = 1; d < strides.Length; d++)
        {
            strides[d] = step;
            step *= header.Dimensions[d];
        }

        var ordered = new byte[bytes.Length];
        Elements.Gather(bytes, size, header.Dimensions, strides, ordered);
        return ordered;
    }

    private static long CheckedLength(ByteReader reader, string what)
    {
        if (reader.Remaining > Array.MaxLength)
            reader.File.Fail($"{what} has {reader.Remaining} bytes, more than an array can hold");
        return reader.Remaining;
    }
}
