using System.Text.Json;
using Recur.IO;
using Recur.Nn;
using Recur.Optim;
using Recur.Training;
using static Recur.Tests.FixtureExtensions;

namespace Recur.Tests.Training;

/// <summary>A checkpoint of PyTorch, model and optimizer, and its training going on here.</summary>
public sealed class TorchCheckpointsTests
{
    // Losses around 0.01 to 1 after up to five steps that both sides round differently.
    private const double Tolerance = 3e-6;

    private sealed class Model : Module
    {
        public Model()
        {
            Rnn = Register("rnn", new Lstm(2, 3, numLayers: 2));
            Head = Register("head", new Linear(3, 1));
        }

        public Lstm Rnn { get; }

        public Linear Head { get; }
    }

    private static Optimizer Create(string kind, Model model) => kind == "adam"
        ? new Adam(model.Parameters(), weightDecay: 0.1f)
        : new Sgd([new ParameterGroup(model.Rnn.Parameters()), new ParameterGroup(model.Head.Parameters())], 1f, momentum: 0.9f);

    [Theory]
    [InlineData("adam")]
    [InlineData("sgd")]
    public void LoadTorchState_OfACheckpoint_TrainingGoesOnAsInTorch(string kind)
    {
        using var folder = new TemporaryFolder();
        string path = folder[$"{kind}.pt"];
        File.WriteAllBytes(path, Fixture.Bytes($"{kind}.pt"));
        var model = new Model();
        model.Load(path, prefix: "model.");
        Optimizer optimizer = Create(kind, model);
        optimizer.LoadTorchState(TorchFile.Load(path)["optimizer"]);

        Tensor x = Tensor.From([.. Enumerable.Range(0, 8).Select(i => -1 + 2 * i / 7f)], [4, 1, 2]);
        var losses = new List<float>();
        for (int i = 0; i < 5; i++)
        {
            Tensor loss = model.Head.Forward(model.Rnn.Forward(x).Output).Pow(2f).Mean();
            optimizer.ZeroGrad();
            loss.Backward();
            optimizer.Step();
            losses.Add(loss.Item());
        }

        using JsonDocument expected = Fixture.Open("torch_continued.json");
        AssertClose(expected.RootElement.GetProperty(kind).Floats(), losses.ToArray(), Tolerance, kind);
    }

    [Fact]
    public void LoadTorchState_Wrong_NamesTheFileAndChangesNothing()
    {
        TorchValue checkpoint = TorchFile.Load(new MemoryStream(Fixture.Bytes("adam.pt")), "adam.pt");
        var model = new Model();
        var sgd = new Sgd(model.Parameters(), 0.25f);
        var error = Assert.Throws<ArgumentException>(() => sgd.LoadTorchState(checkpoint["optimizer"]));
        Assert.StartsWith("adam.pt: ", error.Message);
        Assert.Contains("exp_avg", error.Message);
        Assert.Equal(0.25f, sgd.LearningRate);
        Assert.Equal(
            "adam.pt: there is no \"state\" in the dictionary; its keys are \"rnn.weight_ih_l0\", \"rnn.weight_hh_l0\", "
            + "\"rnn.bias_ih_l0\", \"rnn.bias_hh_l0\", \"rnn.weight_ih_l1\", \"rnn.weight_hh_l1\", \"rnn.bias_ih_l1\", "
            + "\"rnn.bias_hh_l1\", \"head.weight\", \"head.bias\".",
            Assert.Throws<ModelFormatException>(() => sgd.LoadTorchState(checkpoint["model"])).Message);
    }
}
