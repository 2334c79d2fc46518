namespace Recur.Kernels;

/// <summary>Products with a weight matrix whose rows are packed run by run (<see cref="PackForm.Product"/>,
/// <see cref="PackForm.Gradient"/>).</summary>
internal static unsafe class RunProducts
{
    // columns[rows, run] = add[rows, run] + x[rows, k] · W[run, k]ᵀ
    //   x [rows, K] of stride xRow, add of stride addRow (0 for one row)  in      columns of stride columnsRow  out; may be add
    public static void Product(
        float* packed, ReadOnlySpan<Run> runs, int rows, int k, float* x, nint xRow, float* columns, nint columnsRow, float* add,
        nint addRow)
    {
        var job = new ProductJob
        {
            Packed = packed, Runs = runs, Rows = rows, K = k, X = x, XRow = xRow, Columns = columns, ColumnsRow = columnsRow,
            Add = add, AddRow = addRow,
        };
        Isa.Run(ref job);
    }

    // The same for the rows begin..end of every group of so many rows, which divide `rows`, on the calling thread.
    public static void ProductOfGroups<T>(
        float* packed, ReadOnlySpan<Run> runs, int rows, int group, int begin, int end, int k, float* x, nint xRow, float* columns,
        nint columnsRow, float* add, nint addRow) where T : unmanaged, ISimd<T>
    {
        var job = new ProductJob
        {
            Packed = packed, Runs = runs, Rows = rows, K = k, X = x, XRow = xRow, Columns = columns, ColumnsRow = columnsRow,
            Add = add, AddRow = addRow, Group = group, Begin = begin, End = end,
        };
        job.Run<T>();
    }

    // dx[rows, k] += Σ over runs: columns[rows, run] · W[run, k]; without the += when fresh
    public static void Gradient(
        float* packed, ReadOnlySpan<Run> runs, int rows, int k, float* columns, nint columnsRow, float* dx, bool fresh)
    {
        var job = new GradientJob
        {
            Packed = packed, Runs = runs, Rows = rows, K = k, Columns = columns, ColumnsRow = columnsRow, Dx = dx, Fresh = fresh,
        };
        Isa.Run(ref job);
    }

    // dW[run, k] += columns[rows, run]ᵀ · x[rows, k]; without the += when fresh
    public static void WeightGradient(ReadOnlySpan<Run> runs, int rows, float* columns, nint columnsRow, in Factor x)
    {
        var job = new WeightGradientJob { First = runs, Rows = rows, Columns = columns, ColumnsRow = columnsRow, X = x };
        if (x.K == 1 && x.InitialRows == 0) job.TurnColumns();
        else Isa.Run(ref job);
    }

    // The same for the weights of x and of h in one go: where both gradients need the same columns, these are copied once. With
    // sums, sums[column] += Σ over rows of all columns as they are copied; returns whether they were.
    public static bool WeightGradients<TCell>(
        int h, int stride, int rows, float* columns, nint columnsRow, in Factor x, in Factor before, float* sums)
        where TCell : struct, ICellKernel
    {
        Span<Run> runs = stackalloc Run[3 * Run.Most];
        if (x.K == 1 && (long)rows * TCell.GateCount * h < Gemm.CopyTransposedFrom)
        {
            // Nothing would be copied, and a column alone becomes a row.
            WeightGradient(runs[..Run.OfInput<TCell>(h, stride, runs)], rows, columns, columnsRow, x);
            WeightGradient(runs[..Run.OfRecurrent<TCell>(h, stride, runs)], rows, columns, columnsRow, before);
            return false;
        }

        int both = Run.OfBoth<TCell>(h, stride, runs, out int input, out int recurrent);
        var job = new WeightGradientJob
        {
            Both = runs[..both], First = runs.Slice(both, input), Second = runs.Slice(both + input, recurrent), Rows = rows,
            Columns = columns, ColumnsRow = columnsRow, X = x, Before = before,
        };
        if (job.CanSum) job.Sums = sums;
        Isa.Run(ref job);
        return job.Sums != null;
    }

    /// <summary>What the gradient of a weight matrix is multiplied with, and that gradient.</summary>
    public struct Factor
    {
        /// <summary>[rows, K] of stride <see cref="XRow"/>; but for the initial rows.</summary>
        public float* X;
        public int XRow, K;

        /// <summary>[initial rows, K] the rows of the first step, or null for zeros; they come last in reverse.</summary>
        public float* Initial;
        public int InitialRows;
        public bool InitialIsLast;

        /// <summary>[G·H, K] out, or in/out unless fresh.</summary>
        public float* DW;
        public bool Fresh;

        public readonly float* Pack<T>(WorkspaceSlot slot, int rows) where T : unmanaged, ISimd<T>
        {
            if (InitialRows == 0 && PackedMatrix.IsOnePanel<T>(K, XRow)) return X;
            float* packed = Workspace.Require(slot, PackedMatrix.Length<T>(rows, K));
            int rest = rows - InitialRows;
            Packing.PackPart<T>(rows, K, InitialIsLast ? 0 : InitialRows, rest, X, XRow, packed);
            if (InitialRows > 0) Packing.PackPart<T>(rows, K, InitialIsLast ? rest : 0, InitialRows, Initial, K, packed);
            return packed;
        }
    }

    private ref struct WeightGradientJob : ISimdKernel
    {
        public float* Columns, Sums;
        public nint ColumnsRow;
        public ReadOnlySpan<Run> Both, First, Second;
        public int Rows;
        public Factor X, Before;

        /// <summary>Whether every product can sum its columns.</summary>
        public readonly bool CanSum => CanSumAll(Both, X) && CanSumAll(First, X) && CanSumAll(Second, Before);

        private readonly bool CanSumAll(ReadOnlySpan<Run> runs, in Factor factor)
        {
            foreach (Run run in runs)
                if (!Gemm.IsLargeTransposed(Product(run, factor, packed: null))) return false;
            return true;
        }

        public readonly void Run<T>() where T : unmanaged, ISimd<T>
        {
            float* x = X.Pack<T>(WorkspaceSlot.PackedB, Rows);
            float* before = Both.Length + Second.Length > 0 ? Before.Pack<T>(WorkspaceSlot.PackedStates, Rows) : null;
            foreach (Run run in Both) Gemm.RunParallel<T>(Product(run, X, x), Product(run, Before, before));
            foreach (Run run in First) Gemm.RunParallel<T>(Product(run, X, x));
            foreach (Run run in Second) Gemm.RunParallel<T>(Product(run, Before, before));
        }

        private readonly GemmArgs Product(Run run, in Factor factor, float* packed)
        {
            float* to = factor.DW + (nint)run.Row * factor.K;
            return new GemmArgs
            {
                M = run.Rows, N = factor.K, K = Rows, A = Columns + run.Column, ARow = 1, AStep = ColumnsRow, B = packed,
                C = to, CRow = factor.K, Add = factor.Fresh ? null : to, AddRow = factor.K,
                ASums = Sums == null ? null : Sums + run.Column,
            };
        }

        // One column of x: there is nothing to share, and Gemm turns it into a row.
        public readonly void TurnColumns()
        {
            foreach (Run run in First) Gemm.Multiply(Product(run, X, packed: null), X.X, X.XRow, transposeB: false);
        }
    }

    private ref struct ProductJob : ISimdKernel
    {
        public float* Packed, X, Columns, Add;
        public nint XRow, ColumnsRow, AddRow;
        public ReadOnlySpan<Run> Runs;
        public int K, Rows, Group, Begin, End; // without groups all rows, by all threads

        public readonly void Run<T>() where T : unmanaged, ISimd<T>
        {
            float* b = Packed;
            foreach (Run run in Runs)
            {
                var args = new GemmArgs
                {
                    M = Rows, Group = Group, N = run.Rows, K = K, A = X, ARow = XRow, AStep = 1, B = b,
                    C = Columns + run.Column, CRow = ColumnsRow, Add = Add + run.Column, AddRow = AddRow,
                };
                if (Group > 0) Gemm.Groups<T>(args, Begin, End);
                else Gemm.RunParallel<T>(args);
                b += PackedMatrix.Length<T>(K, run.Rows);
            }
        }
    }

    private ref struct GradientJob : ISimdKernel
    {
        public float* Packed, Columns, Dx;
        public nint ColumnsRow;
        public ReadOnlySpan<Run> Runs;
        public int K, Rows;
        public bool Fresh;

        public readonly void Run<T>() where T : unmanaged, ISimd<T>
        {
            float* b = Packed;
            bool fresh = Fresh;
            foreach (Run run in Runs)
            {
                Gemm.RunParallel<T>(new GemmArgs
                {
                    M = Rows, N = K, K = run.Rows, A = Columns + run.Column, ARow = ColumnsRow, AStep = 1, B = b,
                    C = Dx, CRow = K, Add = fresh ? null : Dx, AddRow = K,
                });
                fresh = false;
                b += PackedMatrix.Length<T>(run.Rows, K);
            }
        }
    }
}
