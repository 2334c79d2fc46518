using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>exp and what follows from it, for every vector width, one vector at a time; measured errors stand in
/// docs/numerics.md and are tested.</summary>
internal static class VectorMath
{
    /// <summary>e^x; 0 below -104, infinity above 88.73, NaN for NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Exp<T>(T x) where T : unmanaged, ISimd<T>
    {
        x = T.Min(T.Create(89f), T.Max(T.Create(-104f), x)); // constants first: a NaN in the second argument survives
        T p = ExpMath<T>.Immediate.Reduced(x, out T n, out _) + T.Create(1f);
        // 2^n alone leaves the range of floats at both ends, so it is applied in two halves.
        T half = T.Round(n * T.Create(0.5f));
        return p * T.Pow2(half) * T.Pow2(n - half);
    }

    /// <inheritdoc cref="ExpMath{T}.Tanh"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Tanh<T>(T x) where T : unmanaged, ISimd<T> => ExpMath<T>.Immediate.Tanh(x);

    /// <inheritdoc cref="ExpMath{T}.Sigmoid"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sigmoid<T>(T x) where T : unmanaged, ISimd<T> => ExpMath<T>.Immediate.Sigmoid(x);

    /// <summary>e^-|x|, at least e^-60: small enough for a logistic function, and a learning rate times it is no
    /// denormal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ExpMinusAbs<T>(T x) where T : unmanaged, ISimd<T>
    {
        T y = -T.Min(T.Create(60f), T.Abs(x)); // 60 first: NaN stays NaN
        T p = ExpMath<T>.Immediate.Reduced(y, out _, out T scale);
        return T.Fma(p, scale, scale);
    }

    /// <summary>e^x - 1, relatively exact also near 0; -1 below -87, 6e37 above 87.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ExpM1<T>(T x) where T : unmanaged, ISimd<T>
    {
        x = T.Min(T.Create(87f), T.Max(T.Create(-87f), x));
        T p = ExpMath<T>.Immediate.Reduced(x, out _, out T scale);
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
