using Recur.Kernels;

namespace Recur.Tests.Kernels;

/// <summary>What losses and activations are made of beside exp and log, against double precision, in every
/// width.</summary>
[Collection(AloneCollection.Name)]
public sealed class LossMathTests
{
    // In units of the last place of the right result; measured worst cases stand in docs/numerics.md.
    private const double ErfUlps = 2.5, ExpM1Ulps = 1.6, Log1PUlps = 2.6, SoftplusUlps = 2.9;

    private readonly struct ErfOf : IUnary
    {
        public static T Invoke<T>(T x) where T : unmanaged, ISimd<T> => VectorMath.Erf(x);
    }

    private readonly struct ExpM1Of : IUnary
    {
        public static T Invoke<T>(T x) where T : unmanaged, ISimd<T> => VectorMath.ExpM1(x);
    }

    private readonly struct Log1POf : IUnary
    {
        public static T Invoke<T>(T x) where T : unmanaged, ISimd<T> => LogMath.Log1P(x);
    }

    private readonly struct SoftplusOf : IUnary
    {
        public static T Invoke<T>(T x) where T : unmanaged, ISimd<T> => LogMath.Softplus(x);
    }

    // Normal floats of both signs and every 0.001 where the functions bend.
    private static readonly float[] Sweep =
    [
        .. Enumerable.Range(0, (0x7F800000 - 0x00800000) / 40009)
            .SelectMany(i => (float[])[Normal(i), -Normal(i)]),
        .. Enumerable.Range(-90_000, 180_001).Select(i => i / 1000f),
    ];

    private static float Normal(int i) => BitConverter.Int32BitsToSingle(0x00800000 + i * 40009);

    private static double Log1P(double x)
    {
        double u = 1 + x;
        return u == 1 ? x : Math.Log(u) * (x / (u - 1));
    }

    private static void Check<TOp>(string what, IEnumerable<float> range, Func<double, double> right, double ulps)
        where TOp : struct, IUnary => IsaSweep.ForEach(level =>
    {
        float[] x = [.. range], y = new float[x.Length];
        Elementwise.Map<TOp>(x, y);
        double worst = 0;
        float at = 0;
        for (int i = 0; i < x.Length; i++)
        {
            double r = right(x[i]);
            if ((float)r == y[i]) continue;
            float magnitude = Math.Max(MathF.Abs((float)r), 1.17549435e-38f); // steps of the denormals below
            double error = Math.Abs(y[i] - r) / ((double)MathF.BitIncrement(magnitude) - magnitude);
            if (!(error <= worst)) (worst, at) = (error, x[i]);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{level} {what}: {worst:F3} ulp at {at:R}");
        Assert.True(worst <= ulps, $"{level} {what}: off by {worst} ulp at {at:R}.");
    });

    [Fact]
    public void Erf_WholeRange_WithinTolerance() => Check<ErfOf>("erf", Sweep, ErrorFunction.Erf, ErfUlps);

    [Fact]
    public void ExpM1_WholeRange_WithinTolerance() => Check<ExpM1Of>(
        "expm1", Sweep.Where(x => x <= 87f), x => 2 * Math.Exp(x / 2) * Math.Sinh(x / 2), ExpM1Ulps);

    [Fact]
    public void Log1P_WholeRange_WithinTolerance() =>
        Check<Log1POf>("log1p", Sweep.Where(x => x > -1f), Log1P, Log1PUlps);

    [Fact]
    public void Softplus_WholeRange_WithinTolerance() => Check<SoftplusOf>(
        "softplus", Sweep.Where(x => x >= -87f), x => Math.Max(x, 0) + Log1P(Math.Exp(-Math.Abs(x))), SoftplusUlps);

    [Fact]
    public void SpecialValues_AreRight() => IsaSweep.ForEach(_ =>
    {
        const float inf = float.PositiveInfinity;
        Assert.Equal([0, 1, -1, float.NaN, 1, -1], Map<ErfOf>([0, inf, -inf, float.NaN, 4, -4]));
        Assert.Equal([0, -1, float.NaN], Map<ExpM1Of>([0, -inf, float.NaN]));
        Assert.Equal([0, -inf, float.NaN, float.NaN], Map<Log1POf>([0, -1, -1.5f, float.NaN]));
        Assert.Equal([inf, 0, float.NaN], Map<SoftplusOf>([inf, -inf, float.NaN]));
    });

    private static float[] Map<TOp>(float[] x) where TOp : struct, IUnary
    {
        var y = new float[x.Length];
        Elementwise.Map<TOp>(x, y);
        return y;
    }
}
