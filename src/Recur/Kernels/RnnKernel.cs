namespace Recur.Kernels;

/// <summary>One layer of an Elman network in one direction over a whole sequence, forward and backward.</summary>
/// <remarks>
/// h_t = f(W_ih x_t + b + W_hh h_(t-1)), f = tanh or relu.
/// T steps, N sequences, I inputs, H hidden units; rows are (t, n) in that order; every matrix is row-major.
/// Forward: one product projects the inputs of all steps; then per step one product with the recurrent weights whose tiles are
/// activated before they leave the registers. Backward: per step one product that turns into the next step's gradient in
/// the same way; the caller ends with the three large products over all steps.
/// </remarks>
internal static unsafe class RnnKernel
{
    private const long ParallelFlops = 500_000; // for each thread, as in Gemm

    /// <summary>The operands of one layer and direction.</summary>
    public struct Layer
    {
        public int T, N, H;
        public bool Reverse, Relu;

        /// <summary>[N, H] in: the state before the first step; null for zeros.</summary>
        public float* H0;

        /// <summary>[T, N, H] rows of stride <see cref="OutRow"/>. Forward: in the projected inputs, out the states. Backward: in the states.</summary>
        public float* Out;
        public nint OutRow;

        /// <summary>Forward: W_hhᵀ as B [H, H]. Backward: W_hh as B [H, H].</summary>
        public float* Recurrent;

        /// <summary>Backward: [T, N, H] rows of stride <see cref="OutRow"/>, in: the gradient of the states from above.</summary>
        public float* OutGrad;

        /// <summary>Backward: [T, N, H] contiguous, out: the gradient before the activation.</summary>
        public float* PreGrad;

        /// <summary>The step that comes <paramref name="order"/>-th in this direction.</summary>
        public readonly int Step(int order) => Reverse ? T - 1 - order : order;
    }

    // out[t] = f(out[t] + h_(t-1) · W_hhᵀ) for all t in order. Cost: 2·T·N·H² flops; the loop over t is the only sequential part.
    public static void Forward(in Layer layer, PackedMatrix recurrent)
    {
        var job = new ForwardJob { Layer = layer };
        job.Layer.Recurrent = recurrent.Data;
        Isa.Run(ref job);
    }

    // pre[t] = (outGrad[t] + pre[t+1] · W_hh) ∘ f'(out[t]) for all t in reverse order. Cost: 2·T·N·H² flops.
    public static void Backward(in Layer layer, PackedMatrix recurrent)
    {
        var job = new BackwardJob { Layer = layer };
        job.Layer.Recurrent = recurrent.Data;
        Isa.Run(ref job);
    }

    private struct ForwardJob : ISimdKernel
    {
        public Layer Layer;

        public readonly void Run<T>() where T : unmanaged, ISimd<T>
        {
            if (Layer.Relu) Split(new ForwardRows<T, ReluEpilogue> { Layer = Layer }, Layer);
            else Split(new ForwardRows<T, TanhEpilogue> { Layer = Layer }, Layer);
        }
    }

    private struct BackwardJob : ISimdKernel
    {
        public Layer Layer;

        public readonly void Run<T>() where T : unmanaged, ISimd<T>
        {
            if (Layer.Relu) Split(new BackwardRows<T, ReluGradient> { Layer = Layer }, Layer);
            else Split(new BackwardRows<T, TanhGradient> { Layer = Layer }, Layer);
        }
    }

    /// <summary>Sequences do not meet inside a layer: each thread takes some of them through all steps without a barrier.</summary>
    private static void Split<TJob>(TJob job, in Layer layer) where TJob : unmanaged, IParallelKernel
    {
        long parts = Math.Min(ThreadTeam.Threads, 2L * layer.T * layer.N * layer.H * layer.H / ParallelFlops);
        ThreadTeam.Run(ref job, (int)Math.Min(parts, layer.N));
    }

    private struct ForwardRows<T, TE> : IParallelKernel where T : unmanaged, ISimd<T> where TE : IEpilogue
    {
        public Layer Layer;

        public readonly void Run(int part, int parts)
        {
            Layer l = Layer;
            int first = l.N * part / parts, rows = l.N * (part + 1) / parts - first;
            float* previous = l.H0 == null ? null : l.H0 + (nint)first * l.H;
            nint previousRow = l.H;
            for (int order = 0; order < l.T; order++)
            {
                float* current = l.Out + ((nint)l.Step(order) * l.N + first) * l.OutRow;
                Step<T, TE>(l, rows, previous, previousRow, current, l.OutRow, null, current, l.OutRow);
                previous = current;
                previousRow = l.OutRow;
            }
        }
    }

    private struct BackwardRows<T, TE> : IParallelKernel where T : unmanaged, ISimd<T> where TE : IEpilogue
    {
        public Layer Layer;

        public readonly void Run(int part, int parts)
        {
            Layer l = Layer;
            int first = l.N * part / parts, rows = l.N * (part + 1) / parts - first;
            float* later = null;
            for (int order = l.T - 1; order >= 0; order--)
            {
                nint row = (nint)l.Step(order) * l.N + first;
                float* pre = l.PreGrad + row * l.H;
                Step<T, TE>(l, rows, later, l.H, l.OutGrad + row * l.OutRow, l.OutRow, l.Out + row * l.OutRow, pre, l.H);
                later = pre;
            }
        }
    }

    // c = f(add + a · Recurrent, aux) for some rows of one step; a null counts as zeros.
    private static void Step<T, TE>(
        in Layer l, int rows, float* a, nint aRow, float* add, nint addRow, float* aux, float* c, nint cRow)
        where T : unmanaged, ISimd<T> where TE : IEpilogue
    {
        int width = PackedMatrix.PanelWidth<T>();
        int k = a == null ? 0 : l.H;
        for (int n = 0; n < l.H; n += width)
        {
            Gemm.Panel<T, TE>(rows, Math.Min(width, l.H - n), k, a, aRow, 1, l.Recurrent + (nint)n * l.H,
                add + n, addRow, aux + n, addRow, c + n, cRow);
        }
    }
}
