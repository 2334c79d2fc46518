using Recur.Kernels;

namespace Recur.Tests.Kernels;

/// <summary>The bits of a step must not depend on the vector width, for any length (whole vectors, tails,
/// both).</summary>
[Collection(AloneCollection.Name)]
public sealed class OptimizerKernelsTests
{
    private static readonly int[] Lengths = [1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 33, 100];

    private static float[] Normal(ulong seed, int n)
    {
        var values = new float[n];
        new Rng(seed).FillNormal(values);
        return values;
    }

    private static void AssertSameBits(Func<int, float[]> run)
    {
        foreach (int n in Lengths)
        {
            float[]? scalar = null;
            foreach (IsaLevel level in Isa.Available)
            {
                IsaLevel former = Isa.Current;
                Isa.Current = level;
                try
                {
                    float[] result = run(n);
                    scalar ??= result;
                    Assert.Equal(scalar, result);
                }
                finally
                {
                    Isa.Current = former;
                }
            }
        }
    }

    [Fact]
    public void Adam_EveryWidth_GivesTheScalarBits() => AssertSameBits(n =>
    {
        float[] p = Normal(1, n), g = Normal(2, n), m = Normal(3, n), v = [.. Normal(4, n).Select(MathF.Abs)];
        var step = new OptimizerKernels.AdamStep
        {
            Beta1 = 0.9f, OneMinusBeta1 = 0.1f, Beta2 = 0.999f, OneMinusBeta2 = 0.001f,
            WeightDecay = 0.01f, Shrink = 0.998f,
            Bias2Sqrt = 0.3f, Eps = 1e-8f, NegativeStepSize = -0.02f,
        };
        OptimizerKernels.Adam(p, g, m, v, step);
        return [.. p, .. m, .. v];
    });

    [Fact]
    public void Sgd_EveryWidth_GivesTheScalarBits() => AssertSameBits(n =>
    {
        float[] p = Normal(1, n), g = Normal(2, n), q = Normal(3, n), b = Normal(4, n);
        OptimizerKernels.Sgd(p, g, 0.1f, -0.03f);
        var step = new OptimizerKernels.MomentumStep
        {
            WeightDecay = 0.1f, NegativeLearningRate = -0.03f, Keep = 0.9f, Take = 0.7f, Ahead = 0.9f, Nesterov = true,
        };
        OptimizerKernels.SgdMomentum(q, g, b, step);
        return [.. p, .. q, .. b];
    });

    [Fact]
    public void Norms_EveryWidth_GiveTheScalarBits() => AssertSameBits(n =>
    {
        float[] x = Normal(5, n);
        return [(float)Norms.Sum<Norms.SquareTerm>(x), (float)Norms.Sum<Norms.AbsoluteTerm>(x), Norms.MaxAbs(x)];
    });

    [Fact]
    public void RowsAddSum_EveryWidth_GivesTheScalarBits() => AssertSameBits(n =>
    {
        float[] row = Normal(6, n);
        Rows.AddSum(11, n, Normal(7, 11 * n), row);
        return row;
    });

    [Fact]
    public void RowsAddSum_ManyRows_AddsToTheRow()
    {
        float[] row = [1f, 2f, 3f];
        var y = new float[3 * 1000];
        for (int r = 0; r < 1000; r++) (y[3 * r], y[3 * r + 1], y[3 * r + 2]) = (1f, r, -0.5f);
        Rows.AddSum(1000, 3, y, row);
        Assert.Equal([1001f, 499502f, -497f], row);
    }
}
