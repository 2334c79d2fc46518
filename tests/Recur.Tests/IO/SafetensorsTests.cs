using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Recur.IO;

namespace Recur.Tests.IO;

public sealed class SafetensorsTests
{
    [Fact]
    public void Load_FileMadeByPyTorchValues_GivesTheSameBits()
    {
        using JsonDocument fixture = Fixture.Open("safetensors_foreign.json");
        byte[] file = fixture.RootElement.GetProperty("file").GetBytesFromBase64();
        OrderedDictionary<string, Tensor> tensors = Safetensors.Load(new MemoryStream(file), "x");

        JsonElement expected = fixture.RootElement.GetProperty("tensors");
        Assert.Equal(expected.EnumerateObject().Select(p => p.Name), tensors.Keys);
        foreach (JsonProperty p in expected.EnumerateObject())
        {
            Tensor actual = tensors[p.Name];
            Assert.Equal(p.Value.GetProperty("shape").EnumerateArray().Select(d => d.GetInt32()), actual.Shape);
            Assert.Equal(p.Value.GetProperty("float32_bits").EnumerateArray().Select(d => d.GetInt32()), Bits(actual));
        }
    }

    [Fact]
    public void Open_ForeignFile_TellsTheHeader()
    {
        using JsonDocument fixture = Fixture.Open("safetensors_foreign.json");
        byte[] bytes = fixture.RootElement.GetProperty("file").GetBytesFromBase64();
        using var file = SafetensorsFile.Open(new MemoryStream(bytes), "x");

        Assert.Equal(bytes.Length, file.FileLength);
        Assert.Equal("grüße ✓", file.Metadata["note"]);
        Assert.Equal("x.F64 F64 [2, 5]", file.Entries[0].ToString());
        Assert.Equal((10L, 0L, 80L, 80L), (file.Entries[0].ElementCount, file.Entries[0].Begin, file.Entries[0].End, file.Entries[0].ByteLength));
        Assert.Equal([0L, 1, -1, 127, -128], file.ReadInt64("x.I8"));
        Assert.Equal([0L, 1, 255], file.ReadInt64("x.U8"));
        Assert.Equal([1L, 0, 1], file.ReadInt64("x.BOOL"));
        Assert.Equal(3.1415926, file.ReadDouble("x.F64")[8]);
        Assert.Equal([0, 1, 255], file.ReadBytes("x.U8"));
        Assert.False(file.Contains("y"));
    }

    /// <summary>The bytes of the example in the format's reference documentation.</summary>
    [Fact]
    public void Load_ReferenceExample_IsFourZeros()
    {
        byte[] file = [.. "<\0\0\0\0\0\0\0{\"test\":{\"dtype\":\"I32\",\"shape\":[2,2],\"data_offsets\":[0,16]}}"u8, .. new byte[16]];
        Tensor test = Assert.Single(Safetensors.Load(new MemoryStream(file), "x")).Value;
        Assert.Equal([2, 2], test.Shape);
        Assert.Equal(new float[4], test.ToArray());
    }

    [Fact]
    public void Save_OneTensor_WritesTheDocumentedBytes()
    {
        var stream = new MemoryStream();
        Safetensors.Save(stream, [("w", Tensor.From([1f, 2f], [1, 2]))], new Dictionary<string, string> { ["b"] = "2", ["a"] = "é" });
        const string header = """{"__metadata__":{"a":"é","b":"2"},"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}""";
        byte[] json = Encoding.UTF8.GetBytes(header);
        int padded = (json.Length + 7) / 8 * 8;
        byte[] expected = [(byte)padded, 0, 0, 0, 0, 0, 0, 0, .. json, .. Enumerable.Repeat((byte)' ', padded - json.Length),
            0, 0, 0x80, 0x3f, 0, 0, 0, 0x40];
        Assert.Equal(expected, stream.ToArray());
    }

    [Fact]
    public void SaveLoad_SpecialValues_AreBitEqual()
    {
        int[] bits =
        [
            0, int.MinValue, 1, unchecked((int)0x80000001), 0x007fffff, 0x00800000, 0x7f7fffff, 0x7f800000, unchecked((int)0xff800000),
            0x7fc00000, 0x7fc12345, 0x7f800001, unchecked((int)0xffffffff), 0x3f800000,
        ];
        var special = new float[bits.Length];
        for (int i = 0; i < bits.Length; i++) special[i] = BitConverter.Int32BitsToSingle(bits[i]);
        using var folder = new TemporaryFolder();
        (string, Tensor)[] saved =
        [
            ("z.special", Tensor.From(special)), ("a.scalar", Tensor.Scalar(3f)), ("m.empty", Tensor.Zeros([0, 4])),
            ("λ \"quoted\"\n", Tensor.Ones([1, 2, 3, 1])), ("", Tensor.Ones([1])),
        ];
        Safetensors.Save(folder["t.safetensors"], saved);

        OrderedDictionary<string, Tensor> loaded = Safetensors.Load(folder["t.safetensors"], out IReadOnlyDictionary<string, string> metadata);
        Assert.Empty(metadata);
        Assert.Equal(saved.Select(s => s.Item1), loaded.Keys);
        foreach ((string name, Tensor value) in saved)
        {
            Assert.Equal(value.Shape, loaded[name].Shape);
            Assert.Equal(Bits(value), Bits(loaded[name]));
        }

        byte[] first = File.ReadAllBytes(folder["t.safetensors"]);
        Assert.Equal(0, (int)BinaryPrimitives.ReadInt64LittleEndian(first) % 8);
        Safetensors.Save(folder["u.safetensors"], loaded);
        Assert.Equal(first, File.ReadAllBytes(folder["u.safetensors"]));
        Assert.Equal(["t.safetensors", "u.safetensors"], folder.Files());
    }

    [Fact]
    public void Writer_MixedTypes_AlignsAndKeepsExactly()
    {
        var writer = new SafetensorsWriter();
        writer.Add("bytes", [1, 2, 3]);
        writer.Add("float", Tensor.From([1f]));
        writer.Add("long", long.MinValue + 1);
        writer.Add("double", BitConverter.Int64BitsToDouble(unchecked((long)0xfff8_0000_0000_1234)));
        writer.Add("doubles", [0.1, -0.0]);
        var stream = new MemoryStream();
        writer.WriteTo(stream);
        stream.Position = 0;
        using var file = SafetensorsFile.Open(stream, "x");
        Assert.Equal(["long", "double", "doubles", "float", "bytes"], file.Entries.Select(e => e.Name));
        Assert.Equal([long.MinValue + 1], file.ReadInt64("long"));
        Assert.Equal(unchecked((long)0xfff8_0000_0000_1234), BitConverter.DoubleToInt64Bits(file.ReadDouble("double")[0]));
        Assert.Equal([0.1, -0.0], file.ReadDouble("doubles"));
        Assert.Equal([1, 2, 3], file.ReadBytes("bytes"));
    }

    /// <summary>Values by hand from the OCP 8-bit floating point specification 1.0, tables 1 and 2.</summary>
    [Fact]
    public void Load_EightBitFloats_FollowTheSpecification()
    {
        byte[] e4m3 = [0x00, 0x80, 0x01, 0x07, 0x08, 0x38, 0xb8, 0x7e, 0xfe, 0x7f];
        byte[] e5m2 = [0x00, 0x80, 0x01, 0x03, 0x04, 0x3c, 0xbc, 0x7b, 0x7c, 0xfc, 0x7e];
        const string header = """{"a":{"dtype":"F8_E4M3","shape":[10],"data_offsets":[0,10]},"b":{"dtype":"F8_E5M2","shape":[11],"data_offsets":[10,21]}}""";
        OrderedDictionary<string, Tensor> t = Safetensors.Load(new MemoryStream(Raw.File(header, [.. e4m3, .. e5m2])), "x");
        Assert.Equal([0f, -0f, 1f / 512, 7f / 512, 1f / 64, 1f, -1f, 448f, -448f, float.NaN], t["a"].ToArray());
        Assert.Equal([0f, -0f, 1f / 65536, 3f / 65536, 1f / 16384, 1f, -1f, 57344f, float.PositiveInfinity, float.NegativeInfinity, float.NaN], t["b"].ToArray());
    }

    [Fact]
    public void Load_LargerThanAChunk_ConvertsEveryElement()
    {
        const int n = 20_001;
        var data = new byte[n * 2];
        for (int i = 0; i < n; i++) BinaryPrimitives.WriteHalfLittleEndian(data.AsSpan(i * 2), (Half)(i % 1000));
        const string header = """{"a":{"dtype":"F16","shape":[20001],"data_offsets":[0,40002]}}""";
        float[] values = Safetensors.Load(new MemoryStream(Raw.File(header, data)), "x")["a"].ToArray();
        for (int i = 0; i < n; i++) Assert.Equal(i % 1000, values[i]);
    }

    [Fact]
    public void Open_StreamNotAtItsStart_ReadsFromThere()
    {
        var stream = new MemoryStream([9, 9, 9, .. Raw.File("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", [7])]) { Position = 3 };
        Assert.Equal([7f], Safetensors.Load(stream, "x")["a"].ToArray());
    }

    [Fact]
    public void Save_WrongNames_SayWhichAndLeaveNothing()
    {
        using var folder = new TemporaryFolder();
        Tensor t = Tensor.Ones([1]);
        Assert.Equal("Safetensors.Save: the name \"a\" comes twice.", Message([("a", t), ("a", t)]));
        Assert.Equal("Safetensors.Save: no tensor can be named \"__metadata__\"; the format keeps that name for itself.", Message([("__metadata__", t)]));
        Assert.Equal("Safetensors.Save: the tensor name is not valid Unicode.", Message([("\ud800", t)]));
        Assert.Empty(folder.Files());

        string Message((string, Tensor)[] tensors) =>
            Assert.Throws<ArgumentException>(() => Safetensors.Save(folder["x"], tensors)).Message;
    }

    [Fact]
    public void Open_NoSuchFile_IsOneSentence()
    {
        using var folder = new TemporaryFolder();
        var missing = Assert.Throws<FileNotFoundException>(() => Safetensors.Load(folder["no.safetensors"]));
        Assert.Equal($"{folder["no.safetensors"]}: the file does not exist.", missing.Message);
        var directory = Assert.Throws<IOException>(() => Safetensors.Load(folder.Path));
        Assert.Equal($"{folder.Path}: is a directory, not a file.", directory.Message);
    }

    private static int[] Bits(Tensor t) => [.. t.ToArray().Select(BitConverter.SingleToInt32Bits)];
}
