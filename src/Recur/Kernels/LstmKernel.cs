using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>LSTM: columns i f g o; c' = f∘c + i∘g, h' = o∘tanh(c').</summary>
internal readonly struct LstmKernel : ICellKernel
{
    public static int GateCount => 4;

    public static int Columns => 4;

    public static ReadOnlySpan<int> InputColumns => [0, 1, 2, 3];

    public static int RecurrentColumn => 0;

    public static bool HasCellState => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Gates<T>(in ExpMath<T> math, ref T i, ref T f, ref T g, ref T o) where T : unmanaged, ISimd<T>
    {
        i = math.Sigmoid(i);
        f = math.Sigmoid(f);
        g = math.Tanh(g);
        o = math.Sigmoid(o);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T State<T>(in ExpMath<T> math, ref T i, T f, T g, T o, ref T carry) where T : unmanaged, ISimd<T>
    {
        carry = Denormals.Flush(T.Fma(f, carry, i * g));
        return Denormals.Flush(o * math.Tanh(carry));
    }

    // do = dh∘tanh c'    dc = carry + dh∘o∘(1 - tanh² c')    di = dc∘g    df = dc∘c    dg = dc∘i    carry = dc∘f
    // and each through its activation: σ' = σ(1 - σ), tanh' = 1 - tanh².
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Backward<T>(in ExpMath<T> math, ref T i, ref T f, ref T g, ref T o, T before, T after, T dh, ref T carry)
        where T : unmanaged, ISimd<T>
    {
        T one = T.Create(1f), tanh = math.Tanh(after);
        T dc = T.Fma(dh * o, T.Fma(-tanh, tanh, one), carry);
        carry = Denormals.Flush(dc * f);
        T di = dc * g * (i * (one - i)), df = dc * before * (f * (one - f));
        T dg = dc * i * T.Fma(-g, g, one);
        o = Denormals.Flush(dh * tanh * (o * (one - o)));
        i = Denormals.Flush(di);
        f = Denormals.Flush(df);
        g = Denormals.Flush(dg);
    }
}
