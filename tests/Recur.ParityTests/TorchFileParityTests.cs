using System.Text.Json.Nodes;
using Recur.IO;
using Recur.Nn;
using Recur.Peers;

namespace Recur.ParityTests;

/// <summary>Files of random tensors there and back: PyTorch loads ours with weights_only=True, we load PyTorch's.</summary>
public sealed class TorchFileParityTests(PyTorchOracle pytorch) : IDisposable
{
    private const int Cases = 20;

    private readonly string folder = Directory.CreateTempSubdirectory("recur-parity-").FullName;

    /// <summary>With floats beside the tensors too; those PyTorch 1.13 does not load with weights_only, whoever wrote
    /// them.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Save_RandomTensors_LoadInPyTorch(bool weightsOnly)
    {
        var random = new Random(11);
        for (int i = 0; i < Cases; i++)
        {
            List<(string Name, Tensor Value)> tensors = RandomTensors(random);
            List<(string Key, TorchValue Value)> values =
            [
                ("epoch", random.Next()), ("big", 1L << 40), ("negative", -5), ("name", "grüße"), ("none", TorchValue.None),
                ("flags", TorchValue.List(true, false)), ("empty", TorchValue.List()), ("tuple", TorchValue.Tuple(1, "a")),
                ("model", TorchValue.Dictionary(tensors.Select(t => (t.Name, (TorchValue)t.Value)))),
            ];
            if (!weightsOnly) values.AddRange([("rate", random.NextDouble()), ("betas", TorchValue.Tuple(0.9, 0.999))]);
            string path = Path.Combine(folder, $"{i}.pt");
            TorchFile.Save(path, TorchValue.Dictionary(values));
            Check($"case {i}", path, "model", tensors, weightsOnly);
        }
    }

    [Fact]
    public void Save_Module_LoadsIntoTheSameModule()
    {
        var lstm = new Lstm(3, 5, numLayers: 2, bidirectional: true);
        string path = Path.Combine(folder, "lstm.pt");
        lstm.Save(path);
        Check("lstm", path, "", [.. lstm.StateDict().Select(t => (t.Key, t.Value))]);
    }

    /// <summary>Every type that PyTorch reads, written again by us.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Load_RandomFilesOfPyTorch_HaveTheSameValues(bool zip)
    {
        var random = new Random(12);
        for (int i = 0; i < Cases; i++)
        {
            List<(string Name, Tensor Value)> tensors = RandomTensors(random);
            string path = Path.Combine(folder, $"{i}{zip}.pt"), again = Path.Combine(folder, $"{i}{zip}.again.pt");
            var options = new JsonObject { ["path"] = path, ["zip"] = zip, ["protocol"] = random.Next(2, 6) };
            IReadOnlyList<PeerTensor> expected = pytorch.Compute(
                "torch_save", options, [.. tensors.Select(t => PeerTensor.Of(t.Name, t.Value))]);
            var values = TorchFile.LoadTensors(path).Select(t => PeerTensor.Of(t.Key, t.Value)).ToList();
            AssertEqual($"case {i}", expected, values);

            TorchFile.Save(again, TorchFile.Load(path));
            AssertEqual($"case {i} again", expected, pytorch.Compute(
                "torch_load", new JsonObject { ["path"] = again, ["key"] = "", ["weights_only"] = true }, []));
        }
    }

    [Fact]
    public void Save_NumPyFiles_LoadInNumPy()
    {
        var random = new Random(13);
        for (int i = 0; i < Cases; i++)
        {
            List<(string Name, Tensor Value)> tensors = RandomTensors(random);
            string npz = Path.Combine(folder, $"{i}.npz"), npy = Path.Combine(folder, $"{i}.npy");
            Npz.Save(npz, tensors, compress: i % 2 == 0);
            Npy.Save(npy, tensors[0].Value);
            AssertEqual($"case {i}", [.. tensors.Select(t => PeerTensor.Of(t.Name, t.Value))],
                pytorch.Compute("numpy_load", new JsonObject { ["path"] = npz }, []));
            AssertEqual($"case {i}", [PeerTensor.Of("", tensors[0].Value)],
                pytorch.Compute("numpy_load", new JsonObject { ["path"] = npy }, []));
        }
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private void Check(
        string what, string path, string key, IReadOnlyList<(string Name, Tensor Value)> tensors, bool weightsOnly = true)
    {
        var options = new JsonObject { ["path"] = path, ["key"] = key, ["weights_only"] = weightsOnly };
        AssertEqual(what, [.. tensors.Select(t => PeerTensor.Of(t.Name, t.Value))],
            pytorch.Compute("torch_load", options, []));
    }

    private static void AssertEqual(string what, IReadOnlyList<PeerTensor> expected, IReadOnlyList<PeerTensor> actual)
    {
        Assert.Equal(expected.Select(t => $"{what}: {t.Name}"), actual.Select(t => $"{what}: {t.Name}"));
        foreach ((PeerTensor e, PeerTensor a) in expected.Zip(actual))
        {
            Assert.Equal(e.Shape, a.Shape);
            Assert.Equal(e.Values.Select(BitConverter.SingleToInt32Bits), a.Values.Select(BitConverter.SingleToInt32Bits));
        }
    }

    private static List<(string Name, Tensor Value)> RandomTensors(Random random)
    {
        var tensors = new List<(string, Tensor)>();
        int count = random.Next(1, 12);
        for (int i = 0; i < count; i++)
        {
            var shape = new Shape([.. Enumerable.Range(0, random.Next(0, 5)).Select(_ => random.Next(0, 6))]);
            tensors.Add(($"layer{i}.weight", Tensor.From(PeerTensor.Uniform(random, shape.ElementCount, 100f), shape)));
        }

        return tensors;
    }
}
