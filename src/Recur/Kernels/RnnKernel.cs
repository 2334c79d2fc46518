using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>Elman: h' = tanh(sum); the state is all there is to keep.</summary>
internal readonly struct TanhKernel : ICellKernel
{
    public static int GateCount => 1;

    public static int Columns => 1;

    public static ReadOnlySpan<int> InputColumns => [0];

    public static int RecurrentColumn => 0;

    public static bool HasCellState => false;

    public static void Gates<T>(in ExpMath<T> math, ref T a, ref T b, ref T c, ref T d) where T : unmanaged, ISimd<T>
    {
    }

    // The test for small values looks at the sum, so that it runs beside the tanh and not behind it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T State<T>(in ExpMath<T> math, ref T a, T b, T c, T d, ref T carry) where T : unmanaged, ISimd<T> =>
        a = Denormals.FlushWhere(a, math.Tanh(a));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Backward<T>(in ExpMath<T> math, ref T a, ref T b, ref T c, ref T d, T before, T after, T dh, ref T carry)
        where T : unmanaged, ISimd<T> => a = Denormals.Flush(dh * T.Fma(-after, after, T.Create(1f)));
}

/// <summary>Elman: h' = max(sum, 0).</summary>
internal readonly struct ReluKernel : ICellKernel
{
    public static int GateCount => 1;

    public static int Columns => 1;

    public static ReadOnlySpan<int> InputColumns => [0];

    public static int RecurrentColumn => 0;

    public static bool HasCellState => false;

    public static void Gates<T>(in ExpMath<T> math, ref T a, ref T b, ref T c, ref T d) where T : unmanaged, ISimd<T>
    {
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T State<T>(in ExpMath<T> math, ref T a, T b, T c, T d, ref T carry) where T : unmanaged, ISimd<T> =>
        a = Denormals.Flush(T.Max(T.Zero, a));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Backward<T>(in ExpMath<T> math, ref T a, ref T b, ref T c, ref T d, T before, T after, T dh, ref T carry)
        where T : unmanaged, ISimd<T> => a = Denormals.Flush(T.Select(T.GreaterThan(after, T.Zero), dh, T.Zero));
}
