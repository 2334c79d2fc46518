using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>A loss of one element: value and slopes, written once for every vector width.</summary>
/// <remarks>x is the prediction, t the target, c what the loss is set by.</remarks>
internal interface IElementLoss
{
    static abstract T Value<T>(T x, T t, T c) where T : unmanaged, ISimd<T>;

    /// <summary>The derivative by x.</summary>
    static abstract T ByInput<T>(T x, T t, T c) where T : unmanaged, ISimd<T>;

    /// <summary>The derivative by t.</summary>
    static abstract T ByTarget<T>(T x, T t, T c) where T : unmanaged, ISimd<T>;
}

internal readonly struct ValueOf<TLoss> : ITernary where TLoss : struct, IElementLoss
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T x, T t, T c) where T : unmanaged, ISimd<T> => TLoss.Value(x, t, c);
}

internal readonly struct SlopeByInput<TLoss> : ITernary where TLoss : struct, IElementLoss
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T x, T t, T c) where T : unmanaged, ISimd<T> => TLoss.ByInput(x, t, c);
}

internal readonly struct SlopeByTarget<TLoss> : ITernary where TLoss : struct, IElementLoss
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T x, T t, T c) where T : unmanaged, ISimd<T> => TLoss.ByTarget(x, t, c);
}

// (x - t)²
internal readonly struct MseLoss : IElementLoss
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x, T t, T c) where T : unmanaged, ISimd<T> => (x - t) * (x - t);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ByInput<T>(T x, T t, T c) where T : unmanaged, ISimd<T> => (x - t) + (x - t);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ByTarget<T>(T x, T t, T c) where T : unmanaged, ISimd<T> => (t - x) + (t - x);
}

// |x - t|
internal readonly struct L1Loss : IElementLoss
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x, T t, T c) where T : unmanaged, ISimd<T> => T.Abs(x - t);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ByInput<T>(T x, T t, T c) where T : unmanaged, ISimd<T> => Sign(x - t);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ByTarget<T>(T x, T t, T c) where T : unmanaged, ISimd<T> => Sign(t - x);

    /// <summary>-1, 0 or 1; NaN at NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sign<T>(T d) where T : unmanaged, ISimd<T> => T.Select(
        T.GreaterThan(d, T.Zero), T.Create(1f), T.Select(T.GreaterThan(T.Zero, d), T.Create(-1f), d * T.Zero));
}

// d²/2c where |d| < c, |d| - c/2 elsewhere, with d = x - t
internal readonly struct SmoothL1Loss : IElementLoss
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x, T t, T c) where T : unmanaged, ISimd<T>
    {
        T d = x - t, a = T.Abs(d), half = T.Create(0.5f);
        return T.Select(T.GreaterThan(c, a), half * d * d / c, a - half * c);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ByInput<T>(T x, T t, T c) where T : unmanaged, ISimd<T>
    {
        T d = x - t;
        return T.Select(T.GreaterThan(c, T.Abs(d)), d / c, L1Loss.Sign(d));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ByTarget<T>(T x, T t, T c) where T : unmanaged, ISimd<T> => ByInput(t, x, c);
}

// d²/2 where |d| < c, c (|d| - c/2) elsewhere, with d = x - t
internal readonly struct HuberLoss : IElementLoss
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x, T t, T c) where T : unmanaged, ISimd<T>
    {
        T d = x - t, a = T.Abs(d), half = T.Create(0.5f);
        return T.Select(T.GreaterThan(c, a), half * d * d, c * (a - half * c));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ByInput<T>(T x, T t, T c) where T : unmanaged, ISimd<T>
    {
        T d = x - t;
        return T.Select(T.GreaterThan(c, T.Abs(d)), d, c * L1Loss.Sign(d));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ByTarget<T>(T x, T t, T c) where T : unmanaged, ISimd<T> => ByInput(t, x, c);
}

// c e where e = t - x > 0, (c - 1) e elsewhere
internal readonly struct QuantileLoss : IElementLoss
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x, T t, T c) where T : unmanaged, ISimd<T> => (t - x) * Side(t - x, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ByInput<T>(T x, T t, T c) where T : unmanaged, ISimd<T>
    {
        T e = t - x;
        return T.Select(T.Equal(e, T.Zero), T.Zero, -Side(e, c)); // 0 at the kink, as the derivative of |x|
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ByTarget<T>(T x, T t, T c) where T : unmanaged, ISimd<T> => -ByInput(x, t, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Side<T>(T e, T c) where T : unmanaged, ISimd<T> =>
        T.Select(T.GreaterThan(e, T.Zero), c, c - T.Create(1f) + e * T.Zero); // + 0 but for NaN
}

// t (ln t - x), 0 ln 0 = 0
internal readonly struct KlDivLoss : IElementLoss
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x, T t, T c) where T : unmanaged, ISimd<T> =>
        T.Select(T.Equal(t, T.Zero), T.Zero, t * LogMath.Log(t)) - t * x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ByInput<T>(T x, T t, T c) where T : unmanaged, ISimd<T> => -t;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ByTarget<T>(T x, T t, T c) where T : unmanaged, ISimd<T> =>
        LogMath.Log(t) + T.Create(1f) - x;
}

// e^t (t - x)
internal readonly struct KlDivLogLoss : IElementLoss
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x, T t, T c) where T : unmanaged, ISimd<T> => VectorMath.Exp(t) * (t - x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ByInput<T>(T x, T t, T c) where T : unmanaged, ISimd<T> => -VectorMath.Exp(t);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ByTarget<T>(T x, T t, T c) where T : unmanaged, ISimd<T> =>
        VectorMath.Exp(t) * (t - x + T.Create(1f));
}

// -t ln x - (1 - t) ln(1 - x), logarithms at least -100 and the divisor of the slope at least 1e-12, as in PyTorch; the
// slope by t is unbounded, as there
internal readonly struct BceLoss : IElementLoss
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x, T t, T c) where T : unmanaged, ISimd<T> =>
        (t - T.Create(1f)) * Bounded(LogMath.Log1P(-x)) - t * Bounded(LogMath.Log(x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ByInput<T>(T x, T t, T c) where T : unmanaged, ISimd<T> =>
        (x - t) / T.Max(T.Create(1e-12f), (T.Create(1f) - x) * x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ByTarget<T>(T x, T t, T c) where T : unmanaged, ISimd<T> =>
        LogMath.Log1P(-x) - LogMath.Log(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Bounded<T>(T log) where T : unmanaged, ISimd<T> => T.Max(T.Create(-100f), log);
}

// (1 - t) x + (1 + (c - 1) t) ln(1 + e^-x): the former with x = sigmoid of a logit, and c times the weight where t = 1
internal readonly struct BceWithLogitsLoss : IElementLoss
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x, T t, T c) where T : unmanaged, ISimd<T>
    {
        T one = T.Create(1f);
        return (one - t) * x + (one + (c - one) * t) * LogMath.Softplus(-x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ByInput<T>(T x, T t, T c) where T : unmanaged, ISimd<T> =>
        (T.Create(1f) + (c - T.Create(1f)) * t) * VectorMath.Sigmoid(x) - c * t;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ByTarget<T>(T x, T t, T c) where T : unmanaged, ISimd<T> =>
        (c - T.Create(1f)) * LogMath.Softplus(-x) - x;
}

// (ln c + (x - t)² / c) / 2, c the variance
internal readonly struct GaussianNllLoss : IElementLoss
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x, T t, T c) where T : unmanaged, ISimd<T> =>
        T.Create(0.5f) * (LogMath.Log(c) + (x - t) * (x - t) / c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ByInput<T>(T x, T t, T c) where T : unmanaged, ISimd<T> => (x - t) / c;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ByTarget<T>(T x, T t, T c) where T : unmanaged, ISimd<T> => (t - x) / c;
}

// The same and ½ ln 2π, the constant of the normal density.
internal readonly struct GaussianNllFullLoss : IElementLoss
{
    private const float HalfLogTwoPi = 0.918938533f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x, T t, T c) where T : unmanaged, ISimd<T> =>
        GaussianNllLoss.Value(x, t, c) + T.Create(HalfLogTwoPi);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ByInput<T>(T x, T t, T c) where T : unmanaged, ISimd<T> => GaussianNllLoss.ByInput(x, t, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ByTarget<T>(T x, T t, T c) where T : unmanaged, ISimd<T> => GaussianNllLoss.ByTarget(x, t, c);
}

// (1 - (x - t)² / c) / 2c: the derivative of the Gaussian loss by the variance
internal readonly struct GaussianSlopeByVariance : ITernary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T x, T t, T c) where T : unmanaged, ISimd<T> =>
        T.Create(0.5f) * (T.Create(1f) - (x - t) * (x - t) / c) / c;
}
