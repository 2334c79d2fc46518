using System.Text.Json;
using Recur.Nn;

namespace Recur.Tests.Nn;

[Collection(AloneCollection.Name)]
public sealed class RnnCellTests
{
    // Sums of up to 70 products in another order than PyTorch's, relative to the largest value.
    private const double ForwardTolerance = 1e-6, GradientTolerance = 1e-5;

    [Fact]
    public void ForwardBackward_EveryOption_MatchesTorch() => IsaSweep.ForEach(level =>
    {
        using JsonDocument fixture = Fixture.Open("rnn.json");
        foreach (JsonElement c in fixture.RootElement.GetProperty("cell").EnumerateArray())
        {
            string what = $"{level}, seed {c.Int("seed")}";
            int i = c.Int("i"), h = c.Int("h");
            JsonElement n = c.GetProperty("n");
            bool batched = n.ValueKind == JsonValueKind.Number;
            Nonlinearity nonlinearity = c.GetProperty("relu").GetBoolean() ? Nonlinearity.Relu : Nonlinearity.Tanh;
            Rng.Seed((ulong)c.Int("seed"));
            var cell = new RnnCell(i, h, c.GetProperty("bias").GetBoolean(), nonlinearity);
            Tensor x = RnnCase.Normal(batched ? [n.GetInt32(), i] : [i]).RequireGrad();
            Tensor? state = c.GetProperty("hx").GetBoolean()
                ? RnnCase.Normal(batched ? [n.GetInt32(), h] : [h]).RequireGrad()
                : null;
            Tensor y = cell.Forward(x, state);
            TensorSample.AssertClose(c.GetProperty("y"), y, ForwardTolerance, what);
            y.Backward(RnnCase.Normal(y.Shape));
            TensorSample.AssertClose(c.GetProperty("dx"), x.Grad, GradientTolerance, what + " dx");
            TensorSample.AssertClose(c.GetProperty("dhx"), state?.Grad, GradientTolerance, what + " dh");
            Assert.Equal(
                c.GetProperty("names").EnumerateArray().Select(e => e.GetString()),
                cell.NamedParameters().Select(p => p.Name));
            JsonElement gradients = c.GetProperty("gradients");
            foreach ((string name, Tensor p) in cell.NamedParameters())
                TensorSample.AssertClose(gradients.GetProperty(name), p.Grad, GradientTolerance, $"{what} {name}");
        }
    });

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Forward_StepByStep_SameBitsAsTheLayer(int n) => IsaSweep.ForEach(_ =>
    {
        const int steps = 9;
        Rng.Seed(4);
        var rnn = new Rnn(3, 20);
        var cell = new RnnCell(3, 20);
        foreach ((Tensor own, Tensor its) in cell.Parameters().Zip(rnn.Parameters())) own.CopyFrom(its);
        Tensor x = RnnCase.Normal([steps, n, 3]).RequireGrad(), dhn = RnnCase.Normal([n, 20]);

        (Tensor y, Tensor hn) = rnn.Forward(x);
        float[] expected = y.ToArray();
        hn.Backward(dhn.Reshape(1, n, 20));
        float[] dx = x.Grad!.Value.ToArray();

        x.ZeroGrad();
        Tensor? h = null;
        for (int t = 0; t < steps; t++)
        {
            h = cell.Forward(x.Select(0, t), h);
            Assert.Equal(expected.AsSpan(t * n * 20, n * 20), h.Value.Span);
        }

        h!.Value.Backward(dhn);
        Assert.Equal(dx, x.Grad!.Value.ToArray());
        foreach ((Tensor own, Tensor its) in cell.Parameters().Zip(rnn.Parameters()))
            FixtureExtensions.AssertClose(its.Grad!.Value.Span, own.Grad!.Value.Span, GradientTolerance, "weights");
    });

    [Fact]
    public void New_WrongArgument_SaysWhich()
    {
        static string Message(Func<RnnCell> make) => Assert.Throws<ArgumentOutOfRangeException>(make).Message;
        Assert.Equal(
            "RnnCell: inputSize must be at least 1 but was 0. (Parameter 'inputSize')",
            Message(() => new RnnCell(0, 1)));
        Assert.Equal(
            "RnnCell: hiddenSize must be at least 1 but was -2. (Parameter 'hiddenSize')",
            Message(() => new RnnCell(1, -2)));
        Assert.Equal(
            "RnnCell: nonlinearity must be Tanh or Relu but was 7. (Parameter 'nonlinearity')",
            Message(() => new RnnCell(1, 1, nonlinearity: (Nonlinearity)7)));
    }

    [Fact]
    public void Forward_WrongShape_SaysWhatWasExpected()
    {
        var cell = new RnnCell(3, 5);
        string Message(Shape x, Shape? h = null) => Assert.Throws<ShapeException>(
            () => cell.Forward(Tensor.Zeros(x), h is { } s ? Tensor.Zeros(s) : null)).Message;
        Assert.Equal("RnnCell.Forward: input must be [N, 3] or [3] (InputSize = 3) but was [2, 4].", Message([2, 4]));
        Assert.Equal(
            "RnnCell.Forward: input must be [N, 3] or [3] (InputSize = 3) but was [1, 2, 3].", Message([1, 2, 3]));
        Assert.Equal("RnnCell.Forward: h must be [2, 5] (HiddenSize = 5) but was [2, 3].", Message([2, 3], [2, 3]));
        Assert.Equal("RnnCell.Forward: h must be [5] (HiddenSize = 5) but was [1, 5].", Message([3], [1, 5]));
    }
}
