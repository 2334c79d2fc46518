namespace Recur.Kernels;

/// <summary>One layer of a gated network in one direction over a whole sequence, forward and backward.</summary>
/// <remarks>
/// T steps, N sequences, H hidden units, G gates; rows are (t, n) in that order; every matrix is row-major.
/// The caller projects the inputs of all steps before Forward and ends Backward with the large products over all steps. A step
/// here is one product with the packed recurrent weights and one element-wise pass over its rows.
/// Sequences do not meet inside a layer: each thread takes some of them through all steps without a barrier.
/// </remarks>
internal static unsafe class GatedKernel
{
    private const long ParallelFlops = 500_000; // for each thread, as in Gemm

    /// <summary>The operands of one layer and direction.</summary>
    public struct Layer
    {
        public int T, N, H, G;
        public bool Reverse;

        /// <summary>[N, H] the states before the first step, or null for zeros.</summary>
        public float* H0, C0;

        /// <summary>[T·N, H] rows of stride <see cref="OutRow"/>: the states h.</summary>
        public float* Out;
        public nint OutRow;

        /// <summary>[T·N, H] contiguous: the states c of an LSTM; what a GRU keeps beside its gates.</summary>
        public float* C, Extra;

        /// <summary>[H] b_hn of a GRU, or null.</summary>
        public float* BiasHn;

        /// <summary>[T·N, G·H] contiguous. Forward: in the projected inputs, out the gates. Backward: in the gates, out their gradients.</summary>
        public float* Gates;

        /// <summary>Packed. Forward: W_hhᵀ as B [H, G·H]. Backward: W_hh as B [G·H, H].</summary>
        public float* Recurrent;

        /// <summary>Backward: [T·N, H] rows of stride <see cref="OutRow"/>, in the gradient of the states from above; overwritten.</summary>
        public float* OutGrad;

        /// <summary>Backward: [N, H] in the gradient of c_n (LSTM) or zeros (GRU), out the share of the first state's gradient that
        /// does not come from a product.</summary>
        public float* Carry;

        /// <summary>The step that comes <paramref name="order"/>-th in this direction.</summary>
        public readonly int Step(int order) => Reverse ? T - 1 - order : order;

        /// <summary>The operands of the rows <paramref name="first"/>.. of a step.</summary>
        public readonly CellRows At(int order, int first, int rows)
        {
            nint row = (nint)Step(order) * N + first, before = order == 0 ? 0 : (nint)Step(order - 1) * N + first;
            bool start = order == 0;
            return new CellRows
            {
                Rows = rows, H = H,
                Gates = Gates + row * G * H,
                Extra = Extra == null ? null : Extra + row * H,
                BiasHn = BiasHn,
                HBefore = !start ? Out + before * OutRow : H0 == null ? null : H0 + (nint)first * H,
                BeforeRow = start ? H : OutRow,
                CBefore = C == null ? null : !start ? C + before * H : C0 == null ? null : C0 + (nint)first * H,
                HAfter = Out + row * OutRow,
                C = C == null ? null : C + row * H,
                HRow = OutRow,
                HGrad = OutGrad + row * OutRow,
                Carry = Carry + (nint)first * H,
            };
        }
    }

    // Cost: 2·T·N·G·H² flops; the loop over t is the only sequential part.
    public static void Forward<TCell>(in Layer layer, PackedMatrix recurrent) where TCell : struct, ICellKernel
    {
        var job = new ForwardJob<TCell> { Layer = layer };
        job.Layer.Recurrent = recurrent.Data;
        Isa.Run(ref job);
    }

    // Cost: 2·T·N·G·H² flops.
    public static void Backward<TCell>(in Layer layer, PackedMatrix recurrent) where TCell : struct, ICellKernel
    {
        var job = new BackwardJob<TCell> { Layer = layer };
        job.Layer.Recurrent = recurrent.Data;
        Isa.Run(ref job);
    }

    private struct ForwardJob<TCell> : ISimdKernel where TCell : struct, ICellKernel
    {
        public Layer Layer;

        public readonly void Run<T>() where T : unmanaged, ISimd<T> => Split(new ForwardRows<T, TCell> { Layer = Layer }, Layer);
    }

    private struct BackwardJob<TCell> : ISimdKernel where TCell : struct, ICellKernel
    {
        public Layer Layer;

        public readonly void Run<T>() where T : unmanaged, ISimd<T> => Split(new BackwardRows<T, TCell> { Layer = Layer }, Layer);
    }

    private static void Split<TJob>(TJob job, in Layer l) where TJob : unmanaged, IParallelKernel
    {
        long parts = Math.Min(ThreadTeam.Threads, 2L * l.T * l.N * l.G * l.H * l.H / ParallelFlops);
        ThreadTeam.Run(ref job, (int)Math.Min(parts, l.N));
    }

    private struct ForwardRows<T, TCell> : IParallelKernel where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel
    {
        public Layer Layer;

        public readonly void Run(int part, int parts)
        {
            Layer l = Layer;
            int first = l.N * part / parts, rows = l.N * (part + 1) / parts - first, width = l.G * l.H;
            float* sums = TCell.SplitsSums ? Workspace.Require(WorkspaceSlot.StepSums, rows * width) : null;
            for (int order = 0; order < l.T; order++)
            {
                CellRows step = l.At(order, first, rows);
                step.Sums = sums;
                float* to = TCell.SplitsSums ? sums : step.Gates;
                // Without a state there is nothing to add; kept apart, the sums are zeros then.
                if (step.HBefore != null || TCell.SplitsSums)
                {
                    Gemm.Blocks<T>(new GemmArgs
                    {
                        M = rows, N = width, K = step.HBefore == null ? 0 : l.H,
                        A = step.HBefore, ARow = step.BeforeRow, AStep = 1, B = l.Recurrent,
                        C = to, CRow = width, Add = TCell.SplitsSums ? null : to, AddRow = width,
                    });
                }

                TCell.Forward<T>(step);
            }
        }
    }

    private struct BackwardRows<T, TCell> : IParallelKernel where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel
    {
        public Layer Layer;

        public readonly void Run(int part, int parts)
        {
            Layer l = Layer;
            int first = l.N * part / parts, rows = l.N * (part + 1) / parts - first, width = l.G * l.H;
            float* later = null;
            for (int order = l.T - 1; order >= 0; order--)
            {
                CellRows step = l.At(order, first, rows);
                if (later != null)
                {
                    Gemm.Blocks<T>(new GemmArgs
                    {
                        M = rows, N = l.H, K = width,
                        A = later, ARow = width, AStep = 1, B = l.Recurrent,
                        C = step.HGrad, CRow = l.OutRow, Add = step.HGrad, AddRow = l.OutRow,
                    });
                }

                TCell.Backward<T>(step);
                later = step.Gates;
            }
        }
    }
}
