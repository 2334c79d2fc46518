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
    //   x [rows, K] of stride xRow  in      dW [G·H, K]  out or in/out
    public static void WeightGradient(
        ReadOnlySpan<Run> runs, int rows, int k, float* columns, nint columnsRow, float* x, int xRow, float* dW, bool fresh)
    {
        if (k == 1)
        {
            // One column: there is nothing to share, and Gemm turns it into a row.
            foreach (Run run in runs)
            {
                float* to = dW + run.Row;
                Gemm.Multiply(new GemmArgs
                {
                    M = run.Rows, N = 1, K = rows, A = columns + run.Column, ARow = 1, AStep = columnsRow,
                    C = to, CRow = 1, Add = fresh ? null : to, AddRow = 1,
                }, x, xRow, transposeB: false);
            }

            return;
        }

        var job = new WeightGradientJob
        {
            Runs = runs, Rows = rows, K = k, Columns = columns, ColumnsRow = columnsRow, X = x, XRow = xRow, DW = dW, Fresh = fresh,
        };
        Isa.Run(ref job);
    }

    private ref struct WeightGradientJob : ISimdKernel
    {
        public float* Columns, X, DW;
        public nint ColumnsRow;
        public ReadOnlySpan<Run> Runs;
        public int K, Rows, XRow;
        public bool Fresh;

        public readonly void Run<T>() where T : unmanaged, ISimd<T>
        {
            float* b = Workspace.Require(WorkspaceSlot.PackedB, PackedMatrix.Length<T>(Rows, K));
            Packing.Pack<T>(Rows, K, X, XRow, transposed: false, b);
            foreach (Run run in Runs)
            {
                float* to = DW + (nint)run.Row * K;
                Gemm.RunParallel<T>(new GemmArgs
                {
                    M = run.Rows, N = K, K = Rows, A = Columns + run.Column, ARow = 1, AStep = ColumnsRow, B = b,
                    C = to, CRow = K, Add = Fresh ? null : to, AddRow = K,
                });
            }
        }
    }

    private ref struct ProductJob : ISimdKernel
    {
        public float* Packed, X, Columns, Add;
        public nint XRow, ColumnsRow, AddRow;
        public ReadOnlySpan<Run> Runs;
        public int K, Rows;

        public readonly void Run<T>() where T : unmanaged, ISimd<T>
        {
            float* b = Packed;
            foreach (Run run in Runs)
            {
                Gemm.RunParallel<T>(new GemmArgs
                {
                    M = Rows, N = run.Rows, K = K, A = X, ARow = XRow, AStep = 1, B = b,
                    C = Columns + run.Column, CRow = ColumnsRow, Add = Add + run.Column, AddRow = AddRow,
                });
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
