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

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void ForwardGates<T, TCell>(in CellRows s) where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel
    {
        nint step = s.ColumnStep, units = s.Units, whole = units - units % T.Count;
        float* row = s.Columns;
        var math = ExpMath<T>.Load();
        for (int r = 0; r < s.Rows; r++, row += s.ColumnsRow)
            for (nint u = 0; u < whole; u += T.Count) Gates<T, TCell, AllLanes>(math, row + u, step, default);
        if (whole < units) LastGates<T, TCell>(s, whole);
    }

    // Apart: no call is in the loop over whole vectors, so its constants stay in registers.
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void LastGates<T, TCell>(in CellRows s, nint u) where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel
    {
        float* p = s.Columns + u;
        var math = ExpMath<T>.Load();
        for (int r = 0; r < s.Rows; r++, p += s.ColumnsRow) Gates<T, TCell, FirstLanes>(math, p, s.ColumnStep, new(s.Units - u));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Gates<T, TCell, TLanes>(in ExpMath<T> math, float* p, nint step, TLanes lanes)
        where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel where TLanes : struct, ILanes
    {
        // The first and the last column of a GRU wait for the second half: loads and stores of them vanish.
        T a = Load<T, TLanes>(p, lanes), b = Load<T, TLanes>(p + step, lanes), c = Load<T, TLanes>(p + 2 * step, lanes);
        T d = Load<T, TLanes>(p + 3 * step, lanes);
        TCell.Gates(math, ref a, ref b, ref c, ref d);
        if (TCell.HasCellState) Store(p, lanes, a);
        Store(p + step, lanes, b);
        Store(p + 2 * step, lanes, c);
        if (TCell.HasCellState) Store(p + 3 * step, lanes, d);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void ForwardStates<T, TCell>(in CellRows s) where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel
    {
        nint step = s.ColumnStep, units = s.Units, whole = units - units % T.Count;
        float* before = s.Before, after = s.After, hidden = s.Hidden, row = s.Columns;
        var math = ExpMath<T>.Load();
        for (int r = 0; r < s.Rows; r++)
        {
            int ahead = Math.Min(RowsAhead, s.Rows - 1 - r); // rows behind the last one may be those of another thread
            for (nint u = 0; u < whole; u += T.Count)
            {
                if (T.Count == GemmTile.FloatsPerLine) PrefetchStates<TCell>(s, ahead, before == null ? null : before + u, after + u, hidden + u);
                State<T, TCell, AllLanes>(math, row + u, step, before == null ? null : before + u, after + u, hidden + u, default);
            }

            row += s.ColumnsRow;
            if (before != null) before += s.BeforeRow;
            after += s.AfterRow;
            hidden += s.HiddenRow;
        }

        if (whole < units) LastStates<T, TCell>(s, whole);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void LastStates<T, TCell>(in CellRows s, nint u) where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel
    {
        float* before = s.Before == null ? null : s.Before + u, after = s.After + u, hidden = s.Hidden + u, p = s.Columns + u;
        var math = ExpMath<T>.Load();
        for (int r = 0; r < s.Rows; r++)
        {
            State<T, TCell, FirstLanes>(math, p, s.ColumnStep, before, after, hidden, new(s.Units - u));
            p += s.ColumnsRow;
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void State<T, TCell, TLanes>(in ExpMath<T> math, float* p, nint step, float* before, float* after, float* hidden, TLanes lanes)
        where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel where TLanes : struct, ILanes
    {
        T a = Load<T, TLanes>(p, lanes), b = T.Zero, c = T.Zero, d = T.Zero, carry = T.Zero;
        if (TCell.Columns > 1)
        {
            b = Load<T, TLanes>(p + step, lanes);
            c = Load<T, TLanes>(p + 2 * step, lanes);
            d = Load<T, TLanes>(p + 3 * step, lanes);
            if (before != null) carry = Load<T, TLanes>(before, lanes);
        }

        Store(hidden, lanes, TCell.State(math, ref a, b, c, d, ref carry));
        if (TCell.Columns == 1) return;
        if (TCell.HasCellState) Store(after, lanes, carry);
        else Store(p, lanes, a);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void Backward<T, TCell>(in CellRows s) where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel
    {
        nint units = s.Units, whole = units - units % T.Count;
        CellRows at = s;
        var math = ExpMath<T>.Load();
        for (int r = 0; r < s.Rows; r++, at.NextBackward())
            for (nint u = 0; u < whole; u += T.Count) Backward<T, TCell, AllLanes>(math, at, u, default);
        if (whole < units) LastBackward<T, TCell>(s, whole);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void LastBackward<T, TCell>(in CellRows s, nint u) where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel
    {
        CellRows at = s;
        var math = ExpMath<T>.Load();
        for (int r = 0; r < s.Rows; r++, at.NextBackward()) Backward<T, TCell, FirstLanes>(math, at, u, new(s.Units - u));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void NextBackward()
    {
        Columns += ColumnsRow;
        Grads += GradsRow;
        if (Before != null) Before += BeforeRow;
        After += AfterRow;
        HiddenGrad += HiddenGradRow;
        Carry += CarryRow;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Backward<T, TCell, TLanes>(in ExpMath<T> math, in CellRows s, nint u, TLanes lanes)
        where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel where TLanes : struct, ILanes
    {
        nint step = s.ColumnStep;
        float* p = s.Columns + u, q = s.Grads + u;
        T a = T.Zero, b = T.Zero, c = T.Zero, d = T.Zero, carry = T.Zero, old = T.Zero, now = T.Zero;
        if (TCell.Columns > 1)
        {
            a = Load<T, TLanes>(p, lanes);
            b = Load<T, TLanes>(p + step, lanes);
            c = Load<T, TLanes>(p + 2 * step, lanes);
            d = Load<T, TLanes>(p + 3 * step, lanes);
            carry = Load<T, TLanes>(s.Carry + u, lanes);
            if (s.Before != null) old = Load<T, TLanes>(s.Before + u, lanes);
        }

        if (TCell.Columns == 1 || TCell.HasCellState) now = Load<T, TLanes>(s.After + u, lanes);
        TCell.Backward(math, ref a, ref b, ref c, ref d, old, now, Load<T, TLanes>(s.HiddenGrad + u, lanes), ref carry);
        Store(q, lanes, a);
        if (TCell.Columns == 1) return;
        Store(q + step, lanes, b);
        Store(q + 2 * step, lanes, c);
        Store(q + 3 * step, lanes, d);
        Store(s.Carry + u, lanes, carry);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Load<T, TLanes>(float* p, TLanes lanes) where T : unmanaged, ISimd<T> where TLanes : struct, ILanes =>
        TLanes.All ? T.Load(p) : T.LoadPartial(p, lanes.Count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<T, TLanes>(float* p, TLanes lanes, T value) where T : unmanaged, ISimd<T> where TLanes : struct, ILanes
    {
        if (TLanes.All) value.Store(p);
        else value.StorePartial(p, lanes.Count);
    }

    /// <summary>How much of a vector there is; known to the JIT, as a partial access would make the many whole ones pay.</summary>
    private interface ILanes
    {
        static abstract bool All { get; }

        int Count { get; }
    }

    private readonly struct AllLanes : ILanes
    {
        public static bool All => true;

        public int Count => 0; // asked by nobody
    }

    private readonly struct FirstLanes(nint count) : ILanes
    {
        public static bool All => false;

        public int Count => (int)count;
    }
}
