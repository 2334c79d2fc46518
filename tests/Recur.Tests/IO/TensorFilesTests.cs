using Recur.IO;
using Recur.Nn;

namespace Recur.Tests.IO;

/// <summary>Any format into any other.</summary>
public sealed class TensorFilesTests
{
    public static TheoryData<string, string> Pairs
    {
        get
        {
            string[] sources = ["types.pt", "types_legacy.pt", "views.pt", "state_dict.pt", "stored.npz", "deflated.npz", "c_f8.npy", "fortran_f4.npy"];
            var pairs = new TheoryData<string, string>();
            foreach (string source in sources)
                foreach (string target in (string[])[".safetensors", ".pt", ".pth", ".npz", ".npy"])
                    if (target != ".npy" || source.EndsWith(".npy", StringComparison.Ordinal)) pairs.Add(source, target);
            return pairs;
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Convert_AnyToAny_KeepsNamesTypesAndValues(string source, string extension)
    {
        using var folder = new TemporaryFolder();
        string from = folder[source], to = folder[Path.GetFileNameWithoutExtension(source) + ".out" + extension];
        if (extension == ".npy") to = folder["out/" + source]; // the name of the file is the name of its tensor
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        File.WriteAllBytes(from, Fixture.Bytes(source));

        TensorConversion done = TensorFiles.Convert(from, to);

        using var before = TensorFile.Open(from);
        using var after = TensorFile.Open(to);
        Assert.Equal(TensorFileFormats.ByExtension(to), after.Format);
        Assert.Equal((before.Entries.Count, before.Entries.Sum(e => e.ElementCount)), (done.Tensors, done.Elements));
        foreach (TensorFileEntry old in before.Entries)
        {
            TensorFileEntry changed = after.Entries.Single(e => e.Name == old.Name);
            bool isWidened = extension == ".npz" && old.DataTypeName == "BF16";
            Assert.Equal(isWidened, done.Widened.Contains(old.Name));
            Assert.Equal(isWidened ? "F32" : old.DataTypeName, changed.DataTypeName);
            Assert.Equal(old.Dimensions, changed.Dimensions);
            Assert.Equal(TorchFileTests.Bits(old.ReadTensor()), TorchFileTests.Bits(changed.ReadTensor()));
        }
    }

    [Fact]
    public void Convert_CheckpointWithPrefix_TakesTheModel()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["adam.pt"], Fixture.Bytes("adam.pt"));

        TensorConversion done = TensorFiles.Convert(folder["adam.pt"], folder["m.safetensors"], "model.");
        Assert.Equal(10, done.Tensors);
        Assert.NotEqual(0, done.LeftOut);
        OrderedDictionary<string, Tensor> model = Safetensors.Load(folder["m.safetensors"]);
        Assert.Equal(TorchFile.LoadTensors(folder["adam.pt"], "model.").Keys.Order(), model.Keys.Order());

        TensorFiles.Convert(folder["adam.pt"], folder["whole.pt"]);
        Assert.Equal(3, TorchFile.Load(folder["whole.pt"])["epoch"].ToInt64());

        TensorFiles.Convert(folder["adam.pt"], folder["bias.npy"], "model.head.bias");
        Assert.Equal(model["head.bias"].ToArray(), Npy.Load(folder["bias.npy"]).ToArray());

        Assert.Equal($"{folder["x.npy"]}: a .npy file holds one tensor but there are 2; write .npz, or choose one.",
            Assert.Throws<ArgumentException>(() => TensorFiles.Convert(folder["adam.pt"], folder["x.npy"], "model.head.")).Message);
        Assert.Equal("adam.pt: there is no tensor whose name begins with \"modl.\".",
            Assert.Throws<ModelFormatException>(() => TensorFiles.Convert(folder["adam.pt"], folder["x.pt"], "modl.")).Message);
        Assert.Equal($"{folder["x.bin"]}: the extension must be .safetensors, .pt, .pth, .npy or .npz, so that the format is known.",
            Assert.Throws<ArgumentException>(() => TensorFiles.Convert(folder["adam.pt"], folder["x.bin"])).Message);
    }

    [Fact]
    public void Convert_TypesThatTheFormatDoesNotHave_BecomeLonger()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["v3.pt"], Fixture.Bytes("layout_2x_v3.pt"));
        TensorFiles.Convert(folder["v3.pt"], folder["v3.safetensors"]);
        TensorConversion done = TensorFiles.Convert(folder["v3.safetensors"], folder["out.pt"]);

        Assert.Equal(["float8_e4m3fn", "float8_e5m2", "uint16", "uint32", "uint64"], done.Widened.Order(StringComparer.Ordinal));
        using var before = TensorFile.Open(folder["v3.pt"]);
        TorchValue after = TorchFile.Load(folder["out.pt"]);
        foreach (TensorFileEntry e in before.Entries)
            Assert.Equal(TorchFileTests.Bits(e.ReadTensor()), TorchFileTests.Bits(after[e.Name].ToTensor()));
        Assert.Equal("I32", after["uint16"].AsTensor().DataTypeName);
        Assert.Equal("I64", after["uint32"].AsTensor().DataTypeName);
        Assert.Equal("F32", after["float8_e5m2"].AsTensor().DataTypeName);
    }

    [Theory]
    [InlineData("types.pt", "data.bin", TensorFileFormat.Torch)]
    [InlineData("types_legacy.pt", "data.npz", TensorFileFormat.Torch)]
    [InlineData("stored.npz", "data.pt", TensorFileFormat.Torch)] // an archive without a pickle: the extension decides
    [InlineData("stored.npz", "data.bin", TensorFileFormat.Npz)]
    [InlineData("c_f4.npy", "data.safetensors", TensorFileFormat.Npy)]
    public void Open_AnyName_RecognisesTheContent(string fixture, string name, TensorFileFormat format)
    {
        var stream = new MemoryStream(Fixture.Bytes(fixture));
        if (fixture == "stored.npz" && format == TensorFileFormat.Torch)
        {
            Assert.Equal("data.pt: the zip archive has no data.pkl; it is not a file of torch.save.",
                Assert.Throws<ModelFormatException>(() => TensorFile.Open(stream, name)).Message);
            return;
        }

        using var file = TensorFile.Open(stream, name);
        Assert.Equal(format, file.Format);
    }

    [Theory]
    [InlineData("x.pt", "x.pt: this is not a file of torch.save: it is neither a zip archive nor a pickle.")]
    [InlineData("x.npy", "x.npy: the array does not begin with \\x93NUMPY; it is not a NumPy array.")]
    [InlineData("x.npz", "x.npz: the zip archive has no directory at its end; the file is cut off.")]
    [InlineData("x", "x: the header may have at most 100,000,000 bytes but announces 3546357246788395364; this is not a safetensors file.")]
    public void Open_Text_SaysWhatTheExtensionPromised(string name, string sentence) => Assert.Equal(sentence,
        Assert.Throws<ModelFormatException>(() => TensorFile.Open(new MemoryStream([.. "date 171,25"u8]), name)).Message);

    [Theory]
    [InlineData("m.pt")]
    [InlineData("m.npz")]
    [InlineData("m.safetensors")]
    public void Save_Module_IsLoadedAgain(string name)
    {
        using var folder = new TemporaryFolder();
        var saved = new Sequential(new Linear(3, 2), new Linear(2, 1));
        var loaded = new Sequential(new Linear(3, 2), new Linear(2, 1));
        saved.Save(folder[name]);
        loaded.Load(folder[name]);
        foreach ((string key, Tensor value) in saved.StateDict()) Assert.Equal(value.ToArray(), loaded.StateDict()[key].ToArray());
        if (name != "m.safetensors")
            Assert.Equal($"Save: {name} cannot hold metadata; write .safetensors.",
                Assert.Throws<ArgumentException>(() => saved.Save(folder[name], new Dictionary<string, string>())).Message);
    }
}
