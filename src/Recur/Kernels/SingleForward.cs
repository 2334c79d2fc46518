using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>The forward steps of <see cref="SingleKernel"/>.</summary>
/// <remarks>Products and activations are methods of their own: in one, the sums do not stay in registers.</remarks>
internal static unsafe class SingleForward
{
    /// <summary>All steps for the vectors of units begin..end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Steps<T, TCell>(in SingleKernel.Stack stack, int begin, int end, int* barrier, int parts)
        where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel
    {
        SingleKernel.Stack s = stack;
        nint stride = UnitBlocks.Padded<T>(s.H), width = TCell.Columns * stride, u = begin * T.Count;
        int units = (end - begin) * T.Count;
        for (int order = 0; order < s.T; order++)
        {
            int t = s.Step(order);
            bool downwards = order % 2 == 1;
            float* below = s.X + t * s.I;
            int inputs = s.I, states = order == 0 && s.StartsAtZero ? 0 : s.H;
            for (SingleKernel.Layer* l = s.Layers, last = l + s.L; l < last; l++)
            {
                float* before = l->States + s.Before(t) * stride, after = l->States + s.After(t) * stride;
                float* columns = TCell.Columns == 1 ? after : l->Columns + t * width;
                if (l->Input != null)
                {
                    Products<T, TCell>(below, inputs, l->Input, l->Bias, columns, stride, begin, end, downwards);
                    // The column that no product with x goes to.
                    nint q = TCell.GateCount * stride + u;
                    for (int i = 0; TCell.Columns > TCell.GateCount && i < units; i += T.Count) T.Load(l->Bias + q + i).Store(columns + q + i);
                }

                if (TCell.GateCount == 1 && end - begin <= 2 && s.H <= Gemm.UnblockedK)
                {
                    float* block = l->Recurrent + u * s.H;
                    if (end - begin == 2) ProductAndActivate<T, TCell, N2>(before, states, block, columns + u);
                    else ProductAndActivate<T, TCell, N1>(before, states, block, columns + u);
                    below = after;
                    inputs = s.H;
                    continue;
                }

                float* sums = columns + TCell.RecurrentColumn * stride;
                if (states > 0) Products<T, TCell>(before, states, l->Recurrent, sums, sums, stride, begin, end, downwards);
                float* old = TCell.HasCellState ? l->Cells + s.Before(t) * stride : before;
                Activate<T, TCell>(columns + u, stride, old + u, l->Cells + s.After(t) * stride + u, after + u, units);
                below = after;
                inputs = s.H;
            }

            if (barrier != null) ThreadTeam.Meet(barrier, parts, order + 1);
        }
    }

    /// <summary>One step for the vectors of units begin..end, which reads the weights of a layer in the opposite order: W_hh before
    /// W_ih, both downwards. The sums are the same to the bit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    public static void StepDownwards<T, TCell>(in SingleKernel.Stack stack, int begin, int end)
        where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel
    {
        SingleKernel.Stack s = stack;
        nint stride = UnitBlocks.Padded<T>(s.H), u = begin * T.Count, stop = end * T.Count;
        float* products = stackalloc float[TCell.GateCount * (int)stride], below = s.X;
        int inputs = s.I;
        for (SingleKernel.Layer* l = s.Layers, last = l + s.L; l < last; l++)
        {
            float* before = l->States + s.Before(0) * stride, after = l->States + s.After(0) * stride;
            float* columns = TCell.Columns == 1 ? after : l->Columns;
            new Span<float>(products, TCell.GateCount * (int)stride).Clear();
            Products<T, TCell>(before, s.H, l->Recurrent, products, products, stride, begin, end, downwards: true);
            Products<T, TCell>(below, inputs, l->Input, l->Bias, columns, stride, begin, end, downwards: true);
            for (int gate = 0; gate < TCell.GateCount; gate++)
            {
                int column = TCell.RecurrentColumn + gate;
                float* to = columns + column * stride, product = products + gate * stride;
                float* from = column < TCell.GateCount ? to : l->Bias + column * stride; // no product with x goes to the last of four
                for (nint i = u; i < stop; i += T.Count) (T.Load(from + i) + T.Load(product + i)).Store(to + i);
            }

            float* old = TCell.HasCellState ? l->Cells + s.Before(0) * stride : before;
            Activate<T, TCell>(columns + u, stride, old + u, l->Cells + s.After(0) * stride + u, after + u, (end - begin) * T.Count);
            below = after;
            inputs = s.H;
        }
    }

    // to = from + w x for the gates one behind the other, block of units by block, block of K by block of K.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Products<T, TCell>(
        float* x, int k, float* w, float* from, float* to, nint stride, int begin, int end, bool downwards)
        where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel
    {
        for (int left = end - begin, vectors; left > 0; left -= vectors)
        {
            vectors = downwards ? UnitBlocks.LastVectors(TCell.GateCount, left) : UnitBlocks.Vectors(TCell.GateCount, left);
            int kStep = Gemm.BlockOfK(k);
            nint u = (downwards ? begin + left - vectors : end - left) * T.Count;
            float* block = w + u * TCell.GateCount * k, add = from;
            for (int k0 = 0; k0 < k; k0 += kStep)
            {
                int count = Math.Min(kStep, k - k0);
                switch (vectors)
                {
                    case 8: Product<T, TCell, N8>(x + k0, count, block, add + u, to + u, stride); break;
                    case 4: Product<T, TCell, N4>(x + k0, count, block, add + u, to + u, stride); break;
                    case 2: Product<T, TCell, N2>(x + k0, count, block, add + u, to + u, stride); break;
                    default: Product<T, TCell, N1>(x + k0, count, block, add + u, to + u, stride); break;
                }

                block += (nint)count * TCell.GateCount * vectors * T.Count;
                add = to;
            }
        }
    }

    // Up to eight sums over x [K] · w [K, G, V vectors].
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Product<T, TCell, TV>(float* x, int k, float* w, float* from, float* to, nint stride)
        where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel where TV : IConst
    {
        nint lanes = T.Count;
        T a0 = T.Zero;
        T a1 = T.Zero;
        T a2 = T.Zero;
        T a3 = T.Zero;
        T a4 = T.Zero;
        T a5 = T.Zero;
        T a6 = T.Zero;
        T a7 = T.Zero;
        for (float* end = x + k; x < end; x++)
        {
            T value = T.Create(*x);
            T.AddProduct(ref a0, value, T.Load(w));
            if (TCell.GateCount * TV.Value > 1) T.AddProduct(ref a1, value, T.Load(w + 1 * lanes));
            if (TCell.GateCount * TV.Value > 2) T.AddProduct(ref a2, value, T.Load(w + 2 * lanes));
            if (TCell.GateCount * TV.Value > 3) T.AddProduct(ref a3, value, T.Load(w + 3 * lanes));
            if (TCell.GateCount * TV.Value > 4) T.AddProduct(ref a4, value, T.Load(w + 4 * lanes));
            if (TCell.GateCount * TV.Value > 5) T.AddProduct(ref a5, value, T.Load(w + 5 * lanes));
            if (TCell.GateCount * TV.Value > 6) T.AddProduct(ref a6, value, T.Load(w + 6 * lanes));
            if (TCell.GateCount * TV.Value > 7) T.AddProduct(ref a7, value, T.Load(w + 7 * lanes));
            w += TCell.GateCount * TV.Value * lanes;
        }

        Add<T, TV>(0, a0, from, to, stride);
        if (TCell.GateCount * TV.Value > 1) Add<T, TV>(1, a1, from, to, stride);
        if (TCell.GateCount * TV.Value > 2) Add<T, TV>(2, a2, from, to, stride);
        if (TCell.GateCount * TV.Value > 3) Add<T, TV>(3, a3, from, to, stride);
        if (TCell.GateCount * TV.Value > 4) Add<T, TV>(4, a4, from, to, stride);
        if (TCell.GateCount * TV.Value > 5) Add<T, TV>(5, a5, from, to, stride);
        if (TCell.GateCount * TV.Value > 6) Add<T, TV>(6, a6, from, to, stride);
        if (TCell.GateCount * TV.Value > 7) Add<T, TV>(7, a7, from, to, stride);
    }

    // The same and the activation at once, for a cell with one column and at most two vectors of units: few enough to
    // stay in
    // registers, and a step of so narrow a network is a matter of latency.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ProductAndActivate<T, TCell, TV>(float* x, int k, float* w, float* states)
        where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel where TV : IConst
    {
        nint lanes = T.Count;
        T a0 = T.Zero, a1 = T.Zero, none = T.Zero;
        for (float* end = x + k; x < end; x++)
        {
            T value = T.Create(*x);
            T.AddProduct(ref a0, value, T.Load(w));
            if (TV.Value > 1) T.AddProduct(ref a1, value, T.Load(w + lanes));
            w += TV.Value * lanes;
        }

        var math = ExpMath<T>.Load();
        a0 = T.Load(states) + a0;
        TCell.State(math, ref a0, none, none, none, ref none).Store(states);
        if (TV.Value == 1) return;
        a1 = T.Load(states + lanes) + a1;
        TCell.State(math, ref a1, none, none, none, ref none).Store(states + lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<T, TV>(int sum, T value, float* from, float* to, nint stride) where T : unmanaged, ISimd<T> where TV : IConst
    {
        nint at = sum / TV.Value * stride + sum % TV.Value * T.Count;
        (T.Load(from + at) + value).Store(to + at);
    }

    // Sums become what is kept, and states. All pointers stand at the first unit; whole vectors.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Activate<T, TCell>(float* columns, nint stride, float* before, float* cells, float* states, int units)
        where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel
    {
        var math = ExpMath<T>.Load();
        for (nint u = 0; u < units; u += T.Count)
        {
            float* p = columns + u;
            T a = T.Load(p), b = T.Zero, c = T.Zero, d = T.Zero, carry = T.Zero;
            if (TCell.Columns > 1)
            {
                b = T.Load(p + stride);
                c = T.Load(p + 2 * stride);
                d = T.Load(p + 3 * stride);
                carry = T.Load(before + u);
                TCell.Gates(math, ref a, ref b, ref c, ref d);
            }

            TCell.State(math, ref a, b, c, d, ref carry).Store(states + u);
            if (TCell.Columns == 1) continue;
            if (TCell.HasCellState) carry.Store(cells + u);
            a.Store(p);
            b.Store(p + stride);
            c.Store(p + 2 * stride);
            d.Store(p + 3 * stride);
        }
    }
}
