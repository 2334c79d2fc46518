using System.Text.Json;
using Recur.Nn;
using static Recur.Tests.FixtureExtensions;

namespace Recur.Tests.Nn;

[Collection(AloneCollection.Name)]
public sealed class LinearTests
{
    // Sums of up to 59 products in float, in another order than PyTorch's.
    private const double Tolerance = 1e-6;

    [Fact]
    public void Forward_EveryFixture_MatchesTorchWithGradients()
    {
        using JsonDocument fixture = Fixture.Open("nn.json");
        foreach (JsonElement c in fixture.RootElement.GetProperty("linear").EnumerateArray())
        {
            int inFeatures = c.Int("in"), outFeatures = c.Int("out");
            int[] lead = c.Ints("lead");
            bool bias = c.GetProperty("has_bias").GetBoolean();
            Linear linear = DefaultRng.Seeded((ulong)c.Int("seed"), () => new Linear(inFeatures, outFeatures, bias));
            string what = $"Linear({inFeatures}, {outFeatures})";
            Assert.Equal(c.Floats("weight"), linear.Weight.ToArray());
            if (bias) Assert.Equal(c.Floats("bias"), linear.Bias!.Value.ToArray());
            else Assert.Null(linear.Bias);

            Tensor x = Tensor.From(c.Floats("x"), new Shape([.. lead, inFeatures])).RequireGrad();
            Tensor dy = Tensor.From(c.Floats("dy"), new Shape([.. lead, outFeatures]));
            Tensor y = linear.Forward(x);
            Assert.Equal(dy.Shape, y.Shape);
            AssertClose(c.Floats("y"), y.Span, Tolerance, what + " y");
            y.Backward(dy);
            AssertClose(c.Floats("dx"), x.Grad!.Value.Span, Tolerance, what + " dx");
            AssertClose(c.Floats("dweight"), linear.Weight.Grad!.Value.Span, Tolerance, what + " dweight");
            if (bias) AssertClose(c.Floats("dbias"), linear.Bias!.Value.Grad!.Value.Span, Tolerance, what + " dbias");
        }
    }

    [Fact]
    public void Forward_NoRows_IsEmpty() => Assert.Equal([0, 4], new Linear(3, 4).Forward(Tensor.Zeros([0, 3])).Shape);

    [Fact]
    public void Forward_WrongLastDimension_SaysWhatWasExpected()
    {
        var linear = new Linear(10, 2);
        var error = Assert.Throws<ShapeException>(() => linear.Forward(Tensor.Zeros([4, 9])));
        Assert.Equal("Linear.Forward: input must be [*, 10] (InFeatures = 10) but was [4, 9].", error.Message);
        error = Assert.Throws<ShapeException>(() => linear.Forward(Tensor.Scalar(1)));
        Assert.Equal("Linear.Forward: input must be [*, 10] (InFeatures = 10) but was [].", error.Message);
    }

    [Fact]
    public void New_SizeNotPositive_SaysWhich()
    {
        Assert.Equal(
            "Linear: inFeatures must be greater than 0 but was 0.",
            Assert.Throws<ArgumentException>(() => new Linear(0, 2)).Message);
        Assert.Equal(
            "Linear: outFeatures must be greater than 0 but was -1.",
            Assert.Throws<ArgumentException>(() => new Linear(2, -1)).Message);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void ForwardAndBackward_WarmedUp_AllocateNothing(int outFeatures)
    {
        var linear = new Linear(10, outFeatures);
        var dropout = new Dropout(0.3f);
        Tensor x = Tensor.Ones([59, 10]), dy = Tensor.Ones([59, outFeatures]);
        var meter = new AllocationMeter();
        for (int i = 0; i < 5; i++)
        {
            if (i >= 3) meter.Mark();
            linear.ZeroGrad();
            dropout.Forward(linear.Forward(x)).Backward(dy);
        }

        meter.Mark();
        Assert.Equal(0, meter.Bytes);
    }
}
