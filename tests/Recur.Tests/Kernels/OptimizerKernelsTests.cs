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

    private static readonly Decay Decay = new() { Sign = -1f, WeightDecay = 0.01f, Shrink = 0.998f };

    /// <summary>Parameter and state after a step of the rule; the state is not negative, as squares are.</summary>
    private static float[] Run<TRule>(TRule rule, int n) where TRule : unmanaged, IUpdateRule
    {
        float[] p = Normal(1, n), g = Normal(2, n), a = State(3), b = State(4), c = State(5);
        OptimizerKernels.Run(
            rule, p, g, TRule.Buffers > 0 ? a : default, TRule.Buffers > 1 ? b : default, TRule.Buffers > 2 ? c : default);
        return [.. p, .. a, .. b, .. c];

        float[] State(ulong seed) => [.. Normal(seed, n).Select(MathF.Abs)];
    }

    private static void AssertSameBits<TRule>(TRule rule) where TRule : unmanaged, IUpdateRule =>
        AssertSameBits(n => Run(rule, n));

    [Fact]
    public void Run_EveryRuleAndWidth_GivesTheScalarBits()
    {
        AssertSameBits(new SgdRule { Decay = Decay, NegativeRate = -0.03f });
        AssertSameBits(SgdMomentum<On>());
        AssertSameBits(SgdMomentum<Off>());
        AssertSameBits(Adam<On>());
        AssertSameBits(Adam<Off>());
        AssertSameBits(new AdamaxRule
        {
            Decay = Decay, Beta1 = 0.9f, OneMinusBeta1 = 0.1f, Beta2 = 0.99f, Eps = 1e-8f, NegativeStepSize = -0.02f,
        });
        AssertSameBits(new NAdamRule
        {
            Decay = Decay, Beta1 = 0.9f, OneMinusBeta1 = 0.1f, Beta2 = 0.99f, OneMinusBeta2 = 0.01f, Bias2 = 0.3f,
            Eps = 1e-8f, NegativeGradientStep = -0.02f, NegativeMomentStep = -0.01f,
        });
        AssertSameBits(RAdam(isRectified: false));
        AssertSameBits(RAdam(isRectified: true));
        AssertSameBits(new AdagradRule { Decay = Decay, NegativeRate = -0.03f, Eps = 1e-10f });
        AssertSameBits(new AdadeltaRule
        {
            Decay = Decay, Rho = 0.9f, OneMinusRho = 0.1f, Eps = 1e-6f, NegativeRate = -1f,
        });
        AssertSameBits(RmsProp<Off, Off>());
        AssertSameBits(RmsProp<Off, On>());
        AssertSameBits(RmsProp<On, Off>());
        AssertSameBits(RmsProp<On, On>());

        static SgdMomentumRule<T> SgdMomentum<T>() where T : unmanaged, IFlag => new()
        {
            Decay = Decay, NegativeRate = -0.03f, Keep = 0.9f, Take = 0.7f, Ahead = 0.9f,
        };

        static AdamRule<T> Adam<T>() where T : unmanaged, IFlag => new()
        {
            Decay = Decay, Beta1 = 0.9f, OneMinusBeta1 = 0.1f, Beta2 = 0.999f, OneMinusBeta2 = 0.001f, Bias2Sqrt = 0.3f,
            Eps = 1e-8f, NegativeStepSize = -0.02f,
        };

        static RAdamRule RAdam(bool isRectified) => new()
        {
            Decay = Decay, Beta1 = 0.9f, OneMinusBeta1 = 0.1f, Beta2 = 0.99f, OneMinusBeta2 = 0.01f, Bias1 = 0.4f,
            Bias2Sqrt = 0.3f, Eps = 1e-8f, Rate = 0.01f, IsRectified = isRectified, Rectification = 0.6f,
        };

        static RmsPropRule<T, TMomentum> RmsProp<T, TMomentum>() where T : unmanaged, IFlag where TMomentum : unmanaged, IFlag =>
            new() { Decay = Decay, Alpha = 0.9f, OneMinusAlpha = 0.1f, Eps = 3f, NegativeRate = -0.03f, Momentum = 0.8f };
    }

    [Fact]
    public void Run_Sgd_IsTheFormula()
    {
        float[] p = [1f, -2f, 3f];
        OptimizerKernels.Run(
            new SgdRule { Decay = new Decay { Sign = 1f, WeightDecay = 0.5f, Shrink = 1f }, NegativeRate = -0.5f }, p,
            [2f, 2f, -4f]);
        Assert.Equal([-0.25f, -2.5f, 4.25f], p); // p - 0.5 (g + 0.5 p)
    }

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
