using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Recur.Kernels;

/// <summary>exp, tanh and the logistic function for every vector width.</summary>
/// <remarks>
/// Method (Cody and Waite 1980): x = n·ln 2 + r with |r| at most ln 2 / 2, ln 2 split in two so that r is exact to the
/// last
/// bit; e^r - 1 = r + r²·q(r) with q of degree 4, fitted by us for least relative error of e^r (3e-9); scale by 2^n.
/// All widths perform the same operations in the same order. Measured errors stand in docs/numerics.md and are tested.
/// </remarks>
internal static class VectorMath
{
    private const float Log2E = 1.44269504f;
    private const float Ln2High = 0.693359375f;        // 9 significant bits: n·Ln2High is exact
    private const float Ln2Low = -2.12194440e-4f;
    private const float Q0 = 0.49999994f, Q1 = 0.16666521f, Q2 = 0.04166839f, Q3 = 0.008368745f, Q4 = 0.0013814538f;

    // Added to a number below 2^22 in magnitude, rounds it to a whole number n (the spacing of floats there is 1), whose
    // n + 127 then stands in the lowest bits: shifted into place they are 2^n.
    private const float Rounder = 12582912f + 127f; // 1.5·2^23 + 127

    private const float Ln2 = 0.693147182f;            // 1.9e-9 too large

    /// <summary>e^y - 1 without its power of two, and n + <see cref="Rounder"/>, n that power: y = n·ln 2 + r.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Reduced<T>(T y, out T rounded) where T : unmanaged, ISimd<T>
    {
        rounded = T.Fma(y, T.Create(Log2E), T.Create(Rounder));
        T n = rounded - T.Create(Rounder);
        return Polynomial(T.Fma(n, T.Create(-Ln2Low), T.Fma(n, T.Create(-Ln2High), y)));
    }

    /// <summary>The same of 2x with ln 2 in one piece: off by another n·1.9e-9 of e^(2x), which a tanh does not show. No
    /// operation waits for the product 2x. Where n·ln 2 would be rounded before it is subtracted, it takes two pieces all
    /// the same.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T ReducedTwice<T>(T x, out T rounded) where T : unmanaged, ISimd<T>
    {
        rounded = T.Fma(x, T.Create(2f * Log2E), T.Create(Rounder));
        T n = rounded - T.Create(Rounder), y = x + x;
        return Polynomial(IsFused ? T.Fma(n, T.Create(-Ln2), y) : T.Fma(n, T.Create(-Ln2Low), T.Fma(n, T.Create(-Ln2High), y)));
    }

    private static bool IsFused
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Fma.IsSupported || AdvSimd.IsSupported;
    }

    // e^r - 1, in Estrin's order: two levels less in the dependent chain than Horner's, which is what one recurrent step
    // waits for.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Polynomial<T>(T r) where T : unmanaged, ISimd<T>
    {
        T r2 = r * r;
        T low = T.Fma(r, T.Create(Q1), T.Create(Q0));
        T high = T.Fma(r2, T.Create(Q4), T.Fma(r, T.Create(Q3), T.Create(Q2)));
        return T.Fma(r2, T.Fma(r2, high, low), r);
    }

    /// <summary>e^x; 0 below -104, infinity above 88.73, NaN for NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Exp<T>(T x) where T : unmanaged, ISimd<T>
    {
        x = T.Min(T.Create(89f), T.Max(T.Create(-104f), x)); // constants first: a NaN in the second argument survives
        T p = Reduced(x, out T rounded) + T.Create(1f);
        // 2^n alone leaves the range of floats at both ends, so it is applied in two halves.
        T n = rounded - T.Create(Rounder);
        T half = T.Round(n * T.Create(0.5f));
        return p * T.Pow2(half) * T.Pow2(n - half);
    }

    /// <summary>tanh x, through e^(2x) - 1, which keeps the relative accuracy near 0.</summary>
    /// <remarks>Beyond 9.1 tanh rounds to ±1, and so does what the clamped argument gives.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Tanh<T>(T x) where T : unmanaged, ISimd<T>
    {
        x = T.Min(T.Create(9.1f), T.Max(T.Create(-9.1f), x)); // constants first, as in Exp
        T p = ReducedTwice(x, out T rounded);
        T scale = T.Pow2Rounded(rounded);
        T e = T.Fma(p, scale, scale - T.Create(1f)); // e^(2x) - 1
        return e / (e + T.Create(2f));
    }

    /// <summary>1 / (1 + e^-x); at least 1.6e-38, so that no denormal enters a recurrent state.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sigmoid<T>(T x) where T : unmanaged, ISimd<T>
    {
        x = T.Min(T.Create(87f), T.Max(T.Create(-87f), x));
        T p = Reduced(-x, out T rounded);
        T scale = T.Pow2Rounded(rounded);
        return T.Create(1f) / T.Fma(p, scale, scale + T.Create(1f));
    }

    /// <summary>e^-|x|, at least e^-60: small enough for a logistic function, and a learning rate times it is no
    /// denormal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ExpMinusAbs<T>(T x) where T : unmanaged, ISimd<T>
    {
        T y = -T.Min(T.Create(60f), T.Abs(x)); // 60 first: NaN stays NaN
        T p = Reduced(y, out T rounded);
        T scale = T.Pow2Rounded(rounded);
        return T.Fma(p, scale, scale);
    }

    /// <summary>e^x - 1, relatively exact also near 0; -1 below -87, 6e37 above 87.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ExpM1<T>(T x) where T : unmanaged, ISimd<T>
    {
        x = T.Min(T.Create(87f), T.Max(T.Create(-87f), x));
        T p = Reduced(x, out T rounded);
        T scale = T.Pow2Rounded(rounded);
        return T.Fma(p, scale, scale - T.Create(1f));
    }

    /// <summary>The error function 2/√π ∫ e^-t² dt from 0 to x.</summary>
    /// <remarks>Up to 1 x·p(x²), above 1 - e^-q(|x|), p and q of degree 6, fitted by us for least relative error of the
    /// result (1.2e-9 and 1.1e-9); from 4 on the result rounds to ±1.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Erf<T>(T x) where T : unmanaged, ISimd<T>
    {
        T x2 = x * x;
        T p = T.Fma(T.Create(7.8538942e-05f), x2, T.Create(-0.000801020477f));
        p = T.Fma(p, x2, T.Create(0.00518832915f));
        p = T.Fma(p, x2, T.Create(-0.0268538129f));
        p = T.Fma(p, x2, T.Create(0.112835854f));
        p = T.Fma(p, x2, T.Create(-0.37612626f));
        p = T.Fma(p, x2, T.Create(1.12837911f));

        T a = T.Min(T.Create(4f), T.Abs(x)); // 4 first: NaN stays NaN
        T q = T.Fma(T.Create(-0.000186379533f), a, T.Create(0.00294766179f));
        q = T.Fma(q, a, T.Create(-0.0218380783f));
        q = T.Fma(q, a, T.Create(0.103106782f));
        q = T.Fma(q, a, T.Create(0.638144791f));
        q = T.Fma(q, a, T.Create(1.12708926f));
        q = T.Fma(q, a, T.Create(0.000341517414f));
        T far = T.Create(1f) - Exp(-q);
        far = T.Select(T.GreaterThan(T.Zero, x), -far, far);
        return T.Select(T.GreaterThan(T.Create(1f), T.Abs(x)), x * p, far);
    }
}
