namespace Recur.Kernels;

/// <summary>One layer in one direction over the sequences of a batch, forward and backward, for every kind of
/// cell.</summary>
/// <remarks>
/// T steps, N sequences, H units, P width of the state h (H, or less with a projection), G gates, C columns. Sequences
/// are
/// sorted by falling length; rows are (step, sequence) in that order and a step has rows for its living sequences only.
/// A step is a product with the packed recurrent weights and the cell's element-wise pass. Where the weights are packed
/// gate by
/// gate, both run over blocks of units: the sums of a block are still in the first-level cache when the pass comes.
/// Backward, steps go through the panels of W_hh upwards and downwards by turns: what a step has read last is still in a
/// cache when the next one begins with it. (Forward, with a matrix for each gate, that brought nothing.)
/// Forward, the products with x of some steps at a time come just before these steps. Work is split over sequences, which do
/// not meet, or, where they are few, over the units with a barrier behind each
/// step.
/// Either way every element is computed by one thread in the same order.
/// </remarks>
internal static unsafe class SequenceKernel
{
    private const long ParallelFlops = 500_000;   // for each thread in all, as in Gemm
    private const long BarrierFlops = 100_000;    // for each thread between two barriers (1 us against 0.2)
    private const int MostFloatsOfA = 1 << 16;    // of a step's gradients, which every panel of W_hh reads: 256 KiB stay in a cache
    private const int RowsPerThread = 4;          // fewer leave the tiles waiting for their loads
    private const int RowsApart = 16;             // with fewer, a thread that makes the products with x too would read W_ih too often
    private const int ManyRowsPerThread = 16;     // fewer wait for weights that every thread would fetch from afar:
    private const int MostSharedWeights = 1 << 18; // more floats than these do not stay in a core's own cache

    /// <summary>The operands of one layer and direction.</summary>
    public struct Layer
    {
        public int T, N, H, P;
        public bool Reverse;

        /// <summary>[T+1] the first row of every step.</summary>
        public int* Starts;

        /// <summary>[N, P] and [N, H] the states before each sequence's first step, or null for zeros.</summary>
        public float* H0, C0;

        /// <summary>[rows, P] of stride <see cref="OutRow"/>: the states h.</summary>
        public float* Out;
        public nint OutRow;

        /// <summary>Forward: [rows, I] the input; W_ihᵀ packed run by run; and its runs.</summary>
        public float* X, Input;
        public int I, InputRuns;
        public Run* FirstRun;

        /// <summary>Forward: the products with x are made for about so many rows at a time, while all of them stay in a cache until
        /// the steps come.</summary>
        public int MostRows;

        /// <summary>[rows, C·H] of stride <see cref="ColumnsRow"/>: the sums of a step, then what is kept of it. A cell with one
        /// column has it in <see cref="Out"/>. Forward: null where nobody keeps them.</summary>
        public float* Columns;
        public nint ColumnsRow;

        /// <summary>Forward: [C·H] the biases; the column that no product with x goes to begins with its part of them.</summary>
        public float* Bias;

        /// <summary>Forward: floats behind the columns of a row that become zeros.</summary>
        public int Padding;

        /// <summary>[rows, H] the states c; and with a projection o∘tanh c, from which it makes h; else null.</summary>
        public float* C, Unprojected;

        /// <summary>Packed. Forward: W_hhᵀ [P, G·H], in <see cref="ByGate"/> a matrix for each gate. Backward: W_hh
        /// [G·H, P].</summary>
        public float* Recurrent;
        public bool ByGate;

        /// <summary>Packed. Forward: W_hrᵀ [H, P]. Backward: W_hr [P, H]. Null without a projection.</summary>
        public float* Projection;

        /// <summary>Backward: [rows, P] of stride <see cref="OutRow"/>, in the gradient of the states from above, out
        /// all of it.</summary>
        public float* OutGrad;

        /// <summary>Backward: [rows, C·H] of stride <see cref="GradsRow"/>, out the gradients of the sums; may be
        /// Columns.</summary>
        public float* Grads;
        public nint GradsRow;

        /// <summary>Backward: [N, H] in the gradient of c_n or zeros, out what of the first state's gradient comes from
        /// no product.</summary>
        public float* Carry;

        /// <summary>The runs of the product with x.</summary>
        public readonly ReadOnlySpan<Run> Runs => new(FirstRun, InputRuns);

        /// <summary>The step that comes <paramref name="order"/>-th in this direction.</summary>
        public readonly int Step(int order) => Reverse ? T - 1 - order : order;

        /// <summary>Rows of a step.</summary>
        public readonly int Count(int step) => Starts[step + 1] - Starts[step];

        /// <summary>The rows of the <paramref name="order"/>-th step that also had the step before it; the rest begin
        /// here.</summary>
        public readonly int Continuing(int order) =>
            order == 0 ? 0 : Math.Min(Count(Step(order)), Count(Step(order - 1)));
    }

    // Cost: 2·rows·G·H·(I + P) flops, and 2·rows·H·P of a projection; the loop over the steps is the only sequential part.
    public static void Forward<TCell>(in Layer layer) where TCell : struct, ICellKernel
    {
        var job = new ForwardJob<TCell> { Layer = layer };
        Isa.Run(ref job);
    }

    public static void Backward<TCell>(in Layer layer) where TCell : struct, ICellKernel
    {
        var job = new BackwardJob<TCell> { Layer = layer };
        Isa.Run(ref job);
    }

    private struct ForwardJob<TCell> : ISimdKernel where TCell : struct, ICellKernel
    {
        public Layer Layer;

        public readonly void Run<T>() where T : unmanaged, ISimd<T>
        {
            int parts = Plan<T>(Layer, TCell.GateCount, 0, Layer.T, Layer.ByGate, out bool byUnits);
            if (parts > 1 && !byUnits && Layer.Count(Layer.T - 1) == Layer.N && Layer.N >= parts * RowsApart)
            {
                // Every thread makes all of its sequences: nobody waits for anybody, and what one writes no other reads.
                var all = new ForwardPart<T, TCell> { Layer = Layer, Last = Layer.T, Projects = true };
                ThreadTeam.Run(ref all, parts);
                return;
            }

            float* scratch = ScratchOf(Layer);
            for (int begin = 0, end; begin < Layer.T; begin = end)
            {
                end = EndOfChunk(Layer, begin);
                int barrier = 0;
                var job = new ForwardPart<T, TCell> { Layer = OfChunk(Layer, scratch, begin, end), First = begin, Last = end };
                nint row = FirstRow(Layer, begin, end);
                RunProducts.Product(
                    Layer.Input, Layer.Runs, RowsOf(Layer, begin, end), Layer.I, Layer.X + row * Layer.I, Layer.I,
                    job.Layer.Columns + row * Layer.ColumnsRow, Layer.ColumnsRow, Layer.Bias, 0);
                parts = Plan<T>(Layer, TCell.GateCount, begin, end, Layer.ByGate, out byUnits);
                if (byUnits) job.Barrier = &barrier;
                ThreadTeam.Run(ref job, parts);
            }
        }
    }

    private static int EndOfChunk(in Layer l, int begin)
    {
        int end = begin + 1, count = l.Count(l.Step(begin));
        while (end < l.T && count + l.Count(l.Step(end)) <= l.MostRows) count += l.Count(l.Step(end++));
        return end;
    }

    private static int FirstRow(in Layer l, int begin, int end) => l.Starts[l.Reverse ? l.T - end : begin];

    private static int RowsOf(in Layer l, int begin, int end) => l.Starts[l.Reverse ? l.T - begin : end] - FirstRow(l, begin, end);

    private static int LargestChunk(in Layer l)
    {
        int most = 0;
        for (int begin = 0, end; begin < l.T; begin = end)
        {
            end = EndOfChunk(l, begin);
            most = Math.Max(most, RowsOf(l, begin, end));
        }

        return most;
    }

    // The calling thread's columns of one chunk where nobody keeps them; else null.
    private static float* ScratchOf(in Layer l) =>
        l.Columns == null ? Workspace.Require(WorkspaceSlot.Columns, checked(LargestChunk(l) * (int)l.ColumnsRow)) : null;

    // With a scratch the columns of a chunk take the place of those of the one before.
    private static Layer OfChunk(in Layer l, float* scratch, int begin, int end) =>
        scratch == null ? l : l with { Columns = scratch - FirstRow(l, begin, end) * l.ColumnsRow };

    private struct BackwardJob<TCell> : ISimdKernel where TCell : struct, ICellKernel
    {
        public Layer Layer;

        public readonly void Run<T>() where T : unmanaged, ISimd<T>
        {
            int barrier = 0;
            var job = new BackwardPart<T, TCell> { Layer = Layer };
            int parts = Plan<T>(Layer, TCell.GateCount, 0, Layer.T, hasUnits: true, out bool byUnits);
            if (byUnits) job.Barrier = &barrier;
            ThreadTeam.Run(ref job, parts);
        }
    }

    private static int Plan<T>(in Layer l, int gates, int first, int last, bool hasUnits, out bool byUnits) where T : unmanaged, ISimd<T>
    {
        int begin = l.Reverse ? l.T - last : first, end = l.Reverse ? l.T - first : last;
        long flops = 2L * (l.Starts[end] - l.Starts[begin]) * gates * l.H * l.P;
        int parts = (int)Math.Max(1, Math.Min(ThreadTeam.Threads, flops / ParallelFlops));
        int rows = (long)gates * l.H * l.P > MostSharedWeights ? ManyRowsPerThread : RowsPerThread;
        byUnits = parts > 1 && l.N < rows * parts && l.Projection == null && hasUnits
            && flops / (last - first) >= BarrierFlops * parts && l.H >= parts * PackedMatrix.PanelWidth<T>();
        return byUnits ? parts : Math.Min(parts, l.N);
    }

    /// <summary>The sequences of one part, so that all parts have about as many steps.</summary>
    private static (int Begin, int End) Share(in Layer l, int part, int parts)
    {
        if (l.Count(l.T - 1) == l.N) return (l.N * part / parts, l.N * (part + 1) / parts);
        return (Cut(l, part, parts), Cut(l, part + 1, parts));

        static int Cut(in Layer l, int part, int parts)
        {
            if (part == parts) return l.N;
            long want = (long)l.Starts[l.T] * part / parts, sum = 0;
            int n = 0, t = l.T;
            while (sum < want)
            {
                while (t > 0 && l.Count(t - 1) <= n) t--; // the length of sequence n
                sum += t;
                n++;
            }

            return n;
        }
    }

    private static (int Begin, int End) Units<T>(in Layer l, int part, int parts) where T : unmanaged, ISimd<T>
    {
        int width = PackedMatrix.PanelWidth<T>(), blocks = (l.H + width - 1) / width;
        return (blocks * part / parts * width, Math.Min(l.H, blocks * (part + 1) / parts * width));
    }

    // ---- Forward -------------------------------------------------------------------------------------------------

    private struct ForwardPart<T, TCell> : IParallelKernel where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel
    {
        public Layer Layer;
        public int First, Last;
        public int* Barrier;

        /// <summary>Whether the products with x are made here too.</summary>
        public bool Projects;

        public readonly void Run(int part, int parts)
        {
            Layer l = Layer;
            bool byUnits = Barrier != null;
            (int r0, int r1) = byUnits ? (0, l.N) : Share(l, part, parts);
            (int u0, int u1) = byUnits ? Units<T>(l, part, parts) : (0, l.H);
            // Each thread's own: a processor fetches ahead beyond the rows of one thread into those of its neighbour.
            float* scratch = Projects ? ScratchOf(l) : null;
            for (int begin = First, chunk; begin < Last; begin = chunk)
            {
                chunk = Projects ? EndOfChunk(l, begin) : Last;
                if (Projects)
                {
                    l = OfChunk(Layer, scratch, begin, chunk);
                    nint row = FirstRow(l, begin, chunk);
                    RunProducts.ProductOfGroups<T>(
                        l.Input, l.Runs, RowsOf(l, begin, chunk), l.N, r0, r1, l.I, l.X + row * l.I, l.I, l.Columns + row * l.ColumnsRow, l.ColumnsRow,
                        l.Bias, 0);
                }

                for (int order = begin; order < chunk; order++)
                {
                    int end = Math.Min(r1, l.Count(l.Step(order))), middle = l.Continuing(order);
                    Rows(l, order, r0, Math.Min(end, middle), begins: false, u0, u1);
                    Rows(l, order, Math.Max(r0, middle), end, begins: true, u0, u1);
                    if (byUnits) ThreadTeam.Meet(Barrier, parts, order - First + 1);
                }
            }
        }

        // The rows r0..r1 of a step, which either go on from the step before or begin here.
        private static void Rows(in Layer l, int order, int r0, int r1, bool begins, int u0, int u1)
        {
            if (r0 >= r1) return;
            int t = l.Step(order);
            nint row = l.Starts[t] + r0, before = begins ? r0 : l.Starts[l.Step(order - 1)] + r0;
            float* hidden = l.Out + row * l.OutRow;
            float* h = !begins ? l.Out + before * l.OutRow : l.H0 == null ? null : l.H0 + before * l.P;
            nint hRow = begins ? l.P : l.OutRow;
            var g = new GemmArgs
            {
                M = r1 - r0, N = l.H, K = l.P, A = h, ARow = hRow, AStep = 1, B = l.Recurrent,
                C = l.Columns + row * l.ColumnsRow + TCell.RecurrentColumn * l.H, CRow = l.ColumnsRow,
            };
            g.Add = g.C;
            g.AddRow = g.CRow;
            var s = new CellRows
            {
                Rows = r1 - r0, Units = l.H,
                Columns = l.Columns + row * l.ColumnsRow, ColumnsRow = l.ColumnsRow, ColumnStep = l.H,
                Hidden = l.Unprojected == null ? hidden : l.Unprojected + row * l.H,
                HiddenRow = l.Unprojected == null ? l.OutRow : l.H,
            };
            SetStates(ref s, l, row, before, begins, h, hRow);
            if (l.Padding > 0 && u0 == 0) Layout.ClearRows(s.Columns + TCell.Columns * l.H, l.ColumnsRow, s.Rows, l.Padding);
            // The product with h adds to what stands there; one gate by itself adds to the bias at once.
            float* bias = TCell.Columns > TCell.GateCount ? l.Bias + TCell.GateCount * l.H : null;
            if (bias != null && (!l.ByGate || h == null))
                Layout.FillRows(s.Columns + TCell.GateCount * l.H + u0, l.ColumnsRow, s.Rows, u1 - u0, bias + u0);

            if (l.ByGate)
            {
                int width = PackedMatrix.PanelWidth<T>();
                float* recurrent = l.Recurrent, sums = g.C;
                nint ofGate = PackedMatrix.Length<T>(l.P, l.H);
                for (int u = u0; u < u1; u += width)
                {
                    for (int gate = 0; gate < TCell.GateCount && h != null; gate++)
                    {
                        g.B = recurrent + gate * ofGate;
                        g.C = g.Add = sums + gate * l.H;
                        g.AddRow = g.CRow;
                        if (bias != null && gate == TCell.GateCount - TCell.RecurrentColumn)
                        {
                            g.Add = bias;
                            g.AddRow = 0;
                        }

                        int nextGate = (gate + 1) % TCell.GateCount, next = nextGate > 0 ? u : u + width < u1 ? u + width : u0;
                        Gemm.OnePanel<T>(g, u, recurrent + nextGate * ofGate + (nint)next * l.P);
                    }

                    CellRows some = s;
                    some.Units = Math.Min(width, u1 - u);
                    some.Columns += u;
                    some.Before = s.Before == null ? null : s.Before + u;
                    some.After += u;
                    some.Hidden += u;
                    CellRows.Forward<T, TCell>(some);
                }
            }
            else
            {
                g.N = TCell.GateCount * l.H;
                if (h != null) Gemm.Blocks<T>(g);
                CellRows.Forward<T, TCell>(s);
            }

            if (l.Projection == null) return;
            Gemm.Blocks<T>(new GemmArgs
            {
                M = r1 - r0, N = l.P, K = l.H, A = s.Hidden, ARow = l.H, AStep = 1, B = l.Projection, C = hidden, CRow = l.OutRow,
            });
        }

        private static void SetStates(ref CellRows s, in Layer l, nint row, nint before, bool begins, float* h, nint hRow)
        {
            if (TCell.HasCellState)
            {
                s.Before = !begins ? l.C + before * l.H : l.C0 == null ? null : l.C0 + before * l.H;
                s.BeforeRow = s.AfterRow = l.H;
                s.After = l.C + row * l.H;
            }
            else
            {
                s.Before = h;
                s.BeforeRow = hRow;
            }
        }
    }

    // ---- Backward ------------------------------------------------------------------------------------------------

    private struct BackwardPart<T, TCell> : IParallelKernel where T : unmanaged, ISimd<T> where TCell : struct, ICellKernel
    {
        public Layer Layer;
        public int* Barrier;

        public readonly void Run(int part, int parts)
        {
            Layer l = Layer;
            bool byUnits = Barrier != null;
            (int r0, int r1) = byUnits ? (0, l.N) : Share(l, part, parts);
            (int u0, int u1) = byUnits ? Units<T>(l, part, parts) : (0, l.H);
            for (int order = l.T - 1; order >= 0; order--)
            {
                int t = l.Step(order), end = Math.Min(r1, l.Count(t));
                if (order < l.T - 1)
                {
                    // What the next step hands back to the states it began with.
                    int next = l.Starts[l.Step(order + 1)] + r0;
                    AddProduct(l, l.Starts[t] + r0, next, Math.Min(end, l.Continuing(order + 1)) - r0, u0, u1, byUnits, order % 2 == 1);
                }

                int middle = l.Continuing(order);
                Rows(l, order, r0, Math.Min(end, middle), begins: false, u0, u1);
                Rows(l, order, Math.Max(r0, middle), end, begins: true, u0, u1);
                if (byUnits) ThreadTeam.Meet(Barrier, parts, l.T - order);
            }
        }

        private static void AddProduct(in Layer l, nint row, nint next, int rows, int u0, int u1, bool byUnits, bool downwards)
        {
            if (rows <= 0) return;
            var g = new GemmArgs
            {
                M = rows, N = l.P, K = TCell.GateCount * l.H,
                A = l.Grads + next * l.GradsRow + TCell.RecurrentColumn * l.H, ARow = l.GradsRow, AStep = 1, B = l.Recurrent,
                C = l.OutGrad + row * l.OutRow, CRow = l.OutRow,
            };
            g.Add = g.C;
            g.AddRow = g.CRow;
            if (!byUnits && (long)g.M * g.K > MostFloatsOfA)
            {
                Gemm.Blocks<T>(g);
                return;
            }

            (int p0, int p1) = byUnits ? (u0, u1) : (0, l.P);
            int width = PackedMatrix.PanelWidth<T>(), panels = (p1 - p0 + width - 1) / width;
            for (int i = 0; i < panels; i++)
            {
                int at = p0 + (downwards ? panels - 1 - i : i) * width, then = i + 1 == panels ? at : downwards ? at - width : at + width;
                Gemm.OnePanel<T>(g, at, g.B + (nint)then * g.K);
            }
        }

        private static void Rows(in Layer l, int order, int r0, int r1, bool begins, int u0, int u1)
        {
            if (r0 >= r1) return;
            int t = l.Step(order);
            nint row = l.Starts[t] + r0, before = begins ? r0 : l.Starts[l.Step(order - 1)] + r0;
            var s = new CellRows
            {
                Rows = r1 - r0, Units = u1 - u0, ColumnStep = l.H,
                Columns = l.Columns == null ? null : l.Columns + row * l.ColumnsRow + u0, ColumnsRow = l.ColumnsRow,
                Grads = l.Grads + row * l.GradsRow + u0, GradsRow = l.GradsRow,
                Carry = l.Carry == null ? null : l.Carry + (nint)r0 * l.H + u0, CarryRow = l.H,
                HiddenGrad = l.OutGrad + row * l.OutRow + u0, HiddenGradRow = l.OutRow,
                After = TCell.HasCellState ? l.C + row * l.H + u0 : l.Out + row * l.OutRow + u0,
                AfterRow = TCell.HasCellState ? l.H : l.OutRow,
            };
            if (TCell.HasCellState)
            {
                s.Before = !begins ? l.C + before * l.H + u0 : l.C0 == null ? null : l.C0 + before * l.H + u0;
                s.BeforeRow = l.H;
            }
            else
            {
                s.Before = !begins ? l.Out + before * l.OutRow + u0 : l.H0 == null ? null : l.H0 + before * l.P + u0;
                s.BeforeRow = begins ? l.P : l.OutRow;
            }

            if (l.Projection != null)
            {
                // The gradient of o∘tanh c, from which the projection has made h.
                float* unprojected = Workspace.Require(WorkspaceSlot.StepSums, s.Rows * l.H);
                Gemm.Blocks<T>(new GemmArgs
                {
                    M = s.Rows, N = l.H, K = l.P, A = s.HiddenGrad, ARow = l.OutRow, AStep = 1, B = l.Projection,
                    C = unprojected, CRow = l.H,
                });
                s.HiddenGrad = unprojected;
                s.HiddenGradRow = l.H;
            }

            CellRows.Backward<T, TCell>(s);
        }
    }
}
