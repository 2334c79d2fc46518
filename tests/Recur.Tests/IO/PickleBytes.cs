using System.Buffers.Binary;
using System.Text;
using Recur.IO;

namespace Recur.Tests.IO;

/// <summary>Pickles and archives byte by byte, right and wrong ones.</summary>
internal static class PickleBytes
{
    /// <summary>Protocol 2; STOP is added.</summary>
    public static byte[] Pickle(params object[] parts) => [0x80, 2, .. Join(parts), (byte)'.'];

    /// <summary>Instructions: a text is itself in Latin-1, a byte or byte array too.</summary>
    public static byte[] Join(params object[] parts)
    {
        var bytes = new List<byte>();
        foreach (object part in parts)
        {
            if (part is string text) bytes.AddRange(Encoding.Latin1.GetBytes(text));
            else if (part is byte[] array) bytes.AddRange(array);
            else bytes.Add((byte)(int)part);
        }

        return [.. bytes];
    }

    public static byte[] Global(string module, string name) => Join($"c{module}\n{name}\n");

    public static byte[] Unicode(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, utf8.Length);
        return Join("X", length, utf8);
    }

    public static byte[] Int(long value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return Join(0x8a, 8, bytes);
    }

    /// <summary>The reference to a storage of float32.</summary>
    public static byte[] Storage(string key, long count, string type = "FloatStorage") =>
        Join("(", Unicode("storage"), Global("torch", type), Unicode(key), Unicode("cpu"), Int(count), "tQ");

    /// <summary>A tensor of torch._utils._rebuild_tensor_v2.</summary>
    public static byte[] Tensor(byte[] storage, long offset, long[] size, long[] stride) => Join(
        Global("torch._utils", "_rebuild_tensor_v2"), "(", storage, Int(offset), Tuple(size), Tuple(stride), 0x89,
        Global("collections", "OrderedDict"), ")RtR");

    public static byte[] Tuple(params long[] values) => Join(["(", .. values.Select(object (v) => Int(v)), "t"]);

    /// <summary>An archive with this pickle and storages.</summary>
    public static byte[] Archive(byte[] pickle, params (string Name, byte[] Bytes)[] entries)
    {
        var stream = new MemoryStream();
        var zip = new ZipWriter(stream);
        zip.AddStored("a/data.pkl", write => write(pickle));
        foreach ((string name, byte[] bytes) in entries) zip.AddStored("a/" + name, write => write(bytes));
        zip.Finish();
        return stream.ToArray();
    }

    /// <summary>A legacy file with this pickle and no storages.</summary>
    public static byte[] Legacy(byte[] pickle) =>
    [
        .. Pickle(0x8a, 10, new byte[] { 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19 }),
        .. Pickle("M", 0xe9, 3), .. Pickle("}", Unicode("little_endian"), 0x88, "s"), .. pickle, .. Pickle("]"),
    ];
}
