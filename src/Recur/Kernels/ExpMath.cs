using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Recur.Kernels;

/// <summary>tanh, the logistic function and the first half of e^x, with their constants at hand: <see cref="Load"/> for a loop over
/// many vectors, <see cref="Immediate"/> for others, to whom <see cref="VectorMath"/> gives it.</summary>
/// <remarks>
/// Method (Cody and Waite 1980): x = n·ln 2 + r with |r| at most ln 2 / 2, ln 2 split in two so that r is exact to the
/// last bit; e^r - 1 = r + r²·q(r) with q of degree 4, fitted by us for least relative error of e^r (3e-9); scale by 2^n.
/// All widths perform the same operations in the same order.
/// </remarks>
internal readonly struct ExpMath<T> where T : unmanaged, ISimd<T>
{
    private readonly T mostOfTanh, leastOfTanh, mostOfSigmoid, leastOfSigmoid;
    private readonly T log2E, twoLog2E, rounder, minusLn2, minusLn2High, minusLn2Low;
    private readonly T q0, q1, q2, q3, q4, one, two;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ExpMath(
        float mostOfTanh, float leastOfTanh, float mostOfSigmoid, float leastOfSigmoid, float log2E, float twoLog2E, float rounder,
        float minusLn2, float minusLn2High, float minusLn2Low, float q0, float q1, float q2, float q3, float q4, float one, float two)
    {
        this.mostOfTanh = T.Create(mostOfTanh);
        this.leastOfTanh = T.Create(leastOfTanh);
        this.mostOfSigmoid = T.Create(mostOfSigmoid);
        this.leastOfSigmoid = T.Create(leastOfSigmoid);
        this.log2E = T.Create(log2E);
        this.twoLog2E = T.Create(twoLog2E);
        this.rounder = T.Create(rounder);
        this.minusLn2 = T.Create(minusLn2);
        this.minusLn2High = T.Create(minusLn2High);
        this.minusLn2Low = T.Create(minusLn2Low);
        this.q0 = T.Create(q0);
        this.q1 = T.Create(q1);
        this.q2 = T.Create(q2);
        this.q3 = T.Create(q3);
        this.q4 = T.Create(q4);
        this.one = T.Create(one);
        this.two = T.Create(two);
    }

    /// <summary>For a loop, before it: its constants stay in registers. What is not used is not loaded.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ExpMath<T> Load() => new(
        Kept.MostOfTanh, Kept.LeastOfTanh, Kept.MostOfSigmoid, Kept.LeastOfSigmoid, Kept.Log2E, Kept.TwoLog2E, Kept.Rounder,
        Kept.MinusLn2, Kept.MinusLn2High, Kept.MinusLn2Low, Kept.Q0, Kept.Q1, Kept.Q2, Kept.Q3, Kept.Q4, Kept.One, Kept.Two);

    /// <summary>For one vector: its constants are operands of the instructions.</summary>
    public static ExpMath<T> Immediate
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(
            ExpConstants.MostOfTanh, -ExpConstants.MostOfTanh, ExpConstants.MostOfSigmoid, -ExpConstants.MostOfSigmoid,
            ExpConstants.Log2E, 2f * ExpConstants.Log2E, ExpConstants.Rounder,
            -ExpConstants.Ln2, -ExpConstants.Ln2High, -ExpConstants.Ln2Low,
            ExpConstants.Q0, ExpConstants.Q1, ExpConstants.Q2, ExpConstants.Q3, ExpConstants.Q4, 1f, 2f);
    }

    /// <summary>e^y - 1 without its power of two, that power n as y = n·ln 2 + r has it, and 2^n, which is right for n from -126
    /// to 127.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Reduced(T y, out T n, out T scale)
    {
        T rounded = T.Fma(y, log2E, rounder);
        n = rounded - rounder;
        scale = T.Pow2Rounded(rounded);
        return Polynomial(T.Fma(n, minusLn2Low, T.Fma(n, minusLn2High, y)));
    }

    // The same of 2x with ln 2 in one piece: off by another n·1.9e-9 of e^(2x), which a tanh does not show. No operation waits
    // for the product 2x. Where n·ln 2 would be rounded before it is subtracted, it takes two pieces all the same.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private T ReducedTwice(T x, out T scale)
    {
        T rounded = T.Fma(x, twoLog2E, rounder);
        T n = rounded - rounder, y = x + x;
        scale = T.Pow2Rounded(rounded);
        return Polynomial(IsFused ? T.Fma(n, minusLn2, y) : T.Fma(n, minusLn2Low, T.Fma(n, minusLn2High, y)));
    }

    private static bool IsFused
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Fma.IsSupported || AdvSimd.IsSupported;
    }

    // e^r - 1, in Estrin's order: two levels less in the dependent chain than Horner's, which is what one recurrent step
    // waits for.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private T Polynomial(T r)
    {
        T r2 = r * r;
        T low = T.Fma(r, q1, q0);
        T high = T.Fma(r2, q4, T.Fma(r, q3, q2));
        return T.Fma(r2, T.Fma(r2, high, low), r);
    }

    /// <summary>tanh x, through e^(2x) - 1, which keeps the relative accuracy near 0.</summary>
    /// <remarks>Beyond 9.1 tanh rounds to ±1, and so does what the clamped argument gives.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Tanh(T x)
    {
        x = T.Min(mostOfTanh, T.Max(leastOfTanh, x)); // constants first: a NaN in the second argument survives
        T p = ReducedTwice(x, out T scale);
        T e = T.Fma(p, scale, scale - one); // e^(2x) - 1
        return e / (e + two);
    }

    /// <summary>1 / (1 + e^-x); at least 1.6e-38, so that no denormal enters a recurrent state.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Sigmoid(T x)
    {
        x = T.Min(mostOfSigmoid, T.Max(leastOfSigmoid, x));
        T p = Reduced(-x, out _, out T scale);
        return one / T.Fma(p, scale, scale + one);
    }
}

/// <summary>The constants as variables that never change: what the JIT knows to be constant it loads again at every use, and such
/// loads were a third of the instructions of a step's loops.</summary>
file static class Kept
{
    public static float MostOfTanh = ExpConstants.MostOfTanh, LeastOfTanh = -ExpConstants.MostOfTanh;
    public static float MostOfSigmoid = ExpConstants.MostOfSigmoid, LeastOfSigmoid = -ExpConstants.MostOfSigmoid;
    public static float Log2E = ExpConstants.Log2E, TwoLog2E = 2f * ExpConstants.Log2E, Rounder = ExpConstants.Rounder;
    public static float MinusLn2 = -ExpConstants.Ln2, MinusLn2High = -ExpConstants.Ln2High, MinusLn2Low = -ExpConstants.Ln2Low;
    public static float Q0 = ExpConstants.Q0, Q1 = ExpConstants.Q1, Q2 = ExpConstants.Q2, Q3 = ExpConstants.Q3, Q4 = ExpConstants.Q4;
    public static float One = 1f, Two = 2f;
}

file static class ExpConstants
{
    public const float MostOfTanh = 9.1f, MostOfSigmoid = 87f;
    public const float Log2E = 1.44269504f;
    public const float Ln2High = 0.693359375f;        // 9 significant bits: n·Ln2High is exact
    public const float Ln2Low = -2.12194440e-4f;
    public const float Ln2 = 0.693147182f;            // 1.9e-9 too large
    public const float Q0 = 0.49999994f, Q1 = 0.16666521f, Q2 = 0.04166839f, Q3 = 0.008368745f, Q4 = 0.0013814538f;

    // Added to a number below 2^22 in magnitude, rounds it to a whole number n (the spacing of floats there is 1), whose
    // n + 127 then stands in the lowest bits: shifted into place they are 2^n.
    public const float Rounder = 12582912f + 127f; // 1.5·2^23 + 127
}
