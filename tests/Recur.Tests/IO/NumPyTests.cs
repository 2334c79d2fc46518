using System.Text;
using System.Text.Json;
using Recur.IO;

namespace Recur.Tests.IO;

/// <summary>Files of numpy.save and numpy.savez, bit for bit, and what breaks the format.</summary>
public sealed class NumPyTests
{
    public static TheoryData<string> Files
    {
        get
        {
            using JsonDocument json = Fixture.Open("numpy_files.json");
            return [.. json.RootElement.EnumerateObject().Select(f => f.Name)];
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Open_FileOfNumPy_HasItsValues(string name)
    {
        using JsonDocument json = Fixture.Open("numpy_files.json");
        var expected = json.RootElement.GetProperty(name).EnumerateObject().ToList();

        using var file = TensorFile.Open(new MemoryStream(Fixture.Bytes(name)), name);

        Assert.Equal(name.EndsWith(".npy", StringComparison.Ordinal) ? TensorFileFormat.Npy : TensorFileFormat.Npz, file.Format);
        Assert.Equal(expected.Select(e => e.Name), file.Entries.Select(e => e.Name));
        foreach ((JsonProperty e, TensorFileEntry entry) in expected.Zip(file.Entries))
            TorchFileTests.AssertSame(e.Value, entry.Name, entry.DataTypeName, entry.ReadTensor(), grad: false);
    }

    [Fact]
    public void Load_FilesOfNumPy_GiveTheSameAsOpen()
    {
        Assert.Equal([12], Npy.Load(new MemoryStream(Fixture.Bytes("version_2.npy")), "x").Shape);
        OrderedDictionary<string, Tensor> stored = Npz.Load(new MemoryStream(Fixture.Bytes("stored.npz")), "x");
        OrderedDictionary<string, Tensor> deflated = Npz.Load(new MemoryStream(Fixture.Bytes("deflated.npz")), "x");
        Assert.Equal(["x", "layer.weight", "count", "mask", "zeros"], stored.Keys);
        foreach ((string name, Tensor tensor) in stored) Assert.Equal(tensor.ToArray(), deflated[name].ToArray());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Save_Archive_IsReadAgain(bool compress)
    {
        using var folder = new TemporaryFolder();
        var tensors = new OrderedDictionary<string, Tensor>
        {
            ["a.weight"] = Tensor.From([1f, float.NaN, -0f, 4], [2, 2]),
            ["grüße"] = Tensor.Scalar(5),
            ["empty"] = Tensor.Zeros([0, 3]),
            ["long"] = Tensor.Ones([100_000]),
        };
        Npz.Save(folder["x.npz"], tensors, compress);
        OrderedDictionary<string, Tensor> again = Npz.Load(folder["x.npz"]);
        Assert.Equal(tensors.Keys, again.Keys);
        foreach ((string name, Tensor tensor) in tensors)
        {
            Assert.Equal(tensor.Shape, again[name].Shape);
            Assert.Equal(TorchFileTests.Bits(tensor), TorchFileTests.Bits(again[name]));
        }

        Assert.Equal(compress, new FileInfo(folder["x.npz"]).Length < 100_000);
        Npy.Save(folder["x.npy"], tensors["a.weight"]);
        Assert.Equal(TorchFileTests.Bits(tensors["a.weight"]), TorchFileTests.Bits(Npy.Load(folder["x.npy"])));
    }

    [Fact]
    public void Save_NameTwice_IsRefused() => Assert.Equal("Npz.Save: the name \"a\" comes twice.",
        Assert.Throws<ArgumentException>(
            () => Npz.Save(new MemoryStream(), [("a", Tensor.Scalar(1)), ("a", Tensor.Scalar(2))])).Message);

    [Theory]
    [InlineData("object", "is an array of Python objects (type O), which only running Python code could restore; save numbers.")]
    [InlineData("complex", "has the type \"<c8\" (complex numbers), which is not supported.")]
    [InlineData("text", "has the type \"<U2\" (texts), which is not supported.")]
    [InlineData("structured", "is a structured array (its type has fields); save each field as an array of its own.")]
    [InlineData("date", "has the type \"<M8[D]\" (dates or times), which is not supported.")]
    [InlineData("raw", "has the type \"|V3\" (raw bytes), which is not supported.")]
    [InlineData("long_double", "has the type \"<f16\" (another float), which is not supported.")]
    public void Load_WhatIsNotSupported_IsRefusedByName(string name, string sentence) =>
        Assert.Equal("x.npy: the array " + sentence, MessageOf(Fixture.Bytes($"refused_{name}.npy")));

    public static TheoryData<string, int, string> WrongHeaders => new()
    {
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 7, "must have 8 bytes of elements (F32 [2]) but has 7" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 9, "must have 8 bytes of elements (F32 [2]) but has 9" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (), }\n", 0, "must have 4 bytes of elements (F32 []) but has 0" },
        { "{'descr': '<f4', 'fortran_order': False}", 0, "has no shape in its header" },
        { "{'descr': '<f4', 'shape': ()}", 4, "has no fortran_order in its header" },
        { "{'fortran_order': False, 'shape': ()}", 4, "has no descr in its header" },
        { "{'descr': '<f4', 'descr': '<f4'}", 4, "has descr twice in its header" },
        { "{'x': 1}", 4, "has the unknown key \"x\" in its header" },
        { "", 4, "has a header that is not valid near its byte 0" },
        { "[]", 4, "has a header that is not valid near its byte 0" },
        { "{'descr'", 4, "has a header that is not valid near its byte 8" },
        { "{'descr': __import__('os').system('id')}", 4, "has a header that is not valid near its byte 10" },
        { "{'shape': (2)}", 4, "has a header that is not valid near its byte 12" },
        { "{'shape': (-2,)}", 4, "has a header that is not valid near its byte 11" },
        { "{'shape': (9223372036854775808,)}", 4, "has a dimension above 2^63-1" },
        { "{'descr': '<f4', 'fortran_order': 0, 'shape': ()}", 4, "has a header that is not valid near its byte 34" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': ()} x", 4, "has a header that is not valid near its byte 54" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", 4,
            "[4294967296, 4294967296] has more elements than any file can hold" },
        { "{'descr': '<f8', 'fortran_order': False, 'shape': (2305843009213693952,)}", 4,
            "[2305843009213693952] has more elements than any file can hold" },
        { "{'descr': 'x', 'fortran_order': False, 'shape': ()}", 4, "has the type \"x\", which is not supported" },
    };

    [Theory]
    [MemberData(nameof(WrongHeaders))]
    public void Load_WrongHeader_SaysWhy(string header, int dataLength, string sentence) =>
        Assert.Equal($"x.npy: the array {sentence}.", MessageOf(File(header, dataLength)));

    [Fact]
    public void Load_WrongFile_SaysWhy()
    {
        byte[] right = Fixture.Bytes("c_f4.npy");
        Assert.Equal("x.npy: the array has only 0 bytes; it is not a NumPy array.", MessageOf([]));
        Assert.Equal("x.npy: the array does not begin with \\x93NUMPY; it is not a NumPy array.", MessageOf([.. "NUMPYNUMPY"u8]));
        Assert.Equal("x.npy: the array has version 4.0 of the format but 1.0, 2.0 and 3.0 are known.", MessageOf([.. right[..6], 4, .. right[7..]]));
        Assert.Equal("x.npy: the array announces a header of 65535 bytes but at most 10000 are read.", MessageOf([.. right[..8], 255, 255, .. right[10..]]));
        Assert.Equal("x.npy: the array is cut off in its header.", MessageOf(right[..100]));
        Assert.Equal("x.npy: the array has more than 64 dimensions.",
            MessageOf(File("{'shape': (" + string.Concat(Enumerable.Repeat("1,", 65)) + ")}", 4)));
        Assert.Equal("x.npy: the array has 9 dimensions but at most 8 are supported.",
            MessageOf(File("{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}", 4)));
        for (int length = 0; length < right.Length; length++) MessageOf(right[..length]);
    }

    internal static byte[] File(string header, int dataLength) =>
        [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, (byte)(header.Length >> 8), .. Encoding.Latin1.GetBytes(header), .. new byte[dataLength]];

    private static string MessageOf(byte[] file) =>
        Assert.Throws<ModelFormatException>(() => Npy.Load(new MemoryStream(file), "x.npy")).Message;
}
