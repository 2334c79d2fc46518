using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>The steps of one sequence, forward and backward, for every kind of cell: matrix-vector products over <see cref="UnitBlocks"/>
/// whose sums become gates and states without leaving the registers.</summary>
/// <remarks>
/// One sequence leaves nothing to batch: a step waits for a chain of multiply-adds and the activations. All layers of a stack
/// are computed before the next step begins, and the processor overlaps layer l of step t with layer l-1 of step t+1, which
/// do not depend on each other. Rows are padded with zeros to whole vectors (S floats for H units). Large layers come one at a
/// time and may be split over threads by units, with a barrier behind each step.
/// Sums of the forward pass run in the order of <see cref="SequenceKernel"/>: the same bits. In the backward pass each gate has
/// a sum of its own.
/// </remarks>
internal static unsafe class SingleKernel
{
    public const int MaxLayers = 16;

    private const long BarrierFlops = 100_000; // for each thread between two barriers, as in SequenceKernel

    /// <summary>One layer's operands. Rows belong to steps; of T+1 slots the one before the first step holds the initial state:
    /// slot 0, or T in reverse.</summary>
    public struct Layer
    {
        /// <summary>[T+1, S] h and c.</summary>
        public float* States, Cells;

        /// <summary>[T, C·S] Forward: in sums without the product with h, out what is kept. Unused by a cell with one column, which has
        /// it in the states.</summary>
        public float* Columns;

        /// <summary>[T, C·S] Backward: out the gradients of the sums; may be Columns.</summary>
        public float* Grads;

        /// <summary>Packed W_hh and W_ih, as blocks of units forward and of columns backward. Forward: Input is null when the sums
        /// already hold the product with x.</summary>
        public float* Recurrent, Input;

        /// <summary>[C·S] what the sums begin with: the biases.</summary>
        public float* Bias;

        /// <summary>Backward: [H] the gradient of h_n, or null; [S] in the gradient of c_n or zeros, out that of c_0.</summary>
        public float* LastGrad, Carry;

        /// <summary>Backward: [S] out the gradient of h_0, or null.</summary>
        public float* FirstGrad;
    }

    /// <summary>All operands of a stack.</summary>
    public struct Stack
    {
        public int T, H, L;
        public bool Reverse;

        /// <summary>Forward: [T, I] the input of the first layer, or null when its sums already hold the product.</summary>
        public float* X;
        public int I;

        /// <summary>Backward: [T, H] of stride <see cref="OutGradRow"/>, in the gradient of the last layer's states.</summary>
        public float* OutGrad;
        public nint OutGradRow;

        public Layer* Layers;

        public readonly int Step(int order) => Reverse ? T - 1 - order : order;

        public readonly int Before(int t) => Reverse ? t + 1 : t;

        public readonly int After(int t) => Reverse ? t : t + 1;
    }

    public static void Forward<TCell>(in Stack stack) where TCell : struct, ICellKernel
    {
        var job = new ForwardJob<TCell> { Stack = stack };
        Isa.Run(ref job);
    }

    public static void Backward<TCell>(in Stack stack) where TCell : struct, ICellKernel
    {
        var job = new BackwardJob<TCell> { Stack = stack };
        Isa.Run(ref job);
    }

    private struct ForwardJob<TCell> : ISimdKernel where TCell : struct, ICellKernel
    {
        public Stack Stack;

        public readonly void Run<T>() where T : unmanaged, ISimd<T>
        {
            int parts = Parts<T>(Stack, TCell.Gates), barrier = 0;
            if (parts == 1)
            {
                SingleForward.Steps<T, TCell>(Stack, 0, UnitBlocks.Padded<T>(Stack.H) / T.Count, null, 1);
                return;
            }

            var job = new ForwardPart<T, TCell> { Stack = Stack, Barrier = &barrier };
            ThreadTeam.Run(ref job, parts);
        }
    }

    private struct BackwardJob<TCell> : ISimdKernel where TCell : struct, ICellKernel
    {
        public Stack Stack;

        public readonly void Run<T>() where T : unmanaged, ISimd<T>
        {
            int parts = Parts<T>(Stack, TCell.Gates), barrier = 0;
            if (parts == 1)
            {
                SingleBackward.Steps<T, TCell>(Stack, 0, UnitBlocks.Padded<T>(Stack.H) / T.Count, null, 1);
                return;
            }

            var job = new BackwardPart<T, TCell> { Stack = Stack, Barrier = &barrier };
            ThreadTeam.Run(ref job, parts);
        }
    }

    private static int Parts<T>(in Stack s, int gates) where T : unmanaged, ISimd<T>
    {
        long flops = 2L * gates * s.H * s.H;
        long blocks = s.H / (UnitBlocks.Largest(gates) * T.Count);
        return s.L > 1 ? 1 : (int)Math.Clamp(Math.Min(flops / BarrierFlops, blocks), 1, ThreadTeam.Threads);
    }

    private struct ForwardPart<T, TCell> : IParallelKernel where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel
    {
        public Stack Stack;
        public int* Barrier;

        public readonly void Run(int part, int parts)
        {
            (int begin, int end) = Share<T>(Stack.H, TCell.Gates, part, parts);
            SingleForward.Steps<T, TCell>(Stack, begin, end, Barrier, parts);
        }
    }

    private struct BackwardPart<T, TCell> : IParallelKernel where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel
    {
        public Stack Stack;
        public int* Barrier;

        public readonly void Run(int part, int parts)
        {
            (int begin, int end) = Share<T>(Stack.H, TCell.Gates, part, parts);
            SingleBackward.Steps<T, TCell>(Stack, begin, end, Barrier, parts);
        }
    }

    // The vectors of units of one part: whole blocks.
    private static (int Begin, int End) Share<T>(int h, int gates, int part, int parts) where T : unmanaged, ISimd<T>
    {
        int all = UnitBlocks.Padded<T>(h) / T.Count, largest = UnitBlocks.Largest(gates), blocks = (all + largest - 1) / largest;
        return (blocks * part / parts * largest, Math.Min(all, blocks * (part + 1) / parts * largest));
    }

    /// <summary>Eight sums over x [K] · w [K, G, V vectors]; sum g·V + v is that of gate g and vector v.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Product<T, TCell, TV>(
        float* x, float* w, int k, out T s0, out T s1, out T s2, out T s3, out T s4, out T s5, out T s6, out T s7)
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
            a0 = T.Fma(value, T.Load(w), a0);
            if (TCell.Gates * TV.Value > 1) a1 = T.Fma(value, T.Load(w + 1 * lanes), a1);
            if (TCell.Gates * TV.Value > 2) a2 = T.Fma(value, T.Load(w + 2 * lanes), a2);
            if (TCell.Gates * TV.Value > 3) a3 = T.Fma(value, T.Load(w + 3 * lanes), a3);
            if (TCell.Gates * TV.Value > 4) a4 = T.Fma(value, T.Load(w + 4 * lanes), a4);
            if (TCell.Gates * TV.Value > 5) a5 = T.Fma(value, T.Load(w + 5 * lanes), a5);
            if (TCell.Gates * TV.Value > 6) a6 = T.Fma(value, T.Load(w + 6 * lanes), a6);
            if (TCell.Gates * TV.Value > 7) a7 = T.Fma(value, T.Load(w + 7 * lanes), a7);
            w += TCell.Gates * TV.Value * lanes;
        }

        s0 = a0;
        s1 = a1;
        s2 = a2;
        s3 = a3;
        s4 = a4;
        s5 = a5;
        s6 = a6;
        s7 = a7;
    }

    /// <summary>The same where every gate has an x of its own.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ProductByGate<T, TCell, TV>(
        float* x0, float* x1, float* x2, float* x3, float* w, int k,
        out T s0, out T s1, out T s2, out T s3, out T s4, out T s5, out T s6, out T s7)
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
        for (nint i = 0; i < k; i++)
        {
            T v0 = T.Create(x0[i]);
            T v1 = TCell.Gates > 1 ? T.Create(x1[i]) : v0;
            T v2 = TCell.Gates > 2 ? T.Create(x2[i]) : v0;
            T v3 = TCell.Gates > 3 ? T.Create(x3[i]) : v0;
            a0 = T.Fma(v0, T.Load(w), a0);
            if (TCell.Gates * TV.Value > 1) a1 = T.Fma(Of<T, TCell, TV>(1, v0, v1, v2, v3), T.Load(w + 1 * lanes), a1);
            if (TCell.Gates * TV.Value > 2) a2 = T.Fma(Of<T, TCell, TV>(2, v0, v1, v2, v3), T.Load(w + 2 * lanes), a2);
            if (TCell.Gates * TV.Value > 3) a3 = T.Fma(Of<T, TCell, TV>(3, v0, v1, v2, v3), T.Load(w + 3 * lanes), a3);
            if (TCell.Gates * TV.Value > 4) a4 = T.Fma(Of<T, TCell, TV>(4, v0, v1, v2, v3), T.Load(w + 4 * lanes), a4);
            if (TCell.Gates * TV.Value > 5) a5 = T.Fma(Of<T, TCell, TV>(5, v0, v1, v2, v3), T.Load(w + 5 * lanes), a5);
            if (TCell.Gates * TV.Value > 6) a6 = T.Fma(Of<T, TCell, TV>(6, v0, v1, v2, v3), T.Load(w + 6 * lanes), a6);
            if (TCell.Gates * TV.Value > 7) a7 = T.Fma(Of<T, TCell, TV>(7, v0, v1, v2, v3), T.Load(w + 7 * lanes), a7);
            w += TCell.Gates * TV.Value * lanes;
        }

        s0 = a0;
        s1 = a1;
        s2 = a2;
        s3 = a3;
        s4 = a4;
        s5 = a5;
        s6 = a6;
        s7 = a7;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Of<T, TCell, TV>(int sum, T v0, T v1, T v2, T v3)
        where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel where TV : IConst =>
        TCell.Gates == 1 || sum / TV.Value == 0 ? v0 : sum / TV.Value == 1 ? v1 : sum / TV.Value == 2 ? v2 : v3;
}
