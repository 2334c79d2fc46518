using System.Text.Json;

namespace Recur.Tests.Nn;

/// <summary>A tensor as make_rnn.py stores it: its shape, some of its values, and the norm of all of them.</summary>
internal static class TensorSample
{
    /// <summary>Returns the largest difference, relative to the largest magnitude.</summary>
    public static double AssertClose(JsonElement expected, Tensor? actual, double tolerance, string what)
    {
        if (expected.ValueKind == JsonValueKind.Null)
        {
            Assert.Null(actual);
            return 0;
        }

        Assert.NotNull(actual);
        Tensor tensor = actual.Value;
        Assert.Equal(new Shape(expected.Ints("shape")), tensor.Shape);
        int stride = expected.Int("stride");
        float[] all = tensor.ToArray(), some = [.. all.Where((_, i) => i % stride == 0)];
        FixtureExtensions.AssertClose(expected.Floats("values"), some, tolerance, what);
        double norm = expected.GetProperty("norm").GetDouble(), actualNorm = Math.Sqrt(all.Sum(v => (double)v * v));
        Assert.True(
            Math.Abs(norm - actualNorm) <= tolerance * norm, $"{what}: norm {norm} expected but {actualNorm} came.");
        float[] values = expected.Floats("values");
        double magnitude = values.Select(Math.Abs).DefaultIfEmpty().Max();
        return values.Zip(some, (e, a) => Math.Abs((double)e - a)).DefaultIfEmpty().Max() / Math.Max(magnitude, 1e-30);
    }
}
