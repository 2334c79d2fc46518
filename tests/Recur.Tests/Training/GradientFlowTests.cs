using System.Text.Json;
using Recur.Nn;
using Recur.Optim;
using Recur.Training;

namespace Recur.Tests.Training;

/// <summary>The gradients of states, watched; values from PyTorch's retain_grad,
/// Fixtures/make_gradient_flow.py.</summary>
[Collection(AloneCollection.Name)] // seeds Rng.Default
public sealed class GradientFlowTests
{
    // Both sides sum in float32, over a backward pass of a dozen steps.
    private const double Tolerance = 1e-5;

    public static TheoryData<int> Cases => [.. Enumerable.Range(0, 11)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Norms_OfALayer_AreThoseOfTorch(int index)
    {
        using JsonDocument file = Fixture.Open("gradient_flow.json");
        JsonElement c = file.RootElement[index];
        RecurrentLayer layer = Create(c);
        using var flow = new GradientFlow(layer);
        BackwardOf(layer, c);
        flow.Record();

        int t = c.Int("T");
        float[] expected = c.Floats("norms");
        Assert.Equal(expected.Length, flow.Layers.Count * t);
        for (int l = 0; l < flow.Layers.Count; l++)
            FixtureExtensions.AssertClose(
                expected.AsSpan(l * t, t), flow.Layers[l].Norms, Tolerance, $"case {index}, {flow.Layers[l].Name}");
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Watching_ALayer_ChangesNoBitOfItsGradients(int index)
    {
        using JsonDocument file = Fixture.Open("gradient_flow.json");
        JsonElement c = file.RootElement[index];
        RecurrentLayer watched = Create(c), plain = Create(c);
        using (new GradientFlow(watched)) BackwardOf(watched, c);
        BackwardOf(plain, c);

        foreach ((Tensor a, Tensor b) in watched.Parameters().Zip(plain.Parameters()))
            Assert.Equal(Run.Bits(b.Grad!.Value.ToArray()), Run.Bits(a.Grad!.Value.ToArray()));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(1)]
    public void Norms_OfACellInALoop_AreThoseOfTheLayer(int n)
    {
        Rng.Seed(3);
        var layer = new Lstm(2, 5);
        var cell = new LstmCell(2, 5);
        foreach ((Tensor to, Tensor from) in cell.Parameters().Zip(layer.Parameters())) to.CopyFrom(from);
        Tensor x = Tensor.Zeros([8, n, 2]);
        Rng.Default.FillNormal(x.MutableSpan);
        using var ofLayer = new GradientFlow(layer);
        using var ofCell = new GradientFlow(cell);
        layer.Forward(x).Output.Sum().Backward();
        ofLayer.Record();

        LstmState? state = null;
        Tensor sum = Tensor.Scalar(0f);
        for (int t = 0; t < 8; t++)
        {
            state = cell.Forward(x.Select(0, t), state);
            sum += state.Value.H.Sum();
        }

        sum.Backward();
        ofCell.Record();
        Assert.Equal("cell", ofCell.Layers[0].Name);
        FixtureExtensions.AssertClose(ofLayer.Layers[0].Norms, ofCell.Layers[0].Norms, Tolerance, "cell");
    }

    [Fact]
    public void Layers_OfAModel_HaveItsNames()
    {
        var model = new Sequential(
            new Linear(2, 3), new BothModules(new Gru(3, 4, numLayers: 2, bidirectional: true), new RnnCell(4, 4)));
        using var flow = new GradientFlow(model);
        Assert.Equal(
            ["1.first.l0", "1.first.l0_reverse", "1.first.l1", "1.first.l1_reverse", "1.second"],
            flow.Layers.Select(l => l.Name));
        Assert.Equal(model.NamedParameters().Select(p => p.Name), flow.ParameterNames);
    }

    [Fact]
    public void Record_Steps_CountsTheClippedAndMeasuresParameters()
    {
        Rng.Seed(0);
        var model = new Rnn(1, 4);
        using var flow = new GradientFlow(model);
        Assert.Equal((0, 0.0), (flow.Steps, flow.ClippedFraction));
        for (int i = 1; i <= 4; i++)
        {
            model.ZeroGrad();
            (model.Forward(Tensor.Ones([3, 1, 1])).Output.Sum() * i).Backward();
            float total = flow.Record(maxNorm: i == 1 ? null : 1f);
            Assert.Equal(total, GradientClipping.ClipNorm(model.Parameters(), 1f));
            for (int p = 0; p < 4; p++) Assert.True(flow.ParameterNorms[p] > 0f);
            double squares = flow.ParameterNorms.ToArray().Sum(g => (double)g * g);
            Assert.Equal(total, Math.Sqrt(squares), 1e-5 * total);
        }

        Assert.Equal((4, 3, 0.75), (flow.Steps, flow.ClippedSteps, flow.ClippedFraction));
        flow.Reset();
        Assert.Equal((0, 0), (flow.Steps, flow.ClippedSteps));
    }

    [Fact]
    public void FactorPerStep_OfALinearRecurrence_IsItsWeight()
    {
        // h_t = w h_(t-1) + x_t in one unit, relu and positive: dLoss/dh_t = w^(T-1-t).
        var rnn = new Rnn(1, 1, nonlinearity: Nonlinearity.Relu, bias: false);
        rnn.Parameters()[0].CopyFrom([1f]);
        rnn.Parameters()[1].CopyFrom([0.5f]);
        using var flow = new GradientFlow(rnn);
        rnn.Forward(Tensor.Ones([11, 1, 1])).Output.Slice(0, 10, 1).Sum().Backward();
        flow.Record();

        StateGradientFlow layer = flow.Layers[0];
        Assert.Equal(Enumerable.Range(0, 11).Select(t => MathF.Pow(0.5f, 10 - t)), layer.Norms.ToArray());
        Assert.Equal(0.5, layer.FactorPerStep, 1e-12);
        Assert.Equal(1.0 / 1024, layer.Remaining, 1e-12);
        Assert.Equal(layer.Norms.ToArray().Select(v => (double)v), layer.MeanNorms());
    }

    [Fact]
    public void Record_WarmedUp_AllocatesNothing()
    {
        var model = new Gru(3, 6, numLayers: 2);
        Tensor x = Tensor.Ones([7, 2, 3]);
        using var flow = new GradientFlow(model);
        for (int i = 0; i < 3; i++) Step();
        Assert.Equal(0, AllocationMeter.Of(5, Step));

        void Step()
        {
            model.ZeroGrad();
            model.Forward(x).Output.Sum().Backward();
            flow.Record(1f);
        }
    }

    [Fact]
    public void Constructor_OfAWatchedLayer_IsAnError()
    {
        var model = new Sequential(new BothModules(new Rnn(1, 1), new Rnn(1, 1)));
        using (new GradientFlow(model))
        {
            var e = Assert.Throws<InvalidOperationException>(() => new GradientFlow(model));
            Assert.Equal(
                "GradientFlow: 0.first.l0 is watched by another GradientFlow already; dispose that one first.", e.Message);
        }

        new GradientFlow(model).Dispose();
    }

    private static RecurrentLayer Create(JsonElement c)
    {
        Rng.Seed(1);
        (int i, int h, int layers) = (c.Int("I"), c.Int("H"), c.Int("layers"));
        bool both = c.GetProperty("bidirectional").GetBoolean(), batchFirst = c.GetProperty("batch_first").GetBoolean();
        return c.GetProperty("cell").GetString() switch
        {
            "RNN" => new Rnn(i, h, layers, batchFirst: batchFirst, bidirectional: both),
            "GRU" => new Gru(i, h, layers, batchFirst: batchFirst, bidirectional: both),
            _ => new Lstm(i, h, layers, batchFirst: batchFirst, bidirectional: both),
        };
    }

    private static void BackwardOf(RecurrentLayer layer, JsonElement c)
    {
        (int t, int n, int i, int h) = (c.Int("T"), c.Int("N"), c.Int("I"), c.Int("H"));
        int directions = layer.Bidirectional ? 2 : 1, states = layer.NumLayers * directions;
        int[] lengths = c.GetProperty("lengths").ValueKind == JsonValueKind.Null ? [] : c.Ints("lengths");
        Tensor x = layer.BatchFirst ? Sines([n, t, i], 0.7) : Sines([t, n, i], 0.7);
        (Tensor y, Tensor hn, Tensor cn) = layer switch
        {
            Rnn rnn => Plain(rnn.Forward(x, lengths: lengths)),
            Gru gru => Plain(gru.Forward(x, lengths: lengths)),
            _ => OfLstm(((Lstm)layer).Forward(x, lengths: lengths)),
        };
        Tensor loss = (y * Sines(y.Shape, 0.3)).Sum() + (hn * Sines([states, n, h], 0.5)).Sum();
        if (cn != default) loss += (cn * Sines([states, n, h], 0.9)).Sum();
        loss.Backward();
    }

    private static (Tensor Y, Tensor HN, Tensor CN) Plain((Tensor Y, Tensor HN) r) => (r.Y, r.HN, default);

    private static (Tensor Y, Tensor HN, Tensor CN) OfLstm((Tensor Y, LstmState State) r) => (r.Y, r.State.H, r.State.C);

    private static Tensor Sines(Shape shape, double scale)
    {
        Tensor tensor = Tensor.Zeros(shape);
        for (int i = 0; i < tensor.Length; i++) tensor.MutableSpan[i] = (float)Math.Sin(i * scale);
        return tensor;
    }

    private sealed class BothModules : UnaryModule
    {
        public BothModules(Module first, Module second)
        {
            Register("first", first);
            Register("second", second);
        }

        public override Tensor Forward(Tensor input) => throw new NotSupportedException();
    }
}
