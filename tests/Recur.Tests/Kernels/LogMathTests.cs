using Recur.Kernels;

namespace Recur.Tests.Kernels;

[Collection(AloneCollection.Name)]
public sealed class LogMathTests
{
    /// <summary>In units of the last place of the right result, rounded to float32.</summary>
    private const double LargestError = 1.5;

    private static float[] Log(float[] x)
    {
        var y = new float[x.Length];
        Elementwise.Map<Log>(x, y);
        return y;
    }

    private static double Ulp(double value) => (double)MathF.BitIncrement(MathF.Abs((float)value)) - MathF.Abs((float)value);

    [Fact]
    public void Log_SpecialValues_AreRight() => IsaSweep.ForEach(_ =>
    {
        float[] y = Log([0f, -0f, 1f, -1f, float.PositiveInfinity, float.NegativeInfinity, float.NaN, float.E]);
        Assert.Equal(
            [float.NegativeInfinity, float.NegativeInfinity, 0f, float.NaN, float.PositiveInfinity, float.NaN, float.NaN, 1f], y);
    });

    [Fact]
    public void Log_WholeRange_WithinTolerance() => IsaSweep.ForEach(level =>
    {
        // Every 40,009th of the positive floats, denormals included, and the neighbourhood of 1 where the result is near 0.
        float[] x =
        [
            .. Enumerable.Range(0, 0x7F800000 / 40009).Select(i => BitConverter.Int32BitsToSingle(1 + i * 40009)),
            .. Enumerable.Range(-2000, 4000).Select(i => BitConverter.Int32BitsToSingle(0x3F800000 + i)),
            .. Enumerable.Range(0, 4000).Select(i => 0.5f + i / 2000f),
        ];
        float[] y = Log(x);
        for (int i = 0; i < x.Length; i++)
        {
            double expected = Math.Log(x[i]), error = Math.Abs(y[i] - expected);
            Assert.True(error <= LargestError * Ulp(expected), $"{level}: ln {x[i]:R} is {expected:R} but was {y[i]:R}.");
        }
    });
}
