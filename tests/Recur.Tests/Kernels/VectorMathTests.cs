using Recur.Kernels;

namespace Recur.Tests.Kernels;

/// <summary>The numbers of docs/numerics.md: exp, tanh and the logistic function against double precision, in every
/// width.</summary>
[Collection(AloneCollection.Name)]
public sealed class VectorMathTests
{
    // Measured worst cases stand in docs/numerics.md; these bounds are a little above them. An ulp is the distance of
    // neighbouring floats at the right result.
    private const double ExpUlps = 1.3, TanhAbsolute = 1.6e-7, TanhUlps = 3.5;
    private const double SigmoidAbsolute = 1.0e-7, SigmoidUlps = 3.0;

    // Below the smallest normal float an error is measured in steps of the denormals.
    private const double DenormalStep = 1.401298464324817e-45;

    private static float[] Map<TOp>(float[] x) where TOp : struct, IUnary
    {
        var y = new float[x.Length];
        Elementwise.Map<TOp>(x, y);
        return y;
    }

    // Every 4,099th float of both signs, denormals included, and what lies around every constant of the methods.
    private static readonly float[] Sweep =
    [
        .. Enumerable.Range(0, 0x7F800000 / 4099).Select(i => BitConverter.Int32BitsToSingle(i * 4099)),
        .. Enumerable.Range(0, 0x7F800000 / 4099).Select(i => -BitConverter.Int32BitsToSingle(i * 4099)),
        .. Around(9.1f), .. Around(9.01f), .. Around(87f), .. Around(88.72284f), .. Around(89f),
        .. Around(103.97208f), .. Around(104f), .. Around(87.33655f), .. Around(0.34657359f),
        .. Around(0.17328680f), .. Around(1e-30f),
        .. Enumerable.Range(-100_000, 200_001).Select(i => i / 1000f),
    ];

    private static IEnumerable<float> Around(float x)
    {
        int bits = BitConverter.SingleToInt32Bits(x);
        IEnumerable<float> near = Enumerable.Range(bits - 2000, 4000).Select(BitConverter.Int32BitsToSingle);
        return near.SelectMany(v => (float[])[v, -v]);
    }

    private static double Ulp(double right)
    {
        float f = MathF.Abs((float)right);
        return float.IsInfinity(f)
            ? double.PositiveInfinity
            : Math.Max(DenormalStep, (double)MathF.BitIncrement(f) - f);
    }

    private static void Check(
        string what, float[] x, float[] y, Func<double, double> right, double absolute, double ulps)
    {
        double worstAbsolute = 0, worstUlps = 0;
        float absoluteAt = 0, ulpsAt = 0;
        for (int i = 0; i < x.Length; i++)
        {
            double r = right(x[i]);
            if ((float)r == y[i]) continue; // the nearest float, infinity included
            double error = Math.Abs(y[i] - r), inUlps = error / Ulp(r);
            if (!(error <= worstAbsolute)) (worstAbsolute, absoluteAt) = (error, x[i]);
            if (!(inUlps <= worstUlps)) (worstUlps, ulpsAt) = (inUlps, x[i]);
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{what}: {worstAbsolute:E2} at {absoluteAt:R}, {worstUlps:F3} ulp at {ulpsAt:R}");
        Assert.True(worstAbsolute <= absolute, $"{what}: off by {worstAbsolute} at {absoluteAt:R}.");
        Assert.True(worstUlps <= ulps, $"{what}: off by {worstUlps} ulp at {ulpsAt:R}.");
    }

    [Fact]
    public void Exp_WholeRange_WithinTolerance() => IsaSweep.ForEach(level =>
        Check($"{level} exp", Sweep, Map<Exp>(Sweep), Math.Exp, double.PositiveInfinity, ExpUlps));

    [Fact]
    public void Tanh_WholeRange_WithinTolerance() => IsaSweep.ForEach(level =>
        Check($"{level} tanh", Sweep, Map<Tanh>(Sweep), Math.Tanh, TanhAbsolute, TanhUlps));

    // Below -87 the result stays at 1.6e-38, so relative accuracy ends there.
    [Fact]
    public void Sigmoid_WholeRange_WithinTolerance() => IsaSweep.ForEach(level =>
    {
        float[] x = [.. Sweep.Where(v => v >= -87f)], low = [.. Sweep.Where(v => v < -87f)];
        Check($"{level} sigmoid", x, Map<Sigmoid>(x), v => 1 / (1 + Math.Exp(-v)), SigmoidAbsolute, SigmoidUlps);
        Assert.All(Map<Sigmoid>(low), y => Assert.InRange(y, 1.1754944e-38f, 1.7e-38f));
    });

    [Fact]
    public void Exp_SpecialValues_AreRight() => IsaSweep.ForEach(_ => Assert.Equal(
        (float[])[1f, 1f, float.PositiveInfinity, 0f, float.NaN, float.PositiveInfinity, 0f, 1f, 1f,
            float.PositiveInfinity, float.Epsilon],
        Map<Exp>([0f, -0f, float.PositiveInfinity, float.NegativeInfinity, float.NaN, float.MaxValue, float.MinValue,
            float.Epsilon, -float.Epsilon, 88.722845f, -103.2f])));

    [Fact]
    public void Tanh_SpecialValues_AreRight() => IsaSweep.ForEach(_ => Assert.Equal(
        (float[])[0f, 0f, 1f, -1f, float.NaN, 1f, -1f, float.Epsilon, -float.Epsilon, 1e-38f],
        Map<Tanh>([0f, -0f, float.PositiveInfinity, float.NegativeInfinity, float.NaN, float.MaxValue, float.MinValue,
            float.Epsilon, -float.Epsilon, 1e-38f])));

    [Fact]
    public void Sigmoid_SpecialValues_AreRight() => IsaSweep.ForEach(_ => Assert.Equal(
        (float[])[0.5f, 0.5f, 1f, float.NaN, 1f, 0.5f],
        Map<Sigmoid>([0f, -0f, float.PositiveInfinity, float.NaN, float.MaxValue, float.Epsilon])));

    // The widths with fused multiply-add perform the same operations in the same order.
    [Fact]
    public void ExpTanhSigmoid_AllWidths_SameBits()
    {
        if (!System.Runtime.Intrinsics.X86.Fma.IsSupported && !System.Runtime.Intrinsics.Arm.AdvSimd.IsSupported)
            Assert.Skip("This processor has no fused multiply-add.");
        float[]? exp = null, tanh = null, sigmoid = null;
        IsaSweep.ForEach(level =>
        {
            float[] e = Map<Exp>(Sweep), t = Map<Tanh>(Sweep), s = Map<Sigmoid>(Sweep);
            Assert.True(e.AsSpan().SequenceEqual(exp ??= e), $"{level} exp");
            Assert.True(t.AsSpan().SequenceEqual(tanh ??= t), $"{level} tanh");
            Assert.True(s.AsSpan().SequenceEqual(sigmoid ??= s), $"{level} sigmoid");
        });
    }

    // An element's value must not depend on where it stands: in a whole vector or in the rest behind the last one.
    [Fact]
    public void Tanh_EveryLength_SameBitsAsAlone() => IsaSweep.ForEach(_ =>
    {
        float[] x = [.. Enumerable.Range(0, 70).Select(i => (i - 35) * 0.13f)];
        float[] one = [.. x.Select(v => Map<Tanh>([v])[0])];
        for (int n = 0; n <= x.Length; n++) Assert.Equal(one[..n], Map<Tanh>(x[..n]));
    });
}
