using System.Text.Json;
using Recur.Nn;
using Recur.Optim;
using static Recur.Tests.FixtureExtensions;

namespace Recur.Tests.Optim;

[Collection(AloneCollection.Name)] // it changes the number of threads
public sealed class GradientClippingTests
{
    // PyTorch sums in float32, we in double; then one product.
    private const double Tolerance = 5e-7;

    private static Tensor[] Parameters(JsonElement root)
    {
        Tensor[] parameters =
            [Tensor.Zeros([3, 7]).RequireGrad(), Tensor.Zeros([5]).RequireGrad(), Tensor.Zeros([2]).RequireGrad()];
        for (int i = 0; i < 2; i++) Gradients.Set(parameters[i], root.GetProperty("grads")[0][i].Floats());
        return parameters; // the third has no gradient
    }

    private static void AssertGradients(JsonElement expected, Tensor[] parameters, string what)
    {
        for (int i = 0; i < 2; i++)
            AssertClose(expected.GetProperty("grads")[i].Floats(), parameters[i].Grad!.Value.Span, Tolerance, what);
        Assert.Null(parameters[2].Grad);
    }

    [Theory]
    [InlineData("1.0", 1f, 1.5f)]
    [InlineData("2.0", 2f, 1.5f)]
    [InlineData("3.0", 3f, 1.5f)]
    [InlineData("inf", float.PositiveInfinity, 1.5f)]
    [InlineData("large", 2f, 1000f)]
    public void ClipNorm_AnyNorm_MatchesTorch(string name, float normType, float maxNorm)
    {
        using JsonDocument fixture = Fixture.Open("optimizers.json");
        JsonElement expected = fixture.RootElement.GetProperty("clip").GetProperty(name);
        Tensor[] parameters = Parameters(fixture.RootElement);
        float total = GradientClipping.ClipNorm(parameters, maxNorm, normType);
        AssertClose([expected.GetProperty("total").GetSingle()], [total], Tolerance, "total");
        AssertGradients(expected, parameters, name);
    }

    // A table of which only some rows were looked up: the list of rows stands for the whole gradient.
    [Fact]
    public void ClipNorm_SparseGradient_IsThatOfADenseOne()
    {
        var random = new Random(3);
        Tensor table = Tensor.From([.. Enumerable.Range(0, 40 * 5).Select(_ => random.NextSingle())], [40, 5]);
        float[] Clipped(bool sparse, out float total)
        {
            var embedding = Embedding.FromPretrained(table, freeze: false, sparse: sparse);
            for (int step = 0; step < 2; step++)
            {
                embedding.Weight.ZeroGrad();
                Tensor x = embedding.Forward([3, 7 + step, 3, 39], [4]);
                (x * x).Sum().Backward();
            }

            total = GradientClipping.ClipNorm([embedding.Weight], 0.5f);
            return embedding.Weight.Grad!.Value.ToArray();
        }

        float[] dense = Clipped(false, out float expected), sparse = Clipped(true, out float total);
        Assert.Equal(expected, total, 1e-6f);
        AssertClose(dense, sparse, Tolerance, "gradient");
        Assert.Equal(0.5, Math.Sqrt(sparse.Sum(g => (double)g * g)), 1e-6);
    }

    // More than one block of the sum.
    [Fact]
    public void ClipNorm_LargeGradient_IsTheNormForAnyNumberOfThreads()
    {
        var random = new Random(4);
        float[] gradient = [.. Enumerable.Range(0, 300_001).Select(_ => random.NextSingle() - 0.5f)];
        Tensor p = Tensor.Zeros([gradient.Length]).RequireGrad();
        Gradients.Set(p, gradient);
        double expected = Math.Sqrt(gradient.Sum(g => (double)g * g));
        var totals = new List<float>();
        IsaSweep.ForEachThreads(_ => totals.Add(GradientClipping.ClipNorm([p], float.PositiveInfinity)));
        Assert.Equal(expected, totals[0], expected * 1e-7);
        Assert.Single(totals.Distinct());
    }

    [Fact]
    public void ClipValue_Limit_MatchesTorch()
    {
        using JsonDocument fixture = Fixture.Open("optimizers.json");
        Tensor[] parameters = Parameters(fixture.RootElement);
        GradientClipping.ClipValue(parameters, 0.4f);
        AssertGradients(fixture.RootElement.GetProperty("clip").GetProperty("value"), parameters, "value");
    }

    [Fact]
    public void ClipNorm_NoGradients_IsZero() => Assert.Equal(0f, GradientClipping.ClipNorm([Tensor.Zeros([3])], 1f));

    [Fact]
    public void ClipNorm_InfiniteBound_OnlyMeasures()
    {
        Tensor p = Tensor.Zeros([2]).RequireGrad();
        Gradients.Set(p, [3f, -4f]);
        Assert.Equal(5f, GradientClipping.ClipNorm([p], float.PositiveInfinity));
        Assert.Equal([3f, -4f], p.Grad!.Value.ToArray());
    }

    [Fact]
    public void ClipNorm_SquaresBeyondFloat_DoesNotOverflow()
    {
        Tensor p = Tensor.Zeros([2]).RequireGrad();
        Gradients.Set(p, [3e30f, -4e30f]);
        Assert.Equal(5e30f, GradientClipping.ClipNorm([p], 1f));
        AssertClose([0.6f, -0.8f], p.Grad!.Value.Span, Tolerance, "clipped");
    }

    [Theory]
    [InlineData(float.NaN, 1f)]
    [InlineData(float.NaN, 2f)]
    [InlineData(float.NaN, 2.5f)]
    [InlineData(float.NaN, float.PositiveInfinity)]
    [InlineData(float.PositiveInfinity, 2f)]
    public void ClipNorm_NotFinite_SpreadsOrThrows(float value, float normType)
    {
        var values = new float[40];
        values[3] = value; // inside the vectors, and followed by many numbers
        Tensor p = Tensor.Zeros([40]).RequireGrad();
        Gradients.Set(p, values);
        var error = Assert.Throws<InvalidOperationException>(
            () => GradientClipping.ClipNorm([p], 1f, normType, errorIfNonfinite: true));
        string norm = float.IsNaN(value) ? "NaN" : $"{float.PositiveInfinity}";
        Assert.Equal(
            $"GradientClipping.ClipNorm: the {normType}-norm of the gradients is {norm}; with errorIfNonfinite: false it would spread to all of them.",
            error.Message);
        Assert.Equal(0f, p.Grad!.Value.Span[0]);
        Assert.Equal(value, GradientClipping.ClipNorm([p], 1f, normType));
        Assert.Equal(float.NaN, p.Grad!.Value.Span[3]);
    }

    [Fact]
    public void ClipValue_NaN_StaysNaN()
    {
        Tensor p = Tensor.Zeros([3]).RequireGrad();
        Gradients.Set(p, [float.NaN, 9f, float.NegativeInfinity]);
        GradientClipping.ClipValue([p], 2f);
        Assert.Equal([float.NaN, 2f, -2f], p.Grad!.Value.ToArray());
    }

    [Fact]
    public void Arguments_OutOfRange_AreErrors()
    {
        Tensor[] p = [Tensor.Zeros([1])];
        Assert.Equal(
            "GradientClipping.ClipNorm: maxNorm must not be negative but was -1.",
            Assert.Throws<ArgumentException>(() => GradientClipping.ClipNorm(p, -1f)).Message);
        Assert.Equal(
            "GradientClipping.ClipNorm: normType must be greater than 0 but was 0.",
            Assert.Throws<ArgumentException>(() => GradientClipping.ClipNorm(p, 1f, 0f)).Message);
        Assert.Equal(
            "GradientClipping.ClipValue: clipValue must not be negative but was NaN.",
            Assert.Throws<ArgumentException>(() => GradientClipping.ClipValue(p, float.NaN)).Message);
    }

    [Fact]
    public void Clip_ModuleArrayOrList_AllocatesNothing()
    {
        var linear = new Recur.Nn.Linear(20, 3);
        foreach (Tensor p in linear.Parameters()) Gradients.Set(p, new float[p.Length]);
        Tensor[] array = [.. linear.Parameters()];
        List<Tensor> list = [.. array];
        for (int i = 0; i < 2; i++) Clip();
        Assert.Equal(0, AllocationMeter.Of(1, Clip));

        void Clip()
        {
            GradientClipping.ClipNorm(linear.Parameters(), 1f);
            GradientClipping.ClipNorm(array, 1f, 1f);
            GradientClipping.ClipNorm(list, 1f, float.PositiveInfinity);
            GradientClipping.ClipValue(linear.Parameters(), 1f);
            linear.ZeroGrad();
        }
    }
}
