using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>What happens to a finished sum while its tile is still in the first-level cache.</summary>
internal interface IEpilogue
{
    /// <summary>Whether there is anything to do.</summary>
    static virtual bool IsIdentity => false;

    /// <summary>Whether <see cref="Apply"/> looks at its second argument.</summary>
    static abstract bool ReadsAux { get; }

    static abstract T Apply<T>(T sum, T aux) where T : unmanaged, ISimd<T>;
}

/// <summary>c = sum.</summary>
internal readonly struct Identity : IEpilogue
{
    public static bool IsIdentity => true;

    public static bool ReadsAux => false;

    public static T Apply<T>(T sum, T aux) where T : unmanaged, ISimd<T> => sum;
}

/// <summary>Keeps numbers out of the range in which every further operation takes a hundred cycles.</summary>
internal static class Denormals
{
    /// <summary>0 for anything smaller than 1e-30, so that its product with a weight is no denormal; NaN stays NaN.</summary>
    /// <remarks>States that decay and gradients that vanish reach this range after some 100 steps; a step then took 30 times as long.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Flush<T>(T x) where T : unmanaged, ISimd<T> => FlushWhere(x, x);

    /// <summary>0 where <paramref name="y"/> is that small, else x: for an x that follows from y, so that the test can run ahead.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T FlushWhere<T>(T y, T x) where T : unmanaged, ISimd<T> =>
        T.Select(T.GreaterThan(T.Create(1e-30f), T.Abs(y)), T.Zero, x);
}

/// <summary>c = tanh(sum).</summary>
internal readonly struct TanhEpilogue : IEpilogue
{
    public static bool ReadsAux => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Apply<T>(T sum, T aux) where T : unmanaged, ISimd<T> =>
        Denormals.FlushWhere(sum, VectorMath.Tanh(sum));
}

/// <summary>c = max(sum, 0).</summary>
internal readonly struct ReluEpilogue : IEpilogue
{
    public static bool ReadsAux => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Apply<T>(T sum, T aux) where T : unmanaged, ISimd<T> => Denormals.Flush(T.Max(T.Zero, sum));
}

/// <summary>c = sum · tanh'(x), with aux = tanh x.</summary>
internal readonly struct TanhGradient : IEpilogue
{
    public static bool ReadsAux => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Apply<T>(T sum, T aux) where T : unmanaged, ISimd<T> =>
        Denormals.Flush(sum * T.Fma(-aux, aux, T.Create(1f)));
}

/// <summary>c = sum · relu'(x), with aux = relu x.</summary>
internal readonly struct ReluGradient : IEpilogue
{
    public static bool ReadsAux => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Apply<T>(T sum, T aux) where T : unmanaged, ISimd<T> =>
        Denormals.Flush(T.Select(T.GreaterThan(aux, T.Zero), sum, T.Zero));
}
