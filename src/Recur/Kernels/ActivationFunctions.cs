using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>An activation of one element with up to two settings: value and slope.</summary>
internal interface IActivation
{
    static abstract T Value<T>(T x, T a, T b) where T : unmanaged, ISimd<T>;

    /// <summary>The derivative by x.</summary>
    static abstract T Slope<T>(T x, T a, T b) where T : unmanaged, ISimd<T>;
}

internal readonly struct ActivationOf<TFunction> : ITernary where TFunction : struct, IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T x, T a, T b) where T : unmanaged, ISimd<T> => TFunction.Value(x, a, b);
}

internal readonly struct ActivationSlopeOf<TFunction> : ITernary where TFunction : struct, IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T x, T a, T b) where T : unmanaged, ISimd<T> => TFunction.Slope(x, a, b);
}

// x where x > 0, a x elsewhere
internal readonly struct LeakyRelu : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x, T a, T b) where T : unmanaged, ISimd<T> =>
        T.Select(T.GreaterThan(x, T.Zero), x, a * x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Slope<T>(T x, T a, T b) where T : unmanaged, ISimd<T> =>
        T.Select(T.GreaterThan(x, T.Zero), T.Create(1f), a);
}

// x where x > 0, a (e^x - 1) elsewhere
internal readonly struct Elu : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x, T a, T b) where T : unmanaged, ISimd<T> =>
        T.Select(T.GreaterThan(x, T.Zero), x, a * VectorMath.ExpM1(x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Slope<T>(T x, T a, T b) where T : unmanaged, ISimd<T> =>
        T.Select(T.GreaterThan(x, T.Zero), T.Create(1f), a * VectorMath.Exp(x));
}

// x Φ(x), Φ the normal distribution: (1 + erf(x / √2)) / 2
internal readonly struct Gelu : IActivation
{
    private const float SqrtHalf = 0.707106781f, NormalDensityAt0 = 0.39894228f; // 1 / √2π

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x, T a, T b) where T : unmanaged, ISimd<T> => x * Distribution(x);

    // Φ(x) + x φ(x)
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Slope<T>(T x, T a, T b) where T : unmanaged, ISimd<T> =>
        Distribution(x) + x * VectorMath.Exp(x * x * T.Create(-0.5f)) * T.Create(NormalDensityAt0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Distribution<T>(T x) where T : unmanaged, ISimd<T> =>
        T.Create(0.5f) * (T.Create(1f) + VectorMath.Erf(x * T.Create(SqrtHalf)));
}

// x (1 + tanh u) / 2 with u = √(2/π) (x + 0.044715 x³)
internal readonly struct GeluTanh : IActivation
{
    private const float SqrtTwoOverPi = 0.797884561f, Cubic = 0.044715f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x, T a, T b) where T : unmanaged, ISimd<T> =>
        T.Create(0.5f) * x * (T.Create(1f) + VectorMath.Tanh(Inner(x)));

    // (1 + t) / 2 + x (1 - t²) u' / 2 with t = tanh u
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Slope<T>(T x, T a, T b) where T : unmanaged, ISimd<T>
    {
        T one = T.Create(1f), half = T.Create(0.5f), t = VectorMath.Tanh(Inner(x));
        T inner = T.Create(SqrtTwoOverPi) * (one + T.Create(3f * Cubic) * x * x);
        return half * (one + t) + half * x * (one - t * t) * inner;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Inner<T>(T x) where T : unmanaged, ISimd<T> =>
        T.Create(SqrtTwoOverPi) * (x + T.Create(Cubic) * x * x * x);
}

// x σ(x)
internal readonly struct Silu : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x, T a, T b) where T : unmanaged, ISimd<T> => x * VectorMath.Sigmoid(x);

    // σ (1 + x (1 - σ))
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Slope<T>(T x, T a, T b) where T : unmanaged, ISimd<T>
    {
        T s = VectorMath.Sigmoid(x), one = T.Create(1f);
        return s * (one + x * (one - s));
    }
}

// ln(1 + e^(a x)) / a where a x <= b, x elsewhere
internal readonly struct Softplus : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x, T a, T b) where T : unmanaged, ISimd<T> =>
        T.Select(T.GreaterThan(a * x, b), x, LogMath.Softplus(a * x) / a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Slope<T>(T x, T a, T b) where T : unmanaged, ISimd<T> =>
        T.Select(T.GreaterThan(a * x, b), T.Create(1f), VectorMath.Sigmoid(a * x));
}
