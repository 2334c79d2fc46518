using System.Runtime.CompilerServices;

namespace Recur.Kernels;

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
