using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>GRU: gates r z n, the reset gate applied after the recurrent product; h' = (1 - z)∘n + z∘h.</summary>
internal readonly unsafe struct GruKernel : ICellKernel
{
    public static int Gates => 3;

    public static bool HasCellState => false;

    public static bool SplitsSums => true;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Forward<T>(in CellRows s) where T : unmanaged, ISimd<T>
    {
        int h = s.H;
        float* before = s.HBefore;
        for (int r = 0; r < s.Rows; r++)
        {
            float* gates = s.Gates + (nint)r * 3 * h, sums = s.Sums + (nint)r * 3 * h;
            float* extra = s.Extra + (nint)r * h, state = s.HAfter + r * s.HRow;
            for (int u = 0; u < h; u += T.Count)
            {
                int count = Math.Min(T.Count, h - u);
                T reset = VectorMath.Sigmoid(T.LoadPartial(gates + u, count) + T.LoadPartial(sums + u, count));
                T z = VectorMath.Sigmoid(T.LoadPartial(gates + h + u, count) + T.LoadPartial(sums + h + u, count));
                T hn = T.LoadPartial(sums + 2 * h + u, count);
                if (s.BiasHn != null) hn = T.LoadPartial(s.BiasHn + u, count) + hn;
                T n = VectorMath.Tanh(T.Fma(reset, hn, T.LoadPartial(gates + 2 * h + u, count)));
                T old = before == null ? T.Zero : T.LoadPartial(before + u, count);
                T hidden = Denormals.Flush(T.Fma(z, old - n, n));
                CellRows.Store(gates + u, count, reset);
                CellRows.Store(gates + h + u, count, z);
                CellRows.Store(gates + 2 * h + u, count, n);
                CellRows.Store(extra + u, count, hn);
                CellRows.Store(state + u, count, hidden);
            }

            if (before != null) before += s.BeforeRow;
        }
    }

    // With a_n = W_in x + b_in + r∘q, q = W_hn h + b_hn:
    //   dz = dh∘(h - n)    da_n = dh∘(1 - z)∘(1 - n²)    dr = da_n∘q    dq = da_n∘r    carry = dh∘z
    // Gates receive da_r, da_z, dq (what meets W_hh), Extra receives da_n (what meets W_in).
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Backward<T>(in CellRows s) where T : unmanaged, ISimd<T>
    {
        int h = s.H;
        float* before = s.HBefore;
        T one = T.Create(1f);
        for (int r = 0; r < s.Rows; r++)
        {
            float* gates = s.Gates + (nint)r * 3 * h, extra = s.Extra + (nint)r * h;
            float* dState = s.HGrad + r * s.HRow, carry = s.Carry + (nint)r * h;
            for (int u = 0; u < h; u += T.Count)
            {
                int count = Math.Min(T.Count, h - u);
                T reset = T.LoadPartial(gates + u, count), z = T.LoadPartial(gates + h + u, count);
                T n = T.LoadPartial(gates + 2 * h + u, count), hn = T.LoadPartial(extra + u, count);
                T old = before == null ? T.Zero : T.LoadPartial(before + u, count);
                T dh = T.LoadPartial(dState + u, count) + T.LoadPartial(carry + u, count);
                T dn = Denormals.Flush(dh * (one - z) * T.Fma(-n, n, one));
                CellRows.Store(gates + u, count, Denormals.Flush(dn * hn * (reset * (one - reset))));
                CellRows.Store(gates + h + u, count, Denormals.Flush(dh * (old - n) * (z * (one - z))));
                CellRows.Store(gates + 2 * h + u, count, Denormals.Flush(dn * reset));
                CellRows.Store(extra + u, count, dn);
                CellRows.Store(carry + u, count, Denormals.Flush(dh * z));
            }

            if (before != null) before += s.BeforeRow;
        }
    }
}
