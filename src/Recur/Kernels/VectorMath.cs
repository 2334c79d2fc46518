using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>exp, tanh and the logistic function for every vector width.</summary>
/// <remarks>
/// Method (Cody and Waite 1980): x = n·ln 2 + r with |r| at most ln 2 / 2, ln 2 split in two so that r is exact to the last
/// bit; e^r - 1 = r + r²·q(r) with q of degree 4, fitted by us for least relative error of e^r (3e-9); scale by 2^n.
/// All widths perform the same operations in the same order. Measured errors stand in docs/numerics.md and are tested.
/// </remarks>
internal static class VectorMath
{
    private const float Log2E = 1.44269504f;
    private const float Ln2High = 0.693359375f;        // 9 significant bits: n·Ln2High is exact
    private const float Ln2Low = -2.12194440e-4f;
    private const float Q0 = 0.49999994f, Q1 = 0.16666521f, Q2 = 0.04166839f, Q3 = 0.008368745f, Q4 = 0.0013814538f;

    /// <summary>e^r - 1 and the n of x = n·ln 2 + r.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Reduced<T>(T x, out T n) where T : unmanaged, ISimd<T>
    {
        n = T.Round(x * T.Create(Log2E));
        T r = T.Fma(n, T.Create(-Ln2High), x);
        r = T.Fma(n, T.Create(-Ln2Low), r);
        T r2 = r * r;
        // Estrin's order: two levels less in the dependent chain than Horner's, which is what one recurrent step waits for.
        T low = T.Fma(r, T.Create(Q1), T.Create(Q0));
        T high = T.Fma(r2, T.Create(Q4), T.Fma(r, T.Create(Q3), T.Create(Q2)));
        return T.Fma(r2, T.Fma(r2, high, low), r);
    }

    /// <summary>e^x; 0 below -104, infinity above 88.73, NaN for NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Exp<T>(T x) where T : unmanaged, ISimd<T>
    {
        x = T.Min(T.Create(89f), T.Max(T.Create(-104f), x)); // constants first: a NaN in the second argument survives
        T p = Reduced(x, out T n) + T.Create(1f);
        // 2^n alone leaves the range of floats at both ends, so it is applied in two halves.
        T half = T.Round(n * T.Create(0.5f));
        return p * T.Pow2(half) * T.Pow2(n - half);
    }

    /// <summary>tanh x, through e^(2x) - 1, which keeps the relative accuracy near 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Tanh<T>(T x) where T : unmanaged, ISimd<T>
    {
        T y = T.Min(T.Create(9.1f), T.Max(T.Create(-9.1f), x)); // beyond, tanh rounds to ±1; both sides, or -inf gives NaN
        T p = Reduced(y + y, out T n);
        T scale = T.Pow2(n);
        T e = T.Fma(p, scale, scale - T.Create(1f)); // e^(2x) - 1
        return e / (e + T.Create(2f));
    }

    /// <summary>1 / (1 + e^-x); at least 1.6e-38, so that no denormal enters a recurrent state.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sigmoid<T>(T x) where T : unmanaged, ISimd<T>
    {
        T y = T.Min(T.Create(87f), T.Max(T.Create(-87f), x));
        T p = Reduced(-y, out T n);
        T scale = T.Pow2(n);
        T e = T.Fma(p, scale, scale); // e^-x
        return T.Create(1f) / (T.Create(1f) + e);
    }
}
