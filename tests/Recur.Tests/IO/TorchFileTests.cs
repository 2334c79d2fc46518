using System.Text.Json;
using Recur.IO;
using Recur.Nn;

namespace Recur.Tests.IO;

/// <summary>Files of torch.save, every tensor bit for bit and every other value.</summary>
public sealed class TorchFileTests
{
    public static TheoryData<string> Files
    {
        get
        {
            using JsonDocument json = Fixture.Open("torch_files.json");
            return [.. json.RootElement.EnumerateObject().Select(f => f.Name)];
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Load_FileOfTorch_HasItsValues(string name)
    {
        using JsonDocument json = Fixture.Open("torch_files.json");
        JsonElement expected = json.RootElement.GetProperty(name);

        TorchValue root = TorchFile.Load(new MemoryStream(Fixture.Bytes(name + ".pt")), name + ".pt");

        var tensors = expected.GetProperty("tensors").EnumerateObject().ToList();
        Assert.Equal(tensors.Select(t => t.Name), root.Tensors().Select(t => t.Name));
        foreach ((JsonProperty e, (string tensorName, TorchTensor tensor)) in tensors.Zip(root.Tensors()))
            AssertSame(e.Value, tensorName, tensor.DataTypeName, tensor.ToTensor(), tensor.RequiresGrad);

        var values = TorchFlatten.Leaves(root).Where(v => v.Value.Kind != TorchKind.Tensor).ToList();
        var others = expected.GetProperty("values").EnumerateObject().ToList();
        Assert.Equal(others.Select(t => t.Name), values.Select(t => t.Name));
        foreach ((JsonProperty e, (string valueName, TorchValue value)) in others.Zip(values))
        {
            if (e.Value.ValueKind == JsonValueKind.Number)
                Assert.Equal(e.Value.GetInt64(), BitConverter.DoubleToInt64Bits(value.ToDouble()));
            else
                Assert.Equal($"{valueName}: {e.Value.GetString()}", $"{valueName}: {Text(value)}");
        }

        static string Text(TorchValue v) => v.Kind == TorchKind.Text ? v.ToText() : v.ToString();
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Open_FileOfTorch_GivesWhatLoadGives(string name)
    {
        byte[] bytes = Fixture.Bytes(name + ".pt");
        using var file = TorchFile.Open(new MemoryStream(bytes), name);
        TorchValue loaded = TorchFile.Load(new MemoryStream(bytes), name);

        Assert.Equal(name.EndsWith("legacy", StringComparison.Ordinal), file.IsLegacy);
        foreach ((var one, var two) in file.Root.Tensors().Zip(loaded.Tensors()))
        {
            Assert.Equal(one.Name, two.Name);
            Assert.Equal(Bits(one.Tensor.ToTensor()), Bits(two.Tensor.ToTensor()));
        }
    }

    /// <summary>Written again and read again, everything is as it was; sets and names of types come as lists and
    /// texts.</summary>
    [Theory]
    [MemberData(nameof(Files))]
    public void Save_WhatWasLoaded_KeepsTypesAndValues(string name)
    {
        if (name == "layout_2x_v3")
        {
            TorchValue newer = TorchFile.Load(new MemoryStream(Fixture.Bytes(name + ".pt")), name);
            Assert.Equal("TorchFile.Save: PyTorch before 2.3 has no tensors of U16; convert it first.",
                Assert.Throws<ArgumentException>(() => TorchFile.Save(new MemoryStream(), newer)).Message);
            return;
        }

        TorchValue root = TorchFile.Load(new MemoryStream(Fixture.Bytes(name + ".pt")), name);
        var stream = new MemoryStream();
        TorchFile.Save(stream, root);
        stream.Position = 0;
        TorchValue again = TorchFile.Load(stream, "again.pt");

        foreach ((var one, var two) in TorchFlatten.Leaves(root).Zip(TorchFlatten.Leaves(again)))
        {
            Assert.Equal(one.Name, two.Name);
            if (one.Value.Kind == TorchKind.Name) Assert.Equal(one.Value.ToText(), two.Value.ToText());
            else Assert.Equal(one.Value.ToString(), two.Value.ToString());
            if (one.Value.Kind != TorchKind.Tensor) continue;
            Assert.Equal(Bits(one.Value.ToTensor()), Bits(two.Value.ToTensor()));
            Assert.Equal(one.Value.AsTensor().RequiresGrad, two.Value.AsTensor().RequiresGrad);
        }
    }

    [Fact]
    public void Load_Checkpoint_IsRead()
    {
        TorchValue checkpoint = TorchFile.Load(new MemoryStream(Fixture.Bytes("adam.pt")), "adam.pt");

        Assert.Equal(3, checkpoint["epoch"].ToInt64());
        Assert.Equal(3, checkpoint["losses"].Count);
        Assert.Equal(0.1, checkpoint["optimizer"]["param_groups"][0]["weight_decay"].ToDouble());
        Assert.Equal(3, checkpoint["optimizer"]["state"][0]["step"].ToTensor().Item());
        Assert.Equal([12, 2], checkpoint["optimizer"]["state"][0]["exp_avg"].ToTensor().Shape);
        Assert.Equal(16, checkpoint["rng"].AsTensor().ToInt64().Length);
        Assert.Equal("adam.pt: there is no \"modl\" in the dictionary; its keys are \"model\", \"optimizer\", "
            + "\"scheduler\", \"epoch\", \"losses\", \"rng\".",
            Assert.Throws<ModelFormatException>(() => checkpoint["modl"]).Message);
        Assert.Equal("adam.pt: a text was expected but 3 is there.",
            Assert.Throws<ModelFormatException>(() => checkpoint["epoch"].ToText()).Message);
        Assert.Equal("adam.pt: 3 was asked of a list of 3, which has no such item.",
            Assert.Throws<ModelFormatException>(() => checkpoint["losses"][3]).Message);
    }

    [Fact]
    public void Load_Views_KnowTheirStrides()
    {
        TorchValue views = TorchFile.Load(new MemoryStream(Fixture.Bytes("views.pt")), "views.pt");
        TorchTensor transposed = views["transposed"].AsTensor(), expanded = views["expanded"].AsTensor();

        Assert.Equal([1, 4, 12], transposed.Strides);
        Assert.False(transposed.IsContiguous);
        Assert.Same(transposed.Storage, views["base"].AsTensor().Storage);
        Assert.Equal([1, 0], expanded.Strides);
        Assert.Equal([1f, 1, 1, 2, 2, 2], expanded.ToTensor().ToArray());
        Assert.Equal([0L, 3, 1, 4, 2, 5], views["integers"].AsTensor().ToInt64());
        Assert.Equal([0.0, 3, 1, 4, 2, 5], views["doubles"].AsTensor().ToDouble());
    }

    [Fact]
    public void LoadTensors_OneObjectUnderTwoNames_IsOneTensor()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["tied.pt"], Fixture.Bytes("tied.pt"));
        OrderedDictionary<string, Tensor> tensors = TorchFile.LoadTensors(folder["tied.pt"]);
        Assert.Equal(tensors["a"], tensors["b"]);

        var stream = new MemoryStream();
        TorchFile.Save(stream, TorchValue.Dictionary(tensors));
        using var file = TorchFile.Open(stream: new MemoryStream(stream.ToArray()), "x");
        Assert.Same(file.Root["a"].AsTensor().Storage, file.Root["b"].AsTensor().Storage);
    }

    [Fact]
    public void Module_LoadsStateDictAndCheckpoint()
    {
        using var folder = new TemporaryFolder();
        foreach (string name in (string[])["state_dict.pt", "adam.pt"])
            File.WriteAllBytes(folder[name], Fixture.Bytes(name));
        var model = new TorchModel();
        Assert.Empty(model.Load(folder["state_dict.pt"]).Missing);
        using JsonDocument json = Fixture.Open("torch_files.json");
        JsonElement expected = json.RootElement.GetProperty("state_dict").GetProperty("tensors");
        foreach ((string name, Tensor value) in model.StateDict())
            AssertSame(expected.GetProperty(name), name, "F32", value, grad: false);

        model.Load(folder["adam.pt"], prefix: "model.");
        expected = json.RootElement.GetProperty("adam").GetProperty("tensors");
        foreach ((string name, Tensor value) in model.StateDict())
            AssertSame(expected.GetProperty("model." + name), name, "F32", value, grad: false);

        model.Save(folder["out.pth"]);
        var other = new TorchModel();
        other.Load(folder["out.pth"]);
        foreach ((string name, Tensor value) in model.StateDict()) Assert.Equal(Bits(value), Bits(other.StateDict()[name]));
    }

    [Fact]
    public void Module_LoadsAnotherStructure_NamesEverythingAtOnce()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["adam.pt"], Fixture.Bytes("adam.pt"));
        var model = new Sequential(new Linear(3, 1));
        Assert.Equal("adam.pt: 2 parameters are missing (model.head.0.weight, model.head.0.bias); 2 are unknown "
            + "(model.head.weight, model.head.bias).",
            Assert.Throws<ModelFormatException>(() => model.Load(folder["adam.pt"], prefix: "model.head.")).Message);
        StateDictDifference difference = model.Load(folder["adam.pt"], strict: false, prefix: "model.head.");
        Assert.Equal(["model.head.0.weight", "model.head.0.bias"], difference.Missing);
        Assert.Equal(["model.head.weight", "model.head.bias"], difference.Unknown);

        var wrong = new Linear(4, 2);
        Assert.Equal("adam.pt: model.head.weight must be [2, 4] but the file has [1, 3]; model.head.bias must be [2] but "
            + "the file has [1].",
            Assert.Throws<ModelFormatException>(() => wrong.Load(folder["adam.pt"], prefix: "model.head.")).Message);
    }

    [Theory]
    [InlineData("refused_big_endian", "the file was written on a big-endian machine, which is not supported.")]
    [InlineData("refused_complex", "the pickle asks for \"torch.ComplexFloatStorage\": complex numbers are not supported.")]
    [InlineData("refused_quantized", "the pickle asks for \"torch._utils._rebuild_qtensor\": quantized tensors are not "
        + "supported; save tensor.dequantize().")]
    [InlineData("refused_sparse", "the pickle asks for \"torch._utils._rebuild_sparse_tensor\": sparse tensors are not "
        + "supported; save tensor.to_dense().")]
    [InlineData("refused_module", "the pickle asks for \"torch.nn.modules.linear.Linear\", which is not on the list of what "
        + "a model file may hold; nothing was run (a whole module was saved: save its state_dict() instead).")]
    [InlineData("refused_module_legacy", "the pickle asks for \"torch.nn.modules.linear.Linear\", which is not on the list "
        + "of what a model file may hold; nothing was run (a whole module was saved: save its state_dict() instead).")]
    [InlineData("refused_script", "this is a TorchScript program, which would have to be run; save its state_dict() "
        + "instead.")]
    public void Load_WhatIsNotSupported_IsRefusedByName(string name, string sentence)
    {
        var error = Assert.Throws<ModelFormatException>(
            () => TorchFile.Load(new MemoryStream(Fixture.Bytes(name + ".pt")), "x.pt"));
        Assert.Equal("x.pt: " + sentence, error.Message);
    }

    [Fact]
    public void ToTensor_IntegerThatFloatCannotHold_IsRefused()
    {
        var stream = new MemoryStream();
        using var source = TorchFile.Open(new MemoryStream(Fixture.Bytes("layout_2x_v3.pt")), "x.pt");
        byte[] changed = Fixture.Bytes("layout_2x_v3.pt");
        int at = changed.AsSpan().IndexOf((ReadOnlySpan<byte>)[0, 0, 0, 1, 0x50, 0x4b]); // 16777216 ends its entry
        changed[at] = 1;
        TorchValue value = TorchFile.Load(new MemoryStream(changed), "x.pt");
        Assert.Equal("x.pt: the tensor (U32) holds 16777217, which float32 cannot represent.",
            Assert.Throws<ModelFormatException>(() => value["uint32"].ToTensor()).Message);
        Assert.Equal([0, 16777217], value["uint32"].AsTensor().ToInt64());
    }

    [Fact]
    public void Dictionary_WrongKeys_AreRefused()
    {
        Assert.Equal("TorchValue.Dictionary: the key \"a\" comes twice.",
            Assert.Throws<ArgumentException>(() => TorchValue.Dictionary(("a", 1), ("a", 2))).Message);
        Assert.Equal("TorchValue.Dictionary: a list of 0 cannot be a key.", Assert.Throws<ArgumentException>(
            () => TorchValue.Dictionary([KeyValuePair.Create(TorchValue.List(), TorchValue.None)])).Message);
        TorchValue deep = 1;
        for (int i = 0; i < 200; i++) deep = TorchValue.List(deep);
        Assert.Equal("TorchFile.Save: the values are nested deeper than 100 levels.",
            Assert.Throws<ArgumentException>(() => TorchFile.Save(new MemoryStream(), deep)).Message);
        Assert.Equal("TorchFile.Save: a text is not valid Unicode.",
            Assert.Throws<ArgumentException>(() => TorchFile.Save(new MemoryStream(), (TorchValue)"\ud800")).Message);
    }

    internal static void AssertSame(JsonElement expected, string name, string type, Tensor tensor, bool grad)
    {
        string shape = string.Join(", ", expected.Ints("shape"));
        Assert.Equal($"{name} {expected.GetProperty("type").GetString()} [{shape}]", $"{name} {type} {tensor.Shape}");
        Assert.Equal(expected.Ints("float32_bits"), Bits(tensor));
        if (expected.TryGetProperty("grad", out JsonElement g)) Assert.Equal(g.GetBoolean(), grad);
    }

    internal static int[] Bits(Tensor tensor) => Array.ConvertAll(tensor.ToArray(), BitConverter.SingleToInt32Bits);

    /// <summary>The fixtures' model.</summary>
    private sealed class TorchModel : Module
    {
        public TorchModel()
        {
            Register("rnn", new Lstm(2, 3, numLayers: 2));
            Register("head", new Linear(3, 1));
        }
    }
}
