using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>The element-wise part of one step of a gated cell; the products around it are the same for all.</summary>
internal interface ICellKernel
{
    /// <summary>Gates per unit: rows of W_hh divided by H.</summary>
    static abstract int Gates { get; }

    /// <summary>Whether there is a second state c beside h.</summary>
    static abstract bool HasCellState { get; }

    /// <summary>Whether the products with x and with h must stay apart until the gates are computed.</summary>
    static abstract bool SplitsSums { get; }

    static abstract void Forward<T>(in CellRows s) where T : unmanaged, ISimd<T>;

    static abstract void Backward<T>(in CellRows s) where T : unmanaged, ISimd<T>;
}

/// <summary>The operands of some rows (sequences) of one step; every matrix is row-major, null states are zeros.</summary>
internal unsafe struct CellRows
{
    public int Rows, H;

    /// <summary>[rows, G·H]. Forward: in sums, out activated gates. Backward: in gates, out their gradients.</summary>
    public float* Gates;

    /// <summary>[rows, G·H] the products with h, where they are kept apart.</summary>
    public float* Sums;

    /// <summary>[rows, H] GRU. Forward: out W_hn h + b_hn. Backward: in the same, out the gradient of n before its activation.</summary>
    public float* Extra;

    /// <summary>[H] GRU: b_hn, or null.</summary>
    public float* BiasHn;

    /// <summary>[rows, H] the states before the step: h with row stride <see cref="BeforeRow"/>, c contiguous.</summary>
    public float* HBefore, CBefore;
    public nint BeforeRow;

    /// <summary>[rows, H] the states after the step: h with row stride <see cref="HRow"/>, c contiguous.</summary>
    public float* HAfter, C;
    public nint HRow;

    /// <summary>Backward: [rows, H] in the gradient of h after the step, row stride <see cref="HRow"/>.</summary>
    public float* HGrad;

    /// <summary>Backward: [rows, H] in/out what flows from step to step beside the product: dc of an LSTM, dh∘z of a GRU.</summary>
    public float* Carry;

    /// <summary>Writes the first <paramref name="count"/> lanes; nearly always all of them, which the partial store would pay for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<T>(float* p, int count, T value) where T : unmanaged, ISimd<T>
    {
        if (count == T.Count) value.Store(p);
        else value.StorePartial(p, count);
    }
}
