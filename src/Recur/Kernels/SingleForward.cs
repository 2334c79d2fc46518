using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>The forward steps of <see cref="SingleKernel"/>.</summary>
internal static unsafe class SingleForward
{
    /// <summary>All steps for the vectors of units begin..end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Steps<T, TCell>(in SingleKernel.Stack stack, int begin, int end, int* barrier, int parts)
        where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel
    {
        SingleKernel.Stack s = stack;
        nint stride = UnitBlocks.Padded<T>(s.H), width = TCell.Columns * stride;
        for (int order = 0; order < s.T; order++)
        {
            int t = s.Step(order);
            float* below = s.X + t * s.I;
            int inputs = s.I;
            for (SingleKernel.Layer* l = s.Layers, last = l + s.L; l < last; l++)
            {
                float* before = l->States + s.Before(t) * stride, after = l->States + s.After(t) * stride;
                float* columns = TCell.Columns == 1 ? after : l->Columns + t * width;
                if (l->Input != null) Input<T, TCell>(below, inputs, l->Input, l->Bias, columns, stride, begin, end);
                Step<T, TCell>(
                    before, s.H, l->Recurrent, columns, stride, l->Cells + s.Before(t) * stride, l->Cells + s.After(t) * stride,
                    after, begin, end);
                below = after;
                inputs = s.H;
            }

            if (barrier != null) ThreadTeam.Meet(barrier, parts, order + 1);
        }
    }

    // columns = bias + W_ih x
    private static void Input<T, TCell>(
        float* x, int k, float* w, float* bias, float* columns, nint stride, int begin, int end)
        where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel
    {
        for (int v = begin; v < end;)
        {
            int vectors = UnitBlocks.Vectors(TCell.Gates, end - v);
            nint u = v * T.Count;
            float* block = w + u * TCell.Gates * k;
            switch (vectors)
            {
                case 8: Sums<T, TCell, N8>(x, k, block, bias + u, columns + u, stride, isInput: true); break;
                case 4: Sums<T, TCell, N4>(x, k, block, bias + u, columns + u, stride, isInput: true); break;
                case 2: Sums<T, TCell, N2>(x, k, block, bias + u, columns + u, stride, isInput: true); break;
                default: Sums<T, TCell, N1>(x, k, block, bias + u, columns + u, stride, isInput: true); break;
            }

            v += vectors;
        }
    }

    private static void Step<T, TCell>(
        float* h, int k, float* w, float* columns, nint stride, float* cell, float* nextCell, float* next, int begin, int end)
        where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel
    {
        for (int v = begin; v < end;)
        {
            int vectors = UnitBlocks.Vectors(TCell.Gates, end - v);
            nint u = v * T.Count;
            float* block = w + u * TCell.Gates * k;
            switch (vectors)
            {
                case 8: Units<T, TCell, N8>(h, k, block, columns, stride, cell, nextCell, next, u); break;
                case 4: Units<T, TCell, N4>(h, k, block, columns, stride, cell, nextCell, next, u); break;
                case 2: Units<T, TCell, N2>(h, k, block, columns, stride, cell, nextCell, next, u); break;
                default: Units<T, TCell, N1>(h, k, block, columns, stride, cell, nextCell, next, u); break;
            }

            v += vectors;
        }
    }

    // to[column of gate g] = from[the same] + w x, block of K by block of K.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sums<T, TCell, TV>(float* x, int k, float* w, float* from, float* to, nint stride, bool isInput)
        where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel where TV : IConst
    {
        if (isInput && TCell.Columns > TCell.Gates)
        {
            // The column that no product with x goes to.
            float* q = from + TCell.Gates * stride, target = to + TCell.Gates * stride;
            for (int v = 0; v < TV.Value; v++) T.Load(q + v * T.Count).Store(target + v * T.Count);
        }

        int kStep = Gemm.BlockOfK(k);
        for (int k0 = 0; k0 < k; k0 += kStep)
        {
            SingleKernel.Product<T, TCell, TV>(
                x + k0, w + (nint)k0 * TCell.Gates * TV.Value * T.Count, Math.Min(kStep, k - k0),
                out T s0, out T s1, out T s2, out T s3, out T s4, out T s5, out T s6, out T s7);
            Add<T, TCell, TV>(0, s0, from, to, stride, isInput);
            if (TCell.Gates * TV.Value > 1) Add<T, TCell, TV>(1, s1, from, to, stride, isInput);
            if (TCell.Gates * TV.Value > 2) Add<T, TCell, TV>(2, s2, from, to, stride, isInput);
            if (TCell.Gates * TV.Value > 3) Add<T, TCell, TV>(3, s3, from, to, stride, isInput);
            if (TCell.Gates * TV.Value > 4) Add<T, TCell, TV>(4, s4, from, to, stride, isInput);
            if (TCell.Gates * TV.Value > 5) Add<T, TCell, TV>(5, s5, from, to, stride, isInput);
            if (TCell.Gates * TV.Value > 6) Add<T, TCell, TV>(6, s6, from, to, stride, isInput);
            if (TCell.Gates * TV.Value > 7) Add<T, TCell, TV>(7, s7, from, to, stride, isInput);
            from = to;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<T, TCell, TV>(int sum, T value, float* from, float* to, nint stride, bool isInput)
        where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel where TV : IConst
    {
        int gate = sum / TV.Value;
        nint at = (isInput ? TCell.InputColumns[gate] : TCell.RecurrentColumn + gate) * stride + sum % TV.Value * T.Count;
        (T.Load(from + at) + value).Store(to + at);
    }

    // One block of units through one step.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Units<T, TCell, TV>(
        float* h, int k, float* w, float* columns, nint stride, float* cell, float* nextCell, float* next, nint u)
        where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel where TV : IConst
    {
        int kStep = Gemm.BlockOfK(k);
        if (k > kStep)
        {
            int most = (k - 1) / kStep * kStep;
            Sums<T, TCell, TV>(h, most, w, columns + u, columns + u, stride, isInput: false);
            w += (nint)most * TCell.Gates * TV.Value * T.Count;
            h += most;
            k -= most;
        }

        SingleKernel.Product<T, TCell, TV>(
            h, w, k, out T s0, out T s1, out T s2, out T s3, out T s4, out T s5, out T s6, out T s7);
        float* before = TCell.HasCellState ? cell : h;
        if (TCell.Gates == 1)
        {
            Finish<T, TCell>(s0, s0, s0, s0, columns, stride, before, nextCell, next, u + 0 * T.Count);
            if (TV.Value > 1) Finish<T, TCell>(s1, s1, s1, s1, columns, stride, before, nextCell, next, u + 1 * T.Count);
            if (TV.Value > 2) Finish<T, TCell>(s2, s2, s2, s2, columns, stride, before, nextCell, next, u + 2 * T.Count);
            if (TV.Value > 3) Finish<T, TCell>(s3, s3, s3, s3, columns, stride, before, nextCell, next, u + 3 * T.Count);
            if (TV.Value > 4) Finish<T, TCell>(s4, s4, s4, s4, columns, stride, before, nextCell, next, u + 4 * T.Count);
            if (TV.Value > 5) Finish<T, TCell>(s5, s5, s5, s5, columns, stride, before, nextCell, next, u + 5 * T.Count);
            if (TV.Value > 6) Finish<T, TCell>(s6, s6, s6, s6, columns, stride, before, nextCell, next, u + 6 * T.Count);
            if (TV.Value > 7) Finish<T, TCell>(s7, s7, s7, s7, columns, stride, before, nextCell, next, u + 7 * T.Count);
        }
        else if (TV.Value == 2)
        {
            Finish<T, TCell>(s0, s2, s4, s6, columns, stride, before, nextCell, next, u);
            Finish<T, TCell>(s1, s3, s5, s7, columns, stride, before, nextCell, next, u + T.Count);
        }
        else
        {
            Finish<T, TCell>(s0, s1, s2, s3, columns, stride, before, nextCell, next, u);
        }
    }

    // The sums of one vector of units become its columns and states.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<T, TCell>(
        T s0, T s1, T s2, T s3, float* columns, nint stride, float* before, float* nextCell, float* next, nint u)
        where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel
    {
        float* p = columns + u;
        T a = T.Load(p), b = T.Zero, c = T.Zero, d = T.Zero, carry = T.Zero;
        if (TCell.RecurrentColumn == 0) a += s0;
        if (TCell.Columns > 1)
        {
            b = T.Load(p + stride) + (TCell.RecurrentColumn == 0 ? s1 : s0);
            c = T.Load(p + 2 * stride) + (TCell.RecurrentColumn == 0 ? s2 : s1);
            d = T.Load(p + 3 * stride) + (TCell.RecurrentColumn == 0 ? s3 : s2);
            carry = T.Load(before + u);
        }

        T h = TCell.Forward(ref a, ref b, ref c, ref d, ref carry);
        h.Store(next + u);
        if (TCell.Columns == 1) return;
        if (TCell.HasCellState) carry.Store(nextCell + u);
        a.Store(p);
        b.Store(p + stride);
        c.Store(p + 2 * stride);
        d.Store(p + 3 * stride);
    }
}
