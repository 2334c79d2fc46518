using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>The backward steps of <see cref="SingleKernel"/>.</summary>
internal static unsafe class SingleBackward
{
    /// <summary>All steps, last first, for the vectors of units begin..end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Steps<T, TCell>(in SingleKernel.Stack stack, int begin, int end, int* barrier, int parts)
        where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel
    {
        SingleKernel.Stack s = stack;
        nint stride = UnitBlocks.Padded<T>(s.H), width = TCell.Columns * stride;
        for (int order = s.T - 1; order >= 0; order--)
        {
            int t = s.Step(order);
            for (int i = s.L - 1; i >= 0; i--)
            {
                SingleKernel.Layer* l = s.Layers + i;
                var step = new Operands
                {
                    H = s.H, Stride = stride,
                    OutGrad = i == s.L - 1 ? s.OutGrad + t * s.OutGradRow : null,
                    LastGrad = order == s.T - 1 ? l->LastGrad : null,
                    Above = i == s.L - 1 ? null : l[1].Grads + t * width, AboveWeight = i == s.L - 1 ? null : l[1].Input,
                    Later = order == s.T - 1 ? null : l->Grads + s.Step(order + 1) * width, Recurrent = l->Recurrent,
                    Columns = l->Columns + t * width, Grads = l->Grads + t * width, Carry = l->Carry,
                    Before = (TCell.HasCellState ? l->Cells : l->States) + s.Before(t) * stride,
                    After = (TCell.HasCellState ? l->Cells : l->States) + s.After(t) * stride,
                };
                Step<T, TCell>(step, begin, end);
            }

            if (barrier != null) ThreadTeam.Meet(barrier, parts, s.T - order);
        }

        for (int i = 0; i < s.L; i++)
        {
            SingleKernel.Layer* l = s.Layers + i;
            if (l->FirstGrad == null) continue;
            var step = new Operands
            {
                H = s.H, Stride = stride, Later = l->Grads + s.Step(0) * width, Recurrent = l->Recurrent, Carry = l->Carry,
                FirstGrad = l->FirstGrad,
            };
            Step<T, TCell>(step, begin, end);
        }
    }

    private struct Operands
    {
        public int H;
        public nint Stride;
        public float* OutGrad, LastGrad, Above, AboveWeight, Later, Recurrent, Columns, Grads, Carry, Before, After, FirstGrad;
    }

    private static void Step<T, TCell>(in Operands o, int begin, int end)
        where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel
    {
        for (int v = begin; v < end;)
        {
            int vectors = UnitBlocks.Vectors(TCell.Gates, end - v);
            nint u = v * T.Count;
            switch (vectors)
            {
                case 8: Units<T, TCell, N8>(o, u); break;
                case 4: Units<T, TCell, N4>(o, u); break;
                case 2: Units<T, TCell, N2>(o, u); break;
                default: Units<T, TCell, N1>(o, u); break;
            }

            v += vectors;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Units<T, TCell, TV>(in Operands operands, nint u)
        where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel where TV : IConst
    {
        Operands o = operands;
        nint at = u * TCell.Gates * o.H, stride = o.Stride;
        T g0 = T.Zero;
        T g1 = T.Zero;
        T g2 = T.Zero;
        T g3 = T.Zero;
        T g4 = T.Zero;
        T g5 = T.Zero;
        T g6 = T.Zero;
        T g7 = T.Zero;
        if (o.OutGrad != null) Load<T, TV>(o.OutGrad, o.H, u, ref g0, ref g1, ref g2, ref g3, ref g4, ref g5, ref g6, ref g7);
        if (o.Above != null)
        {
            float* x = o.Above;
            ReadOnlySpan<int> columns = TCell.InputColumns;
            SingleKernel.ProductByGate<T, TCell, TV>(
                x + columns[0] * stride, TCell.Gates > 1 ? x + columns[1] * stride : x, TCell.Gates > 2 ? x + columns[2] * stride : x,
                TCell.Gates > 3 ? x + columns[3] * stride : x, o.AboveWeight + at, o.H,
                out T a0, out T a1, out T a2, out T a3, out T a4, out T a5, out T a6, out T a7);
            Collect<T, TCell, TV>(a0, a1, a2, a3, a4, a5, a6, a7, ref g0, ref g1, ref g2, ref g3, ref g4, ref g5, ref g6, ref g7);
        }

        if (o.LastGrad != null) Load<T, TV>(o.LastGrad, o.H, u, ref g0, ref g1, ref g2, ref g3, ref g4, ref g5, ref g6, ref g7);
        if (o.Later != null)
        {
            float* x = o.Later + TCell.RecurrentColumn * stride;
            SingleKernel.ProductByGate<T, TCell, TV>(
                x, x + stride, x + 2 * stride, x + 3 * stride, o.Recurrent + at, o.H,
                out T a0, out T a1, out T a2, out T a3, out T a4, out T a5, out T a6, out T a7);
            Collect<T, TCell, TV>(a0, a1, a2, a3, a4, a5, a6, a7, ref g0, ref g1, ref g2, ref g3, ref g4, ref g5, ref g6, ref g7);
        }

        Finish<T, TCell>(g0, o, u + 0 * T.Count);
        if (TV.Value > 1) Finish<T, TCell>(g1, o, u + 1 * T.Count);
        if (TV.Value > 2) Finish<T, TCell>(g2, o, u + 2 * T.Count);
        if (TV.Value > 3) Finish<T, TCell>(g3, o, u + 3 * T.Count);
        if (TV.Value > 4) Finish<T, TCell>(g4, o, u + 4 * T.Count);
        if (TV.Value > 5) Finish<T, TCell>(g5, o, u + 5 * T.Count);
        if (TV.Value > 6) Finish<T, TCell>(g6, o, u + 6 * T.Count);
        if (TV.Value > 7) Finish<T, TCell>(g7, o, u + 7 * T.Count);
    }

    // What reaches h has come together: through the cell, or, behind the first step, to the initial state.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<T, TCell>(T dh, in Operands o, nint u) where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel
    {
        if (o.FirstGrad != null)
        {
            if (TCell.Columns > 1 && !TCell.HasCellState) dh += T.Load(o.Carry + u);
            dh.Store(o.FirstGrad + u);
            return;
        }

        T a = T.Zero, b = T.Zero, c = T.Zero, d = T.Zero, carry = T.Zero, before = T.Zero, after = T.Zero;
        float* p = o.Columns + u, q = o.Grads + u;
        if (TCell.Columns > 1)
        {
            a = T.Load(p);
            b = T.Load(p + o.Stride);
            c = T.Load(p + 2 * o.Stride);
            d = T.Load(p + 3 * o.Stride);
            carry = T.Load(o.Carry + u);
            before = T.Load(o.Before + u);
        }

        if (TCell.Columns == 1 || TCell.HasCellState) after = T.Load(o.After + u);
        TCell.Backward(ref a, ref b, ref c, ref d, before, after, dh, ref carry);
        a.Store(q);
        if (TCell.Columns == 1) return;
        b.Store(q + o.Stride);
        c.Store(q + 2 * o.Stride);
        d.Store(q + 3 * o.Stride);
        carry.Store(o.Carry + u);
    }

    // Adds the units from u on of a row that is not padded.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load<T, TV>(
        float* row, int h, nint u, ref T g0, ref T g1, ref T g2, ref T g3, ref T g4, ref T g5, ref T g6, ref T g7)
        where T : unmanaged, ISimd<T> where TV : IConst
    {
        row += u;
        int left = h - (int)u;
        g0 += Part<T>(row, left, 0);
        if (TV.Value > 1) g1 += Part<T>(row, left, 1);
        if (TV.Value > 2) g2 += Part<T>(row, left, 2);
        if (TV.Value > 3) g3 += Part<T>(row, left, 3);
        if (TV.Value > 4) g4 += Part<T>(row, left, 4);
        if (TV.Value > 5) g5 += Part<T>(row, left, 5);
        if (TV.Value > 6) g6 += Part<T>(row, left, 6);
        if (TV.Value > 7) g7 += Part<T>(row, left, 7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Part<T>(float* row, int left, int vector) where T : unmanaged, ISimd<T> =>
        T.LoadPartial(row + vector * T.Count, Math.Clamp(left - vector * T.Count, 0, T.Count));

    // Adds to every vector the sums of its gates.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Collect<T, TCell, TV>(
        T a0, T a1, T a2, T a3, T a4, T a5, T a6, T a7,
        ref T g0, ref T g1, ref T g2, ref T g3, ref T g4, ref T g5, ref T g6, ref T g7)
        where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel where TV : IConst
    {
        if (TCell.Gates == 1)
        {
            g0 += a0;
            if (TV.Value > 1) g1 += a1;
            if (TV.Value > 2) g2 += a2;
            if (TV.Value > 3) g3 += a3;
            if (TV.Value > 4) g4 += a4;
            if (TV.Value > 5) g5 += a5;
            if (TV.Value > 6) g6 += a6;
            if (TV.Value > 7) g7 += a7;
        }
        else if (TV.Value == 1)
        {
            g0 += TCell.Gates == 3 ? a0 + a1 + a2 : (a0 + a1) + (a2 + a3);
        }
        else
        {
            g0 += TCell.Gates == 3 ? a0 + a2 + a4 : (a0 + a2) + (a4 + a6);
            g1 += TCell.Gates == 3 ? a1 + a3 + a5 : (a1 + a3) + (a5 + a7);
        }
    }
}
