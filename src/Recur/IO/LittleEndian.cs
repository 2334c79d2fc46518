namespace Recur.IO;

/// <summary>The byte order of the file formats.</summary>
internal static class LittleEndian
{
    /// <summary>Turns elements of <paramref name="size"/> bytes from the file's order into the machine's, or back;
    /// nothing on little-endian machines.</summary>
    public static void Swap(Span<byte> bytes, int size)
    {
        if (BitConverter.IsLittleEndian || size <= 1) return;
        for (int i = 0; i + size <= bytes.Length; i += size) bytes.Slice(i, size).Reverse();
    }
}
