using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>LSTM: gates i f g o; c' = f∘c + i∘g, h' = o∘tanh(c').</summary>
internal readonly unsafe struct LstmKernel : ICellKernel
{
    public static int Gates => 4;

    public static bool HasCellState => true;

    public static bool SplitsSums => false;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Forward<T>(in CellRows s) where T : unmanaged, ISimd<T>
    {
        int h = s.H;
        float* before = s.CBefore;
        for (int r = 0; r < s.Rows; r++)
        {
            float* gates = s.Gates + (nint)r * 4 * h, after = s.C + (nint)r * h, state = s.HAfter + r * s.HRow;
            for (int u = 0; u < h; u += T.Count)
            {
                int count = Math.Min(T.Count, h - u);
                T i = VectorMath.Sigmoid(T.LoadPartial(gates + u, count));
                T f = VectorMath.Sigmoid(T.LoadPartial(gates + h + u, count));
                T g = VectorMath.Tanh(T.LoadPartial(gates + 2 * h + u, count));
                T o = VectorMath.Sigmoid(T.LoadPartial(gates + 3 * h + u, count));
                T c = i * g;
                if (before != null) c = T.Fma(f, T.LoadPartial(before + u, count), c);
                c = Denormals.Flush(c);
                T hidden = Denormals.Flush(o * VectorMath.Tanh(c));
                CellRows.Store(gates + u, count, i);
                CellRows.Store(gates + h + u, count, f);
                CellRows.Store(gates + 2 * h + u, count, g);
                CellRows.Store(gates + 3 * h + u, count, o);
                CellRows.Store(after + u, count, c);
                CellRows.Store(state + u, count, hidden);
            }

            if (before != null) before += h;
        }
    }

    // do = dh∘tanh c'    dc = carry + dh∘o∘(1 - tanh² c')    di = dc∘g    df = dc∘c    dg = dc∘i    carry = dc∘f
    // and each through its activation: σ' = σ(1 - σ), tanh' = 1 - tanh².
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Backward<T>(in CellRows s) where T : unmanaged, ISimd<T>
    {
        int h = s.H;
        float* before = s.CBefore;
        T one = T.Create(1f);
        for (int r = 0; r < s.Rows; r++)
        {
            float* gates = s.Gates + (nint)r * 4 * h, after = s.C + (nint)r * h, dState = s.HGrad + r * s.HRow, carry = s.Carry + (nint)r * h;
            for (int u = 0; u < h; u += T.Count)
            {
                int count = Math.Min(T.Count, h - u);
                T i = T.LoadPartial(gates + u, count), f = T.LoadPartial(gates + h + u, count);
                T g = T.LoadPartial(gates + 2 * h + u, count), o = T.LoadPartial(gates + 3 * h + u, count);
                T dh = T.LoadPartial(dState + u, count);
                T tanh = VectorMath.Tanh(T.LoadPartial(after + u, count));
                T dc = T.Fma(dh * o, T.Fma(-tanh, tanh, one), T.LoadPartial(carry + u, count));
                T c = before == null ? T.Zero : T.LoadPartial(before + u, count);
                CellRows.Store(gates + u, count, Denormals.Flush(dc * g * (i * (one - i))));
                CellRows.Store(gates + h + u, count, Denormals.Flush(dc * c * (f * (one - f))));
                CellRows.Store(gates + 2 * h + u, count, Denormals.Flush(dc * i * T.Fma(-g, g, one)));
                CellRows.Store(gates + 3 * h + u, count, Denormals.Flush(dh * tanh * (o * (one - o))));
                CellRows.Store(carry + u, count, Denormals.Flush(dc * f));
            }

            if (before != null) before += h;
        }
    }
}
