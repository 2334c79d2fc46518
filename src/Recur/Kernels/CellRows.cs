using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Recur.Kernels;

/// <summary>Some rows (sequences) and units of one step, for the element-wise part of a cell. All matrices are
/// row-major and their
/// pointers stand at the first row and unit; null states are zeros.</summary>
internal unsafe struct CellRows
{
    private const int RowsAhead = 4; // whose states are fetched, with vectors of 512 bits

    public int Rows, Units;

    /// <summary>Columns of the cell, the next one <see cref="ColumnStep"/> floats on. Forward: in sums, out what is
    /// kept.</summary>
    public float* Columns;
    public nint ColumnsRow, ColumnStep;

    /// <summary>What the units held before the step: c of a cell that has it, else h.</summary>
    public float* Before;
    public nint BeforeRow;

    /// <summary>The same after it. Forward writes it for a cell with c.</summary>
    public float* After;
    public nint AfterRow;

    /// <summary>Forward: out h.</summary>
    public float* Hidden;
    public nint HiddenRow;

    /// <summary>Backward: in the gradient of h; in/out what flows from step to step beside the product.</summary>
    public float* HiddenGrad, Carry;
    public nint HiddenGradRow, CarryRow;

    /// <summary>Backward: out the gradients of the sums; may be <see cref="Columns"/>.</summary>
    public float* Grads;
    public nint GradsRow;

    public static void Forward<TCell>(in CellRows s) where TCell : struct, ICellKernel
    {
        var job = new ForwardJob<TCell> { Rows = s };
        Isa.Run(ref job);
    }

    public static void Backward<TCell>(in CellRows s) where TCell : struct, ICellKernel
    {
        var job = new BackwardJob<TCell> { Rows = s };
        Isa.Run(ref job);
    }

    private struct ForwardJob<TCell> : ISimdKernel where TCell : struct, ICellKernel
    {
        public CellRows Rows;

        public readonly void Run<T>() where T : unmanaged, ISimd<T> => Forward<T, TCell>(Rows);
    }

    private struct BackwardJob<TCell> : ISimdKernel where TCell : struct, ICellKernel
    {
        public CellRows Rows;

        public readonly void Run<T>() where T : unmanaged, ISimd<T> => Backward<T, TCell>(Rows);
    }

    public static void Forward<T, TCell>(in CellRows s) where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel
    {
        if (TCell.Columns > 1) ForwardGates<T, TCell>(s);
        ForwardStates<T, TCell>(s);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ForwardGates<T, TCell>(in CellRows s) where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel
    {
        nint step = s.ColumnStep, units = s.Units, whole = units - units % T.Count;
        float* row = s.Columns;
        for (int r = 0; r < s.Rows; r++)
        {
            for (nint u = 0; u < whole; u += T.Count) Gates<T, TCell>(row + u, step, T.Count);
            if (whole < units) LastGates<T, TCell>(row + whole, step, (int)(units - whole));
            row += s.ColumnsRow;
        }
    }

    // Apart, so that the loop over whole vectors holds no test of their length.
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void LastGates<T, TCell>(float* p, nint step, int count) where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel =>
        Gates<T, TCell>(p, step, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Gates<T, TCell>(float* p, nint step, int count) where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel
    {
        // The first and the last column of a GRU wait for the second half: loads and stores of them vanish.
        T a = Load<T>(p, count), b = Load<T>(p + step, count), c = Load<T>(p + 2 * step, count);
        T d = Load<T>(p + 3 * step, count);
        TCell.Gates(ref a, ref b, ref c, ref d);
        if (TCell.HasCellState) Store(p, count, a);
        Store(p + step, count, b);
        Store(p + 2 * step, count, c);
        if (TCell.HasCellState) Store(p + 3 * step, count, d);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ForwardStates<T, TCell>(in CellRows s) where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel
    {
        nint step = s.ColumnStep, units = s.Units, whole = units - units % T.Count;
        float* before = s.Before, after = s.After, hidden = s.Hidden, row = s.Columns;
        for (int r = 0; r < s.Rows; r++)
        {
            int ahead = Math.Min(RowsAhead, s.Rows - 1 - r); // rows behind the last one may be those of another thread
            for (nint u = 0; u < whole; u += T.Count)
            {
                if (T.Count == GemmTile.FloatsPerLine) PrefetchStates<TCell>(s, ahead, before == null ? null : before + u, after + u, hidden + u);
                State<T, TCell>(row + u, step, before == null ? null : before + u, after + u, hidden + u, T.Count);
            }

            if (whole < units)
                LastState<T, TCell>(
                    row + whole, step, before == null ? null : before + whole, after + whole, hidden + whole, (int)(units - whole));
            row += s.ColumnsRow;
            if (before != null) before += s.BeforeRow;
            after += s.AfterRow;
            hidden += s.HiddenRow;
        }
    }

    // The states of a later row: of a block of units a row has a few lines only, which no processor recognizes as a stream.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PrefetchStates<TCell>(in CellRows s, nint ahead, float* before, float* after, float* hidden) where TCell : struct, ICellKernel
    {
        if (TCell.HasCellState)
        {
            Sse.Prefetch0(after + ahead * s.AfterRow);
            if (before != null) Sse.Prefetch0(before + ahead * s.BeforeRow);
        }

        Sse.Prefetch0(hidden + ahead * s.HiddenRow);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void LastState<T, TCell>(float* p, nint step, float* before, float* after, float* hidden, int count)
        where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel =>
        State<T, TCell>(p, step, before, after, hidden, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void State<T, TCell>(float* p, nint step, float* before, float* after, float* hidden, int count)
        where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel
    {
        T a = Load<T>(p, count), b = T.Zero, c = T.Zero, d = T.Zero, carry = T.Zero;
        if (TCell.Columns > 1)
        {
            b = Load<T>(p + step, count);
            c = Load<T>(p + 2 * step, count);
            d = Load<T>(p + 3 * step, count);
            if (before != null) carry = Load<T>(before, count);
        }

        Store(hidden, count, TCell.State(ref a, b, c, d, ref carry));
        if (TCell.Columns == 1) return;
        if (TCell.HasCellState) Store(after, count, carry);
        else Store(p, count, a);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Backward<T, TCell>(in CellRows s) where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel
    {
        nint units = s.Units, whole = units - units % T.Count;
        CellRows at = s;
        for (int r = 0; r < s.Rows; r++)
        {
            for (nint u = 0; u < whole; u += T.Count) Backward<T, TCell>(at, u, T.Count);
            if (whole < units) LastBackward<T, TCell>(at, whole, (int)(units - whole));
            at.Columns += s.ColumnsRow;
            at.Grads += s.GradsRow;
            if (s.Before != null) at.Before += s.BeforeRow;
            at.After += s.AfterRow;
            at.HiddenGrad += s.HiddenGradRow;
            at.Carry += s.CarryRow;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void LastBackward<T, TCell>(in CellRows s, nint u, int count)
        where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel => Backward<T, TCell>(s, u, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Backward<T, TCell>(in CellRows s, nint u, int count) where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel
    {
        nint step = s.ColumnStep;
        float* p = s.Columns + u, q = s.Grads + u;
        T a = T.Zero, b = T.Zero, c = T.Zero, d = T.Zero, carry = T.Zero, old = T.Zero, now = T.Zero;
        if (TCell.Columns > 1)
        {
            a = Load<T>(p, count);
            b = Load<T>(p + step, count);
            c = Load<T>(p + 2 * step, count);
            d = Load<T>(p + 3 * step, count);
            carry = Load<T>(s.Carry + u, count);
            if (s.Before != null) old = Load<T>(s.Before + u, count);
        }

        if (TCell.Columns == 1 || TCell.HasCellState) now = Load<T>(s.After + u, count);
        TCell.Backward(ref a, ref b, ref c, ref d, old, now, Load<T>(s.HiddenGrad + u, count), ref carry);
        Store(q, count, a);
        if (TCell.Columns == 1) return;
        Store(q + step, count, b);
        Store(q + 2 * step, count, c);
        Store(q + 3 * step, count, d);
        Store(s.Carry + u, count, carry);
    }

    // Nearly always all lanes, which a partial access would make pay.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Load<T>(float* p, int count) where T : unmanaged, ISimd<T> =>
        count == T.Count ? T.Load(p) : T.LoadPartial(p, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<T>(float* p, int count, T value) where T : unmanaged, ISimd<T>
    {
        if (count == T.Count) value.Store(p);
        else value.StorePartial(p, count);
    }
}
