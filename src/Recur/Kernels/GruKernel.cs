using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>GRU: columns n r z q, the reset gate applied after the recurrent product q = W_hn h + b_hn; h' = (1 - z)∘n
/// + z∘h.</summary>
/// <remarks>In this order the product with x fills three neighbours, n r z, and the product with h the three r z q, in
/// the order
/// of its weights' rows.</remarks>
internal readonly struct GruKernel : ICellKernel
{
    public static int GateCount => 3;

    public static int Columns => 4;

    public static ReadOnlySpan<int> InputColumns => [1, 2, 0];

    public static int RecurrentColumn => 1;

    public static bool HasCellState => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Gates<T>(in ExpMath<T> math, ref T n, ref T r, ref T z, ref T q) where T : unmanaged, ISimd<T>
    {
        r = math.Sigmoid(r);
        z = math.Sigmoid(z);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T State<T>(in ExpMath<T> math, ref T n, T r, T z, T q, ref T carry) where T : unmanaged, ISimd<T>
    {
        n = math.Tanh(T.Fma(r, q, n));
        return Denormals.Flush(T.Fma(z, carry - n, n));
    }

    // With a_n = W_in x + b_in + r∘q:
    //   dz = dh∘(h - n)    da_n = dh∘(1 - z)∘(1 - n²)    dr = da_n∘q    dq = da_n∘r    carry = dh∘z
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Backward<T>(in ExpMath<T> math, ref T n, ref T r, ref T z, ref T q, T before, T after, T dh, ref T carry)
        where T : unmanaged, ISimd<T>
    {
        T one = T.Create(1f);
        dh += carry;
        carry = Denormals.Flush(dh * z);
        T dz = dh * (before - n) * (z * (one - z));
        n = Denormals.Flush(dh * (one - z) * T.Fma(-n, n, one));
        T dr = n * q * (r * (one - r));
        q = Denormals.Flush(n * r);
        r = Denormals.Flush(dr);
        z = Denormals.Flush(dz);
    }
}
