namespace Recur.Kernels;

/// <summary>The steps of one sequence, forward and backward, for every kind of cell: matrix-vector products over
/// <see cref="UnitBlocks"/>
/// whose sums stay in registers, and the cell's activations.</summary>
/// <remarks>
/// One sequence leaves nothing to batch: a step waits for a chain of multiply-adds and the activations. All layers of a
/// stack
/// are computed before the next step begins, and the processor overlaps layer l of step t with layer l-1 of step t+1,
/// which
/// do not depend on each other. Rows are padded with zeros to whole vectors (S floats for H units). Large layers come
/// one at a
/// time and may be split over threads by units, with a barrier behind each step.
/// Sums of the forward pass run in the order of <see cref="SequenceKernel"/>: the same bits. In the backward pass each
/// gate has
/// a sum of its own.
/// </remarks>
internal static unsafe class SingleKernel
{
    public const int MaxLayers = 16;

    private const long BarrierFlops = 100_000; // for each thread between two barriers, as in SequenceKernel

    /// <summary>One layer's operands. Rows belong to steps; of T+1 slots the one before the first step holds the
    /// initial state:
    /// slot 0, or T in reverse.</summary>
    public struct Layer
    {
        /// <summary>[T+1, S] h and c.</summary>
        public float* States, Cells;

        /// <summary>[T, C·S] Forward: in sums without the product with h, out what is kept. Unused by a cell with one
        /// column, which has
        /// it in the states.</summary>
        public float* Columns;

        /// <summary>[T, C·S] Backward: out the gradients of the sums; may be Columns.</summary>
        public float* Grads;

        /// <summary>Packed W_hh and W_ih, as blocks of units forward and of columns backward. Forward: Input is null
        /// when the sums
        /// already hold the product with x.</summary>
        public float* Recurrent, Input;

        /// <summary>[C·S] what the sums begin with: the biases.</summary>
        public float* Bias;

        /// <summary>Backward: [H] the gradient of h_n, or null; [S] in the gradient of c_n or zeros, out that of
        /// c_0.</summary>
        public float* LastGrad, Carry;

        /// <summary>Backward: [S] scratch for the gradient of h of a step, or out [T, S] with the stride
        /// <see cref="StateGradRow"/>, which is 0 otherwise; [S] out that of h_0, or null.</summary>
        public float* StateGrad, FirstGrad;
        public nint StateGradRow;
    }

    /// <summary>All operands of a stack.</summary>
    public struct Stack
    {
        public int T, H, L;
        public bool Reverse;

        /// <summary>Forward: the initial states h are zeros, and the first step needs no product with them.</summary>
        public bool StartsAtZero;

        /// <summary>Forward: [T, I] the input of the first layer, or null when its sums already hold the
        /// product.</summary>
        public float* X;
        public int I;

        /// <summary>Backward: [T, H] of stride <see cref="OutGradRow"/>, in the gradient of the last layer's
        /// states.</summary>
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

    /// <summary>A step of a stream: T = 1, with <see cref="Layer.Input"/>. Every second one reads the weights in the opposite order: what
    /// a step has read last is still in a cache when the next one begins with it.</summary>
    public static void Step<TCell>(in Stack stack, bool isSecond) where TCell : struct, ICellKernel
    {
        // The product with h is summed apart there, in one block of K.
        if (!isSecond || (long)TCell.GateCount * stack.H * (stack.I + stack.H) <= FewRows.SmallMatrix || stack.H > Gemm.UnblockedK)
        {
            Forward<TCell>(stack);
            return;
        }

        var job = new SecondStepJob<TCell> { Stack = stack };
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
            int parts = Parts<T>(Stack, TCell.GateCount), barrier = 0;
            if (parts == 1)
            {
                SingleForward.Steps<T, TCell>(Stack, 0, UnitBlocks.Padded<T>(Stack.H) / T.Count, null, 1);
                return;
            }

            var job = new ForwardPart<T, TCell> { Stack = Stack, Barrier = &barrier };
            ThreadTeam.Run(ref job, parts);
        }
    }

    private struct SecondStepJob<TCell> : ISimdKernel where TCell : struct, ICellKernel
    {
        public Stack Stack;

        public readonly void Run<T>() where T : unmanaged, ISimd<T>
        {
            var job = new SecondStepPart<T, TCell> { Stack = Stack };
            ThreadTeam.Run(ref job, Parts<T>(Stack, TCell.GateCount));
        }
    }

    private struct BackwardJob<TCell> : ISimdKernel where TCell : struct, ICellKernel
    {
        public Stack Stack;

        public readonly void Run<T>() where T : unmanaged, ISimd<T>
        {
            int parts = Parts<T>(Stack, TCell.GateCount), barrier = 0;
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
            (int begin, int end) = Share<T>(Stack.H, TCell.GateCount, part, parts);
            SingleForward.Steps<T, TCell>(Stack, begin, end, Barrier, parts);
        }
    }

    private struct SecondStepPart<T, TCell> : IParallelKernel where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel
    {
        public Stack Stack;

        public readonly void Run(int part, int parts)
        {
            (int begin, int end) = Share<T>(Stack.H, TCell.GateCount, part, parts);
            SingleForward.StepDownwards<T, TCell>(Stack, begin, end);
        }
    }

    private struct BackwardPart<T, TCell> : IParallelKernel where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel
    {
        public Stack Stack;
        public int* Barrier;

        public readonly void Run(int part, int parts)
        {
            (int begin, int end) = Share<T>(Stack.H, TCell.GateCount, part, parts);
            SingleBackward.Steps<T, TCell>(Stack, begin, end, Barrier, parts);
        }
    }

    // The vectors of units of one part: whole blocks.
    private static (int Begin, int End) Share<T>(int h, int gates, int part, int parts) where T : unmanaged, ISimd<T>
    {
        int all = UnitBlocks.Padded<T>(h) / T.Count, largest = UnitBlocks.Largest(gates), blocks = (all + largest - 1) / largest;
        return (blocks * part / parts * largest, Math.Min(all, blocks * (part + 1) / parts * largest));
    }
}
