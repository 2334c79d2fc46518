using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>Keeps numbers out of the range in which every further operation takes a hundred cycles.</summary>
internal static class Denormals
{
    /// <summary>0 for anything smaller than 1e-30, so that its product with a weight is no denormal; NaN stays
    /// NaN.</summary>
    /// <remarks>States that decay and gradients that vanish reach this range after some 100 steps; a step then took 30
    /// times as long.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Flush<T>(T x) where T : unmanaged, ISimd<T> => FlushWhere(x, x);

    /// <summary>0 where <paramref name="y"/> is that small, else x: for an x that follows from y, so that the test can
    /// run ahead.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T FlushWhere<T>(T y, T x) where T : unmanaged, ISimd<T> =>
        T.AndNot(x, T.GreaterThan(T.Create(1e-30f), T.Abs(y)));
}
