using Recur.IO;
using static Recur.Tests.IO.PickleBytes;

namespace Recur.Tests.IO;

/// <summary>100,000 mutated files of each format.</summary>
public sealed class SafetensorsFuzzTests
{
    [Fact]
    public void Load_MutatedFiles_FailOnlyAsPromised()
    {
        var stream = new MemoryStream();
        Safetensors.Save(stream,
            [("rnn.weight_ih_l0", Tensor.Ones([4, 3])), ("rnn.bias", Tensor.Ones([4])), ("e", Tensor.Zeros([0]))],
            new Dictionary<string, string> { ["config"] = "{\"hidden\":4}" });
        byte[][] seeds =
        [
            stream.ToArray(),
            Raw.File("""{"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},"b":{"dtype":"F16","shape":[2,1],"data_offsets":[8,12]},"c":{"dtype":"BOOL","shape":[],"data_offsets":[12,13]}}""", new byte[13]),
            Raw.File("""{"__metadata__":{"a":"\u00e9","b":""},"t":{"shape":[1,2,2],"data_offsets":[0,4],"dtype":"F8_E4M3"}}""", [1, 2, 3, 4]),
        ];
        byte[][] tokens = Fuzz.Texts("{", "}", "[", "]", "\"", ":", ",", "-", "1e9", "9223372036854775807",
            "18446744073709551616", "null", "\\ud800", "F64", "__metadata__", "0", "2", "\u00ff");
        // Names and shapes of a header become objects; a rented chunk for conversions.
        Fuzz.Run(seeds, tokens, s => Safetensors.Load(s, "fuzz"), perByte: 64, fixedCost: 256 * 1024);
    }
}

/// <summary>The instructions and names of pickles.</summary>
internal static class PickleTokens
{
    public static byte[][] All { get; } =
    [
        .. Fuzz.Texts(".", "(", ")", "]", "}", "0", "1", "2", "a", "e", "s", "u", "t", "l", "d", "N", "R", "b", "Q", "q\0", "h\0",
            "h\u0001", "\u0081", "\u0085", "\u0086", "\u0087", "\u0088", "\u0089", "\u008f", "\u0090", "\u0091", "\u0093", "\u0094",
            "K\u0001", "K\0", "]q\0h\0a"),
        Int(-1), Int(long.MaxValue), Int(3), Int(0), Unicode("storage"), Unicode("0"), Unicode("a"),
        Global("collections", "OrderedDict"), Global("collections", "Counter"), Global("collections", "defaultdict"),
        Global("torch._utils", "_rebuild_tensor_v2"), Global("torch._utils", "_rebuild_tensor"),
        Global("torch._utils", "_rebuild_tensor_v3"), Global("torch._utils", "_rebuild_parameter"),
        Global("torch._tensor", "_rebuild_from_type_v2"), Global("torch", "FloatStorage"), Global("torch", "Size"),
        Global("torch", "device"), Global("_codecs", "encode"), Global("builtins", "set"), Global("builtins", "bytearray"),
        Global("numpy", "dtype"), Global("numpy.core.multiarray", "scalar"), Global("posix", "system"), Tuple(2, 2), Tuple(0, 1),
        Storage("0", 3), Tensor(Storage("0", 3), 0, [3], [1]),
    ];

    /// <summary>Everything is looked at: all tensors are read.</summary>
    public static void ReadAll(Stream stream)
    {
        using var file = TorchFile.Open(stream, "fuzz", leaveOpen: true);
        _ = file.ReadTensors("");
    }
}

/// <summary>PyTorch's archives.</summary>
public sealed class TorchArchiveFuzzTests
{
    [Fact]
    public void Open_MutatedFiles_FailOnlyAsPromised()
    {
        byte[][] seeds =
        [
            Fixture.Bytes("views.pt"), Fixture.Bytes("tied.pt"), Fixture.Bytes("layout_2x_v3.pt"), Fixture.Bytes("nested_4.pt"),
            Archive(Pickle("}", Unicode("a"), Tensor(Storage("0", 3), 0, [3], [1]), "s"), ("data/0", new byte[12])),
        ];
        byte[][] tokens = [.. PickleTokens.All, .. Fuzz.Texts("PK\u0001\u0002", "PK\u0003\u0004", "PK\u0005\u0006", "PK\u0006\u0007")];
        // A tensor may be expanded: 2^22 elements of float32 beyond the file's own, its copy and their source.
        Fuzz.Run(seeds, tokens, PickleTokens.ReadAll, perByte: 512, fixedCost: 48 << 20);
    }
}

/// <summary>PyTorch's older form.</summary>
public sealed class TorchLegacyFuzzTests
{
    [Fact]
    public void Open_MutatedFiles_FailOnlyAsPromised()
    {
        byte[][] seeds =
        [
            Fixture.Bytes("views_legacy.pt"), Fixture.Bytes("types_legacy.pt"), Fixture.Bytes("nested_2_legacy.pt"),
            Fixture.Bytes("nested_5_legacy.pt"), Legacy(Pickle("}", Unicode("a"), Unicode("b"), "s")),
        ];
        Fuzz.Run(seeds, PickleTokens.All, PickleTokens.ReadAll, perByte: 512, fixedCost: 48 << 20);
    }
}

/// <summary>Pickles alone, in an archive that is right, so that every change reaches the reader.</summary>
public sealed class PickleFuzzTests
{
    [Fact]
    public void Open_MutatedPickles_FailOnlyAsPromised()
    {
        byte[] tensor = Tensor(Storage("0", 3), 0, [3], [1]);
        byte[][] seeds =
        [
            Pickle("}(", Unicode("a"), tensor, Unicode("b"), Tensor(Storage("0", 3), 1, [2, 1], [1, 1]), "u"),
            Pickle("](", Unicode("x"), "q\0h\0K\u0001", Int(5), "}", Unicode("k"), "Ns", "e"),
            Pickle(Global("collections", "OrderedDict"), ")R(", Unicode("w"), "q\u0001", tensor, Unicode("n"), "h\u0001u}b"),
            [0x80, 4, .. Join("]\u0094(", Unicode("a"), 0x94, Unicode("collections"), Unicode("OrderedDict"), 0x93, 0x94, ")Re.")],
        ];
        Fuzz.Run(seeds, PickleTokens.All, stream =>
        {
            var pickle = new byte[stream.Length];
            stream.ReadExactly(pickle);
            PickleTokens.ReadAll(new MemoryStream(Archive(pickle, ("data/0", new byte[12]))));
        }, perByte: 512, fixedCost: 48 << 20);
    }
}

/// <summary>Single arrays of NumPy.</summary>
public sealed class NpyFuzzTests
{
    public static byte[][] Tokens { get; } = Fuzz.Texts(
        "{", "}", "(", ")", "'", "\"", ":", ",", "-", "1", "0", "12", "9223372036854775807", "18446744073709551616", "True", "False",
        "descr", "shape", "fortran_order", "<f8", ">f4", "|b1", "|O", "<u8", "\\", "L", "\u0093NUMPY");

    [Fact]
    public void Load_MutatedFiles_FailOnlyAsPromised()
    {
        byte[][] seeds =
        [
            Fixture.Bytes("c_f4.npy"), Fixture.Bytes("fortran_big_f8.npy"), Fixture.Bytes("c_b1.npy"), Fixture.Bytes("version_3.npy"),
            Fixture.Bytes("big_u8.npy"), Fixture.Bytes("empty.npy"), NumPyTests.File("{'descr':'<f2','fortran_order':True,'shape':(2,2)}", 8),
        ];
        Fuzz.Run(seeds, Tokens, s => Npy.Load(s, "fuzz"), perByte: 64, fixedCost: 256 * 1024);
    }
}

/// <summary>Archives of NumPy.</summary>
public sealed class NpzFuzzTests
{
    [Fact]
    public void Load_MutatedFiles_FailOnlyAsPromised()
    {
        var small = new MemoryStream();
        Npz.Save(small, [("a", Tensor.Ones([3])), ("b", Tensor.Ones([2, 2]))]);
        var packed = new MemoryStream();
        Npz.Save(packed, [("a", Tensor.Ones([3])), ("z", Tensor.Zeros([500]))], compress: true);
        byte[][] seeds = [small.ToArray(), packed.ToArray(), Fixture.Bytes("deflated.npz")];
        byte[][] tokens = [.. NpyFuzzTests.Tokens, .. Fuzz.Texts("PK\u0001\u0002", "PK\u0003\u0004", "PK\u0005\u0006", "PK\u0006\u0007")];
        // Deflate unpacks one byte to at most 1032, and a byte becomes a float32.
        Fuzz.Run(seeds, tokens, s => Npz.Load(s, "fuzz"), perByte: 5 * 1032, fixedCost: 256 * 1024);
    }
}
