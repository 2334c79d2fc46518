using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>A whole stack of narrow Elman layers over one sequence, forward and backward: the case of the tutorial's sine model.</summary>
/// <remarks>
/// One sequence leaves nothing to batch: a step waits for a chain of H multiply-adds and one tanh. So all layers of a step
/// are computed before the next step begins, and the processor overlaps layer l of step t with layer l-1 of step t+1, which
/// do not depend on each other; a step of two layers then costs what one layer alone costs.
/// States lie in rows padded with zeros to whole vectors (V vectors of T.Count lanes, stride S): such rows are at the same time
/// the packed panel that the weight gradients' products read, so nothing is copied for them.
/// Sums run in the same order as in <see cref="RnnKernel"/>: states and the gradients of x and h_0 are the same bits.
/// </remarks>
internal static unsafe class RnnSmallKernel
{
    public const int MaxLayers = 8;

    /// <summary>One layer's operands; S is the padded width.</summary>
    public struct Layer
    {
        /// <summary>[T+1, S] slot 0 holds the initial state; slots 1..T are the states.</summary>
        public float* States;

        /// <summary>Packed weights and the sum of the biases. Forward: W_ihᵀ [I, S], W_hhᵀ [H, S], [S]. Backward: W_ih [H, S], W_hh [H, S].</summary>
        public float* PackedIh, PackedHh, BiasSum;

        /// <summary>Backward: [T+1, S] the gradients before the activation, slot T zeros.</summary>
        public float* Pre;
    }

    /// <summary>All operands of a stack.</summary>
    public struct Stack
    {
        public int T, I, H, L;
        public bool Relu;

        /// <summary>[T, I].</summary>
        public float* X;

        /// <summary>Backward: [L, H] the gradient of h_n, or null for zeros.</summary>
        public float* StateGrad;

        /// <summary>[T, H]: out the last layer's states; in Backward in their gradient.</summary>
        public float* Out;

        public Layer* Layers;
    }

    /// <summary>The padded width S for H units, or 0 when this kernel does not serve the size.</summary>
    /// <remarks>A padded row must be one panel of <see cref="PackedMatrix"/>, and the input's sum one chain, as in Gemm.</remarks>
    public static int PaddedWidth(int h, int inputs, int layers)
    {
        (int lanes, int panel) = Isa.Current switch
        {
            IsaLevel.Vector512 => (16, PackedMatrix.PanelWidth<F32x16>()),
            IsaLevel.Vector256 => (8, PackedMatrix.PanelWidth<F32x8>()),
            IsaLevel.Vector128 => (4, PackedMatrix.PanelWidth<F32x4>()),
            _ => (1, PackedMatrix.PanelWidth<F32x1>()),
        };
        int width = (h + lanes - 1) / lanes * lanes;
        return width <= panel && inputs <= Gemm.UnblockedK && layers <= MaxLayers ? width : 0;
    }

    /// <summary>Packs one matrix [rows, columns] of a layer, turned for the forward pass.</summary>
    public static void Pack(ReadOnlySpan<float> weight, int rows, int columns, bool forward, float* packed)
    {
        fixed (float* w = weight)
        {
            var job = new PackJob { Weight = w, Rows = rows, Columns = columns, Forward = forward, Packed = packed };
            Isa.Run(ref job);
        }
    }

    private struct PackJob : ISimdKernel
    {
        public float* Weight, Packed;
        public int Rows, Columns;
        public bool Forward;

        public readonly void Run<T>() where T : unmanaged, ISimd<T>
        {
            if (Forward) Packing.Pack<T>(Columns, Rows, Weight, Columns, transposed: true, Packed);
            else Packing.Pack<T>(Rows, Columns, Weight, Columns, transposed: false, Packed);
        }
    }

    public static void Forward(in Stack stack)
    {
        var job = new ForwardJob { Stack = stack };
        Isa.Run(ref job);
    }

    public static void Backward(in Stack stack)
    {
        var job = new BackwardJob { Stack = stack };
        Isa.Run(ref job);
    }

    private struct ForwardJob : ISimdKernel
    {
        public Stack Stack;

        public readonly void Run<T>() where T : unmanaged, ISimd<T>
        {
            if (Stack.Relu) Vectors<T, ReluEpilogue>();
            else Vectors<T, TanhEpilogue>();
        }

        private readonly void Vectors<T, TE>() where T : unmanaged, ISimd<T> where TE : IEpilogue
        {
            switch ((Stack.H + T.Count - 1) / T.Count)
            {
                case 1: ForwardStack<T, N1, TE>(Stack); break;
                case 2: ForwardStack<T, N2, TE>(Stack); break;
                case 3: ForwardStack<T, N3, TE>(Stack); break;
                default: ForwardStack<T, N4, TE>(Stack); break;
            }
        }
    }

    private struct BackwardJob : ISimdKernel
    {
        public Stack Stack;

        public readonly void Run<T>() where T : unmanaged, ISimd<T>
        {
            if (Stack.Relu) Vectors<T, ReluGradient>();
            else Vectors<T, TanhGradient>();
        }

        private readonly void Vectors<T, TE>() where T : unmanaged, ISimd<T> where TE : IEpilogue
        {
            switch ((Stack.H + T.Count - 1) / T.Count)
            {
                case 1: BackwardStack<T, N1, TE>(Stack); break;
                case 2: BackwardStack<T, N2, TE>(Stack); break;
                case 3: BackwardStack<T, N3, TE>(Stack); break;
                default: BackwardStack<T, N4, TE>(Stack); break;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ForwardStack<T, TV, TE>(Stack s) where T : unmanaged, ISimd<T> where TV : IConst where TE : IEpilogue
    {
        int h = s.H, width = TV.Value * T.Count;
        // The inputs of all steps at once; the padding of the weights and of the bias makes the padding of the rows zero.
        Layer bottom = s.Layers[0];
        Gemm.Panel<T, Identity>(s.T, width, s.I, s.X, s.I, 1, bottom.PackedIh, bottom.BiasSum, 0, null, 0, bottom.States + width, width);

        int wholeRows = s.T - (width - h + h - 1) / h; // rows behind which a whole vector row still fits into the output
        float* row = s.Out;
        for (int t = 0; t < s.T; t++)
        {
            nint at = (nint)t * width;
            float* below = null;
            for (Layer* layer = s.Layers, end = layer + s.L; layer < end; layer++)
            {
                float* previous = layer->States + at;
                float* current = previous + width;
                T p0, p1, p2, p3;
                if (below == null)
                {
                    LoadRow<T, TV>(current, out p0, out p1, out p2, out p3);
                }
                else
                {
                    Product<T, TV>(below, layer->PackedIh, h, out p0, out p1, out p2, out p3);
                    LoadRow<T, TV>(layer->BiasSum, out T b0, out T b1, out T b2, out T b3);
                    p0 = b0 + p0;
                    if (TV.Value > 1) p1 = b1 + p1;
                    if (TV.Value > 2) p2 = b2 + p2;
                    if (TV.Value > 3) p3 = b3 + p3;
                }

                Product<T, TV>(previous, layer->PackedHh, h, out T r0, out T r1, out T r2, out T r3);
                p0 = TE.Apply(p0 + r0, T.Zero);
                if (TV.Value > 1) p1 = TE.Apply(p1 + r1, T.Zero);
                if (TV.Value > 2) p2 = TE.Apply(p2 + r2, T.Zero);
                if (TV.Value > 3) p3 = TE.Apply(p3 + r3, T.Zero);
                StoreRow<T, TV>(current, p0, p1, p2, p3);
                below = current;
            }

            // A whole row may run over into the next one, which is written next.
            if (t < wholeRows) CopyRow<T, TV>(below, row);
            else new ReadOnlySpan<float>(below, h).CopyTo(new Span<float>(row, h));
            row += h;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void BackwardStack<T, TV, TE>(Stack s) where T : unmanaged, ISimd<T> where TV : IConst where TE : IEpilogue
    {
        int h = s.H, width = TV.Value * T.Count, top = s.L - 1;
        for (int l = 0; l < s.L; l++) new Span<float>(s.Layers[l].Pre + (nint)s.T * width, width).Clear();

        for (int t = s.T - 1; t >= 0; t--)
        {
            for (int l = top; l >= 0; l--)
            {
                Layer layer = s.Layers[l];
                T g0, g1 = T.Zero, g2 = T.Zero, g3 = T.Zero;
                if (l == top)
                {
                    float* row = s.Out + (nint)t * h;
                    int last = h - (TV.Value - 1) * T.Count;
                    g0 = Part<T>(row, TV.Value == 1 ? last : T.Count);
                    if (TV.Value > 1) g1 = Part<T>(row + T.Count, TV.Value == 2 ? last : T.Count);
                    if (TV.Value > 2) g2 = Part<T>(row + 2 * T.Count, TV.Value == 3 ? last : T.Count);
                    if (TV.Value > 3) g3 = Part<T>(row + 3 * T.Count, last);
                }
                else
                {
                    Product<T, TV>(s.Layers[l + 1].Pre + (nint)t * width, s.Layers[l + 1].PackedIh, h, out g0, out g1, out g2, out g3);
                }

                if (t == s.T - 1 && s.StateGrad != null)
                {
                    float* state = s.StateGrad + l * h;
                    int last = h - (TV.Value - 1) * T.Count;
                    g0 += Part<T>(state, TV.Value == 1 ? last : T.Count);
                    if (TV.Value > 1) g1 += Part<T>(state + T.Count, TV.Value == 2 ? last : T.Count);
                    if (TV.Value > 2) g2 += Part<T>(state + 2 * T.Count, TV.Value == 3 ? last : T.Count);
                    if (TV.Value > 3) g3 += Part<T>(state + 3 * T.Count, last);
                }

                float* pre = layer.Pre + (nint)t * width;
                Product<T, TV>(pre + width, layer.PackedHh, h, out T r0, out T r1, out T r2, out T r3);
                LoadRow<T, TV>(layer.States + (nint)(t + 1) * width, out T s0, out T s1, out T s2, out T s3);
                g0 = TE.Apply(g0 + r0, s0);
                if (TV.Value > 1) g1 = TE.Apply(g1 + r1, s1);
                if (TV.Value > 2) g2 = TE.Apply(g2 + r2, s2);
                if (TV.Value > 3) g3 = TE.Apply(g3 + r3, s3);
                StoreRow<T, TV>(pre, g0, g1, g2, g3);
            }
        }
    }

    // x [K] · b [K, V vectors]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Product<T, TV>(float* x, float* b, int k, out T c0, out T c1, out T c2, out T c3)
        where T : unmanaged, ISimd<T> where TV : IConst
    {
        T a0 = T.Zero, a1 = T.Zero, a2 = T.Zero, a3 = T.Zero;
        // Two steps a turn: the loop's own instructions would otherwise outnumber the multiply-adds.
        for (float* end = x + (k & ~1); x < end; x += 2)
        {
            T first = T.Create(x[0]), second = T.Create(x[1]);
            a0 = T.Fma(second, T.Load(b + TV.Value * T.Count), T.Fma(first, T.Load(b), a0));
            if (TV.Value > 1) a1 = T.Fma(second, T.Load(b + (TV.Value + 1) * T.Count), T.Fma(first, T.Load(b + T.Count), a1));
            if (TV.Value > 2) a2 = T.Fma(second, T.Load(b + (TV.Value + 2) * T.Count), T.Fma(first, T.Load(b + 2 * T.Count), a2));
            if (TV.Value > 3) a3 = T.Fma(second, T.Load(b + (TV.Value + 3) * T.Count), T.Fma(first, T.Load(b + 3 * T.Count), a3));
            b += 2 * TV.Value * T.Count;
        }

        if ((k & 1) != 0)
        {
            T value = T.Create(*x);
            a0 = T.Fma(value, T.Load(b), a0);
            if (TV.Value > 1) a1 = T.Fma(value, T.Load(b + T.Count), a1);
            if (TV.Value > 2) a2 = T.Fma(value, T.Load(b + 2 * T.Count), a2);
            if (TV.Value > 3) a3 = T.Fma(value, T.Load(b + 3 * T.Count), a3);
        }

        c0 = a0;
        c1 = a1;
        c2 = a2;
        c3 = a3;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadRow<T, TV>(float* row, out T c0, out T c1, out T c2, out T c3)
        where T : unmanaged, ISimd<T> where TV : IConst
    {
        c0 = T.Load(row);
        c1 = TV.Value > 1 ? T.Load(row + T.Count) : T.Zero;
        c2 = TV.Value > 2 ? T.Load(row + 2 * T.Count) : T.Zero;
        c3 = TV.Value > 3 ? T.Load(row + 3 * T.Count) : T.Zero;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreRow<T, TV>(float* row, T c0, T c1, T c2, T c3) where T : unmanaged, ISimd<T> where TV : IConst
    {
        c0.Store(row);
        if (TV.Value > 1) c1.Store(row + T.Count);
        if (TV.Value > 2) c2.Store(row + 2 * T.Count);
        if (TV.Value > 3) c3.Store(row + 3 * T.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyRow<T, TV>(float* from, float* to) where T : unmanaged, ISimd<T> where TV : IConst
    {
        LoadRow<T, TV>(from, out T c0, out T c1, out T c2, out T c3);
        StoreRow<T, TV>(to, c0, c1, c2, c3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Part<T>(float* p, int count) where T : unmanaged, ISimd<T> => T.LoadPartial(p, count);

    // ---- Weight gradients: padded rows are packed panels ---------------------------------------------------------

    // c[M, N] += a · b:  a [M, K] with strides, in;  b [K, S] padded rows, in;  c [M, N] contiguous, in/out.
    public static void AddProduct(int m, int n, int k, float* a, int aRow, int aStep, float* b, float* c)
    {
        var job = new ProductJob { M = m, N = n, K = k, A = a, ARow = aRow, AStep = aStep, B = b, C = c };
        Isa.Run(ref job);
    }

    private struct ProductJob : ISimdKernel
    {
        public int M, N, K, ARow, AStep;
        public float* A, B, C;

        public readonly void Run<T>() where T : unmanaged, ISimd<T> =>
            Gemm.Panel<T, Identity>(M, N, K, A, ARow, AStep, B, C, N, null, 0, C, N);
    }
}
