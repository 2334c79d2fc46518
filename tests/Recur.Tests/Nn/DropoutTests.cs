using System.Text.Json;
using Recur.Nn;
using static Recur.Tests.FixtureExtensions;

namespace Recur.Tests.Nn;

[Collection(AloneCollection.Name)]
public sealed class DropoutTests
{
    // One product, with a scale that PyTorch rounds once more: 1 ulp.
    private const double Tolerance = 1.2e-7;

    [Fact]
    public void Forward_EveryFixture_MatchesTorchWithGradient()
    {
        using JsonDocument fixture = Fixture.Open("nn.json");
        foreach (JsonElement c in fixture.RootElement.GetProperty("dropout").EnumerateArray())
        {
            float p = c.GetProperty("p").GetSingle();
            var shape = new Shape(c.Ints("shape"));
            float[] values = [.. Enumerable.Range(1, shape.ElementCount).Select(i => (float)i)];
            Tensor x = Tensor.From(values, shape).RequireGrad();
            Tensor y = DefaultRng.Seeded((ulong)c.Int("seed"), () => new Dropout(p).Forward(x));
            Assert.Equal(shape, y.Shape);
            AssertClose(c.Floats("y"), y.Span, Tolerance, $"p = {p} y");
            if (p == 0f) continue; // y is x itself, a leaf
            y.Backward(Tensor.Full(shape, 2f));
            AssertClose(c.Floats("dx"), x.Grad!.Value.Span, Tolerance, $"p = {p} dx");
        }
    }

    [Fact]
    public void Forward_EvaluationOrNoProbability_ReturnsTheInput()
    {
        Tensor x = Tensor.Ones([3]);
        var dropout = new Dropout(0.5f);
        dropout.Eval();
        Assert.Equal(x, dropout.Forward(x));
        Assert.Equal(x, new Dropout(0f).Forward(x));
    }

    [Fact]
    public void New_ProbabilityOutOfRange_IsAnError()
    {
        Assert.Equal(
            "Dropout: p must be in [0, 1] but was 1.1.",
            Assert.Throws<ArgumentException>(() => new Dropout(1.1f)).Message);
        Assert.Equal(
            "Dropout: p must be in [0, 1] but was NaN.",
            Assert.Throws<ArgumentException>(() => new Dropout(float.NaN)).Message);
    }
}
