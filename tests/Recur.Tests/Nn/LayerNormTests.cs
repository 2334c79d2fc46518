using System.Text.Json;
using Recur.Nn;
using static Recur.Tests.FixtureExtensions;

namespace Recur.Tests.Nn;

public sealed class LayerNormTests
{
    // Means and variances of few numbers: some units in the last place on both sides.
    private const double Tolerance = 2e-6;

    [Fact]
    public void ForwardAndBackward_EveryFixture_MatchTorch()
    {
        using JsonDocument fixture = Fixture.Open("modules.json");
        foreach (JsonElement c in fixture.RootElement.GetProperty("layer_norm").EnumerateArray())
        {
            JsonElement options = c.GetProperty("options");
            float eps = options.TryGetProperty("eps", out JsonElement e) ? e.GetSingle() : 1e-5f;
            bool affine = !options.TryGetProperty("elementwise_affine", out JsonElement a) || a.GetBoolean();
            var module = new LayerNorm(new Shape(c.Ints("normalized")), eps, affine);
            var shape = new Shape(c.Ints("shape"));
            Assert.Equal(c.GetProperty("names").EnumerateArray().Select(n => n.GetString()!), module.StateDict().Keys);
            Tensor x = Tensor.From(c.Floats("x"), shape).RequireGrad();
            Tensor y = module.Forward(x);
            AssertClose(c.Floats("y"), y.Span, Tolerance, $"{shape} y");
            y.Backward(Tensor.From(c.Floats("dy"), shape));
            AssertClose(c.Floats("dx"), x.Grad!.Value.Span, Tolerance, $"{shape} dx");
            int i = 0;
            foreach (JsonElement gradient in c.GetProperty("gradients").EnumerateArray())
                AssertClose(
                    gradient.Floats(), module.Parameters()[i++].Grad!.Value.Span, Tolerance, $"{shape} parameter");
        }
    }

    [Fact]
    public void New_WithoutBias_HasAWeightOnly()
    {
        Assert.Equal(["weight"], new LayerNorm(3, bias: false).StateDict().Keys);
        Assert.Null(new LayerNorm(3, elementwiseAffine: false).Weight);
    }

    [Fact]
    public void Arguments_OutOfRange_AreErrors()
    {
        static string Message(Func<object> call) => Assert.ThrowsAny<ArgumentException>(call).Message;
        Assert.Equal(
            "LayerNorm: normalizedShape must have dimensions of at least 1 but was [2, 0].",
            Message(() => new LayerNorm(new Shape(2, 0))));
        Assert.Equal("LayerNorm: eps must not be negative but was -1.", Message(() => new LayerNorm(2, -1f)));
        Assert.Equal(
            "LayerNorm.Forward: input must be [*, 3, 5] (NormalizedShape = [3, 5]) but was [3, 4].",
            Message(() => new LayerNorm([3, 5]).Forward(Tensor.Zeros([3, 4]))));
        Assert.Equal(
            "LayerNorm.Forward: input must be [*, 3, 5] (NormalizedShape = [3, 5]) but was [5].",
            Message(() => new LayerNorm([3, 5]).Forward(Tensor.Zeros([5]))));
    }
}
