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
        nint stride = UnitBlocks.Padded<T>(s.H), width = TCell.Columns * stride, u = begin * T.Count;
        int units = (end - begin) * T.Count, here = Math.Min(units, s.H - (int)u);
        for (int order = s.T - 1; order >= 0; order--)
        {
            int t = s.Step(order);
            bool downwards = order % 2 == 1;
            for (int i = s.L - 1; i >= 0; i--)
            {
                SingleKernel.Layer* l = s.Layers + i;
                float* dh = l->StateGrad + t * l->StateGradRow;
                bool isTop = i == s.L - 1, isLast = order == s.T - 1;
                if (isTop) Start<T>(s.OutGrad + t * s.OutGradRow + u, isLast ? l->LastGrad : null, u, dh + u, here, units);
                else if (isLast && l->LastGrad != null) Start<T>(l->LastGrad + u, null, u, dh + u, here, units);
                // Gates stand in the order of their columns, so those of the product with x begin with the first.
                if (!isTop) Products<T, TCell>(l[1].Grads + t * width, s.H, l[1].Input, isLast && l->LastGrad != null ? dh : null, dh, stride, begin, end, downwards);
                float* next = isLast ? null : l->Grads + s.Step(order + 1) * width + TCell.RecurrentColumn * stride;
                if (TCell.GateCount == 1 && end - begin <= 2 && !isLast)
                {
                    float* block = l->Recurrent + u * s.H, after = l->States + s.After(t) * stride + u, grads = l->Grads + t * width + u;
                    if (end - begin == 2) ProductAndActivate<T, TCell, N2>(next, s.H, block, dh + u, after, grads);
                    else ProductAndActivate<T, TCell, N1>(next, s.H, block, dh + u, after, grads);
                    continue;
                }

                if (!isLast) Products<T, TCell>(next, s.H, l->Recurrent, dh, dh, stride, begin, end, downwards);
                float* states = TCell.HasCellState ? l->Cells : l->States;
                Activate<T, TCell>(
                    l->Columns + t * width + u, l->Grads + t * width + u, states + s.Before(t) * stride + u,
                    states + s.After(t) * stride + u, dh + u, l->Carry + u, stride, units);
            }

            if (barrier != null) ThreadTeam.Meet(barrier, parts, s.T - order);
        }

        for (int i = 0; i < s.L; i++)
        {
            SingleKernel.Layer* l = s.Layers + i;
            if (l->FirstGrad == null) continue;
            float* grads = l->Grads + s.Step(0) * width + TCell.RecurrentColumn * stride;
            float* carry = TCell.Columns > 1 && !TCell.HasCellState ? l->Carry : null;
            Products<T, TCell>(grads, s.H, l->Recurrent, carry, l->FirstGrad, stride, begin, end, false);
        }
    }

    // dh = a row that is not padded, and another.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Start<T>(float* row, float* other, nint u, float* dh, int here, int units) where T : unmanaged, ISimd<T>
    {
        if (other != null) other += u;
        for (int i = 0; i < units; i += T.Count)
        {
            int count = Math.Clamp(here - i, 0, T.Count);
            T value = count == T.Count ? T.Load(row + i) : T.LoadPartial(row + i, count);
            if (other != null) value += T.LoadPartial(other + i, count);
            value.Store(dh + i);
        }
    }

    // to = from + Σ over gates: x of the gate [K] · w [K, gate, ·]; a null counts as zeros.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Products<T, TCell>(
        float* x, int k, float* w, float* from, float* to, nint stride, int begin, int end, bool downwards)
        where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel
    {
        for (int left = end - begin, vectors; left > 0; left -= vectors)
        {
            vectors = downwards ? UnitBlocks.LastVectors(TCell.GateCount, left) : UnitBlocks.Vectors(TCell.GateCount, left);
            nint u = (downwards ? begin + left - vectors : end - left) * T.Count;
            float* block = w + u * TCell.GateCount * k, add = from == null ? null : from + u;
            switch (vectors)
            {
                case 8: Product<T, TCell, N8>(x, k, block, add, to + u, stride); break;
                case 4: Product<T, TCell, N4>(x, k, block, add, to + u, stride); break;
                case 2: Product<T, TCell, N2>(x, k, block, add, to + u, stride); break;
                default: Product<T, TCell, N1>(x, k, block, add, to + u, stride); break;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Product<T, TCell, TV>(float* x, int k, float* w, float* from, float* to, nint stride)
        where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel where TV : IConst
    {
        nint lanes = T.Count;
        float* x1 = x + stride, x2 = x1 + stride, x3 = x2 + stride;
        T a0 = T.Zero;
        T a1 = T.Zero;
        T a2 = T.Zero;
        T a3 = T.Zero;
        T a4 = T.Zero;
        T a5 = T.Zero;
        T a6 = T.Zero;
        T a7 = T.Zero;
        for (nint i = 0; i < k; i++)
        {
            T v0 = T.Create(x[i]);
            T v1 = TCell.GateCount > 1 ? T.Create(x1[i]) : v0;
            T v2 = TCell.GateCount > 2 ? T.Create(x2[i]) : v0;
            T v3 = TCell.GateCount > 3 ? T.Create(x3[i]) : v0;
            T.AddProduct(ref a0, v0, T.Load(w));
            if (TCell.GateCount * TV.Value > 1) T.AddProduct(ref a1, Of<T, TCell, TV>(1, v0, v1, v2, v3), T.Load(w + 1 * lanes));
            if (TCell.GateCount * TV.Value > 2) T.AddProduct(ref a2, Of<T, TCell, TV>(2, v0, v1, v2, v3), T.Load(w + 2 * lanes));
            if (TCell.GateCount * TV.Value > 3) T.AddProduct(ref a3, Of<T, TCell, TV>(3, v0, v1, v2, v3), T.Load(w + 3 * lanes));
            if (TCell.GateCount * TV.Value > 4) T.AddProduct(ref a4, Of<T, TCell, TV>(4, v0, v1, v2, v3), T.Load(w + 4 * lanes));
            if (TCell.GateCount * TV.Value > 5) T.AddProduct(ref a5, Of<T, TCell, TV>(5, v0, v1, v2, v3), T.Load(w + 5 * lanes));
            if (TCell.GateCount * TV.Value > 6) T.AddProduct(ref a6, Of<T, TCell, TV>(6, v0, v1, v2, v3), T.Load(w + 6 * lanes));
            if (TCell.GateCount * TV.Value > 7) T.AddProduct(ref a7, Of<T, TCell, TV>(7, v0, v1, v2, v3), T.Load(w + 7 * lanes));
            w += TCell.GateCount * TV.Value * lanes;
        }

        // Every vector of units has as many sums as there are gates.
        if (TCell.GateCount == 1)
        {
            Add(a0, from, to, 0);
            if (TV.Value > 1) Add(a1, from, to, 1 * lanes);
            if (TV.Value > 2) Add(a2, from, to, 2 * lanes);
            if (TV.Value > 3) Add(a3, from, to, 3 * lanes);
            if (TV.Value > 4) Add(a4, from, to, 4 * lanes);
            if (TV.Value > 5) Add(a5, from, to, 5 * lanes);
            if (TV.Value > 6) Add(a6, from, to, 6 * lanes);
            if (TV.Value > 7) Add(a7, from, to, 7 * lanes);
        }
        else if (TV.Value == 1)
        {
            Add(TCell.GateCount == 3 ? a0 + a1 + a2 : (a0 + a1) + (a2 + a3), from, to, 0);
        }
        else
        {
            Add(TCell.GateCount == 3 ? a0 + a2 + a4 : (a0 + a2) + (a4 + a6), from, to, 0);
            Add(TCell.GateCount == 3 ? a1 + a3 + a5 : (a1 + a3) + (a5 + a7), from, to, lanes);
        }
    }

    // The same and the gradient of the sum at once, for a cell with one gate and at most two vectors of units: a step of so
    // narrow a network is a matter of latency, and dh is not waited for in memory.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ProductAndActivate<T, TCell, TV>(float* x, int k, float* w, float* dh, float* after, float* grads)
        where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel where TV : IConst
    {
        nint lanes = T.Count;
        T a0 = T.Zero, a1 = T.Zero;
        for (float* end = x + k; x < end; x++)
        {
            T value = T.Create(*x);
            T.AddProduct(ref a0, value, T.Load(w));
            if (TV.Value > 1) T.AddProduct(ref a1, value, T.Load(w + lanes));
            w += TV.Value * lanes;
        }

        AddAndActivate<T, TCell>(a0, dh, after, grads);
        if (TV.Value > 1) AddAndActivate<T, TCell>(a1, dh + lanes, after + lanes, grads + lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddAndActivate<T, TCell>(T product, float* dh, float* after, float* grads)
        where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel
    {
        T all = T.Load(dh) + product, sum = T.Zero, none = T.Zero;
        all.Store(dh); // a listener may want it
        TCell.Backward(ExpMath<T>.Load(), ref sum, ref none, ref none, ref none, none, T.Load(after), all, ref none);
        sum.Store(grads);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Of<T, TCell, TV>(int sum, T v0, T v1, T v2, T v3)
        where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel where TV : IConst =>
        TCell.GateCount == 1 || sum / TV.Value == 0 ? v0 : sum / TV.Value == 1 ? v1 : sum / TV.Value == 2 ? v2 : v3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<T>(T value, float* from, float* to, nint at) where T : unmanaged, ISimd<T> =>
        (from == null ? value : T.Load(from + at) + value).Store(to + at);

    // What is kept becomes the gradients of the sums. All pointers stand at the first unit; whole vectors.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Activate<T, TCell>(
        float* columns, float* grads, float* before, float* after, float* dh, float* carries, nint stride, int units)
        where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel
    {
        var math = ExpMath<T>.Load();
        for (nint u = 0; u < units; u += T.Count)
        {
            float* p = columns + u, q = grads + u;
            T a = T.Zero, b = T.Zero, c = T.Zero, d = T.Zero, carry = T.Zero, old = T.Zero, now = T.Zero;
            if (TCell.Columns > 1)
            {
                a = T.Load(p);
                b = T.Load(p + stride);
                c = T.Load(p + 2 * stride);
                d = T.Load(p + 3 * stride);
                carry = T.Load(carries + u);
                old = T.Load(before + u);
            }

            if (TCell.Columns == 1 || TCell.HasCellState) now = T.Load(after + u);
            TCell.Backward(math, ref a, ref b, ref c, ref d, old, now, T.Load(dh + u), ref carry);
            a.Store(q);
            if (TCell.Columns == 1) continue;
            b.Store(q + stride);
            c.Store(q + 2 * stride);
            d.Store(q + 3 * stride);
            carry.Store(carries + u);
        }
    }
}
