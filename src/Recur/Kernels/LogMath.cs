using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>The natural logarithm for every vector width.</summary>
/// <remarks>
/// Method (Cephes logf, S. Moshier, public domain; coefficients from there): x = m·2^e with m in [√½, √2), f = m - 1,
/// ln x = e·ln 2 + f - f²/2 + f³·p(f) with p of degree 8 and ln 2 split in two.
/// </remarks>
internal static class LogMath
{
    private const float SqrtTwo = 1.41421356f;
    private const float SmallestNormal = 1.17549435e-38f;
    private const float TwoTo24 = 16777216f;
    private const float Ln2High = 0.693359375f, Ln2Low = -2.12194440e-4f;
    private const float P0 = 3.3333331174e-1f, P1 = -2.4999993993e-1f, P2 = 2.0000714765e-1f, P3 = -1.6668057665e-1f;
    private const float P4 = 1.4249322787e-1f, P5 = -1.2420140846e-1f, P6 = 1.1676998740e-1f, P7 = -1.1514610310e-1f;
    private const float P8 = 7.0376836292e-2f;

    /// <summary>ln x; -∞ at 0, NaN below, ∞ at ∞, NaN at NaN; denormals are right too.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Log<T>(T x) where T : unmanaged, ISimd<T>
    {
        T one = T.Create(1f);
        T denormal = T.GreaterThan(T.Create(SmallestNormal), x);
        T normal = T.Select(denormal, x * T.Create(TwoTo24), x);
        T e = T.Exponent(normal) - T.And(denormal, T.Create(24f));
        T m = T.Mantissa(normal);
        T large = T.GreaterThan(m, T.Create(SqrtTwo));
        m = T.Select(large, m * T.Create(0.5f), m);
        e += T.And(large, one);

        T f = m - one;
        T f2 = f * f;
        T p = T.Fma(T.Create(P8), f, T.Create(P7));
        p = T.Fma(p, f, T.Create(P6));
        p = T.Fma(p, f, T.Create(P5));
        p = T.Fma(p, f, T.Create(P4));
        p = T.Fma(p, f, T.Create(P3));
        p = T.Fma(p, f, T.Create(P2));
        p = T.Fma(p, f, T.Create(P1));
        p = T.Fma(p, f, T.Create(P0));
        T y = T.Fma(p * f2, f, e * T.Create(Ln2Low));
        y = T.Fma(f2, T.Create(-0.5f), y);
        y = T.Fma(e, T.Create(Ln2High), f + y);

        // What the steps above cannot give: x = ∞ and NaN are themselves, 0 gives -∞, negative numbers give NaN.
        T infinity = T.Create(float.PositiveInfinity);
        y = T.Select(T.GreaterThan(infinity, x), y, x);
        y = T.Select(T.Equal(x, T.Zero), -infinity, y);
        return T.Select(T.GreaterThan(T.Zero, x), T.Create(float.NaN), y);
    }

    /// <summary>ln(1 + x), relatively exact also near 0; -∞ at -1, NaN below; not for ∞.</summary>
    /// <remarks>u = 1 + x loses the last bits of x, ln u · x / (u - 1) puts them back: the quotient is the logarithm's
    /// slope, which hardly changes between u and 1 + x (W. Kahan).</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Log1P<T>(T x) where T : unmanaged, ISimd<T>
    {
        T one = T.Create(1f), u = one + x;
        return T.Select(T.Equal(u, one), x, Log(u) * (x / (u - one)));
    }

    /// <summary>ln(1 + e^x), the integral of the logistic function; large x do not overflow.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Softplus<T>(T x) where T : unmanaged, ISimd<T> =>
        T.Max(T.Zero, x) + Log1P(VectorMath.Exp(-T.Abs(x)));
}
