using Recur.IO;
using Recur.Nn;

namespace Recur.Tests.IO;

public sealed class ModuleFilesTests
{
    [Fact]
    public void SaveLoad_AnotherModule_HasTheSameBits()
    {
        using var folder = new TemporaryFolder();
        var saved = new Sequential(new Linear(3, 2), new Linear(2, 1, bias: false));
        saved.Save(folder["m.safetensors"], new Dictionary<string, string> { ["format"] = "pt" });
        var loaded = new Sequential(new Linear(3, 2), new Linear(2, 1, bias: false));
        StateDictDifference difference = loaded.Load(folder["m.safetensors"]);
        Assert.Empty(difference.Missing);
        Assert.Empty(difference.Unknown);
        foreach ((string name, Tensor value) in saved.StateDict()) Assert.Equal(value.ToArray(), loaded.StateDict()[name].ToArray());
        using var file = SafetensorsFile.Open(folder["m.safetensors"]);
        Assert.Equal(["0.weight", "0.bias", "1.weight"], file.Entries.Select(e => e.Name));
        Assert.Equal("pt", file.Metadata["format"]);
    }

    [Fact]
    public void Load_AnotherStructure_SaysWhatDiffersAndChangesNothing()
    {
        using var folder = new TemporaryFolder();
        new Linear(3, 2, bias: false).Save(folder["m.safetensors"]);
        var shape = new Linear(4, 2, bias: false);
        float[] before = shape.Parameters()[0].ToArray();
        Assert.Equal("m.safetensors: weight must be [2, 4] but the file has [2, 3].",
            Assert.Throws<ModelFormatException>(() => shape.Load(folder["m.safetensors"])).Message);
        Assert.Equal(before, shape.Parameters()[0].ToArray());

        var names = new Linear(3, 2);
        Assert.Equal("m.safetensors: 1 parameter is missing (bias).",
            Assert.Throws<ModelFormatException>(() => names.Load(folder["m.safetensors"])).Message);
        Assert.Equal(["bias"], names.Load(folder["m.safetensors"], strict: false).Missing);
    }
}
