using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>What every rule does first: p ← Shrink · p, then g' = Sign · g + WeightDecay · p.</summary>
/// <remarks>The numbers are rounded to float once, as PyTorch's kernels do.</remarks>
internal struct Decay
{
    public float Sign;          // -1 to maximize, else 1
    public float WeightDecay;   // added to the gradient as decay · p (L2 penalty), or 0
    public float Shrink;        // p is first multiplied by it: 1 - rate · decay (decoupled decay), or 1

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly T Apply<T>(ref T x, T g) where T : unmanaged, ISimd<T>
    {
        x *= T.Create(Shrink);
        return g * T.Create(Sign) + x * T.Create(WeightDecay);
    }
}

// p ← p - rate · g'
internal struct SgdRule : IUpdateRule
{
    public Decay Decay;
    public float NegativeRate;

    public static int Buffers => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Update<T>(ref T x, T g, ref T a, ref T b, ref T c) where T : unmanaged, ISimd<T>
    {
        g = Decay.Apply(ref x, g);
        x += g * T.Create(NegativeRate);
    }
}

// b ← Keep · b + Take · g'      p ← p - rate · b, with Nesterov p ← p - rate (g' + Ahead · b)
internal struct SgdMomentumRule<TNesterov> : IUpdateRule where TNesterov : IFlag
{
    public Decay Decay;
    public float NegativeRate;
    public float Keep, Take;    // momentum and 1 - dampening; 0 and 1 on a parameter's first step
    public float Ahead;         // momentum

    public static int Buffers => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Update<T>(ref T x, T g, ref T buffer, ref T b, ref T c) where T : unmanaged, ISimd<T>
    {
        g = Decay.Apply(ref x, g);
        buffer = buffer * T.Create(Keep) + g * T.Create(Take);
        x += (TNesterov.Value ? g + buffer * T.Create(Ahead) : buffer) * T.Create(NegativeRate);
    }
}

// m ← β1 m + (1-β1) g'      v ← β2 v + (1-β2) g' g'      u = v, with amsgrad u ← max(u, v)
// p ← p - StepSize · m / (√u / Bias2Sqrt + ε)
internal struct AdamRule<TAmsgrad> : IUpdateRule where TAmsgrad : IFlag
{
    public Decay Decay;
    public float Beta1, OneMinusBeta1, Beta2, OneMinusBeta2;
    public float Bias2Sqrt, Eps, NegativeStepSize; // √(1 - β2^t), ε, -rate / (1 - β1^t)

    public static int Buffers => TAmsgrad.Value ? 3 : 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Update<T>(ref T x, T g, ref T m, ref T v, ref T max) where T : unmanaged, ISimd<T>
    {
        g = Decay.Apply(ref x, g);
        m = m * T.Create(Beta1) + g * T.Create(OneMinusBeta1);
        v = v * T.Create(Beta2) + g * T.Create(OneMinusBeta2) * g;
        if (TAmsgrad.Value) max = T.Max(max, v);
        T root = T.Sqrt(TAmsgrad.Value ? max : v);
        x += m * T.Create(NegativeStepSize) / (root / T.Create(Bias2Sqrt) + T.Create(Eps));
    }
}

// m ← β1 m + (1-β1) g'      u ← max(β2 u, |g'| + ε)      p ← p - StepSize · m / u
internal struct AdamaxRule : IUpdateRule
{
    public Decay Decay;
    public float Beta1, OneMinusBeta1, Beta2, Eps;
    public float NegativeStepSize; // -rate / (1 - β1^t)

    public static int Buffers => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Update<T>(ref T x, T g, ref T m, ref T u, ref T c) where T : unmanaged, ISimd<T>
    {
        g = Decay.Apply(ref x, g);
        m = m * T.Create(Beta1) + g * T.Create(OneMinusBeta1);
        u = T.Max(u * T.Create(Beta2), T.Abs(g) + T.Create(Eps));
        x += m * T.Create(NegativeStepSize) / u;
    }
}

// m ← β1 m + (1-β1) g'      v ← β2 v + (1-β2) g' g'
// p ← p - (GradientStep · g' + MomentStep · m) / (√(v / Bias2) + ε)
internal struct NAdamRule : IUpdateRule
{
    public Decay Decay;
    public float Beta1, OneMinusBeta1, Beta2, OneMinusBeta2;
    public float Bias2, Eps;             // 1 - β2^t, ε
    public float NegativeGradientStep;   // -rate (1 - μ_t) / (1 - μ_1 ··· μ_t)
    public float NegativeMomentStep;     // -rate μ_(t+1) / (1 - μ_1 ··· μ_(t+1))

    public static int Buffers => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Update<T>(ref T x, T g, ref T m, ref T v, ref T c) where T : unmanaged, ISimd<T>
    {
        g = Decay.Apply(ref x, g);
        m = m * T.Create(Beta1) + g * T.Create(OneMinusBeta1);
        v = v * T.Create(Beta2) + g * T.Create(OneMinusBeta2) * g;
        T denominator = T.Sqrt(v / T.Create(Bias2)) + T.Create(Eps);
        x += g * T.Create(NegativeGradientStep) / denominator;
        x += m * T.Create(NegativeMomentStep) / denominator;
    }
}

// m ← β1 m + (1-β1) g'      v ← β2 v + (1-β2) g' g'
// p ← p - rate · m / Bias1, rectified p ← p - rate · m / Bias1 · Bias2Sqrt / (√v + ε) · Rectification
internal struct RAdamRule : IUpdateRule
{
    public Decay Decay;
    public float Beta1, OneMinusBeta1, Beta2, OneMinusBeta2;
    public float Bias1, Bias2Sqrt, Eps;  // 1 - β1^t, √(1 - β2^t), ε
    public float Rate, Rectification;
    public bool IsRectified;

    public static int Buffers => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Update<T>(ref T x, T g, ref T m, ref T v, ref T c) where T : unmanaged, ISimd<T>
    {
        g = Decay.Apply(ref x, g);
        m = m * T.Create(Beta1) + g * T.Create(OneMinusBeta1);
        v = v * T.Create(Beta2) + g * T.Create(OneMinusBeta2) * g;
        T step = m / T.Create(Bias1) * T.Create(Rate);
        if (IsRectified)
            step = step * (T.Create(Bias2Sqrt) / (T.Sqrt(v) + T.Create(Eps))) * T.Create(Rectification);
        x -= step;
    }
}

// s ← s + g' g'      p ← p - rate · g' / (√s + ε)
internal struct AdagradRule : IUpdateRule
{
    public Decay Decay;
    public float NegativeRate, Eps; // -rate / (1 + (t-1) · rate decay), ε

    public static int Buffers => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Update<T>(ref T x, T g, ref T sum, ref T b, ref T c) where T : unmanaged, ISimd<T>
    {
        g = Decay.Apply(ref x, g);
        sum += g * g;
        x += g * T.Create(NegativeRate) / (T.Sqrt(sum) + T.Create(Eps));
    }
}

// s ← ρ s + (1-ρ) g' g'      d = √(u + ε) / √(s + ε) · g'      u ← ρ u + (1-ρ) d d      p ← p - rate · d
internal struct AdadeltaRule : IUpdateRule
{
    public Decay Decay;
    public float Rho, OneMinusRho, Eps, NegativeRate;

    public static int Buffers => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Update<T>(ref T x, T g, ref T square, ref T delta, ref T c) where T : unmanaged, ISimd<T>
    {
        T rho = T.Create(Rho), take = T.Create(OneMinusRho), eps = T.Create(Eps);
        g = Decay.Apply(ref x, g);
        square = square * rho + g * take * g;
        T d = T.Sqrt(delta + eps) / T.Sqrt(square + eps) * g;
        delta = delta * rho + d * take * d;
        x += d * T.Create(NegativeRate);
    }
}

// s ← α s + (1-α) g' g'      q = s, centered: a ← α a + (1-α) g', q = s - a a
// d = g' / (√q + ε)          p ← p - rate · d, with momentum b ← Momentum · b + d, p ← p - rate · b
// Buffers: s, then a when centered, then b with momentum.
internal struct RmsPropRule<TCentered, TMomentum> : IUpdateRule where TCentered : IFlag where TMomentum : IFlag
{
    public Decay Decay;
    public float Alpha, OneMinusAlpha, Eps, NegativeRate, Momentum;

    public static int Buffers => 1 + (TCentered.Value ? 1 : 0) + (TMomentum.Value ? 1 : 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Update<T>(ref T x, T g, ref T square, ref T b, ref T c) where T : unmanaged, ISimd<T>
    {
        T alpha = T.Create(Alpha), take = T.Create(OneMinusAlpha);
        g = Decay.Apply(ref x, g);
        square = square * alpha + g * take * g;
        T variance = square;
        if (TCentered.Value)
        {
            b = b * alpha + g * take;
            variance = square - b * b;
        }

        T root = T.Sqrt(variance) + T.Create(Eps);
        if (!TMomentum.Value)
        {
            x += g * T.Create(NegativeRate) / root;
            return;
        }

        ref T buffer = ref (TCentered.Value ? ref c : ref b);
        buffer = buffer * T.Create(Momentum) + g / root;
        x += buffer * T.Create(NegativeRate);
    }
}
