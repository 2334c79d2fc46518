using System.Buffers.Binary;
using System.Text;

namespace Recur.Tests.IO;

/// <summary>Builds safetensors files byte by byte, right and wrong ones.</summary>
internal static class Raw
{
    public static byte[] File(string header, byte[] data) => File(Encoding.UTF8.GetBytes(header), data);

    public static byte[] File(byte[] header, byte[] data, ulong? announcedLength = null)
    {
        var file = new byte[8 + header.Length + data.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(file, announcedLength ?? (ulong)header.Length);
        header.CopyTo(file, 8);
        data.CopyTo(file, 8 + header.Length);
        return file;
    }
}
