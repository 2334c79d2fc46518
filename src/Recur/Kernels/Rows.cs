using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>A row against all rows of a row-major matrix: what a bias needs forward and backward.</summary>
internal static unsafe class Rows
{
    // Up to here plain float32 sums are as exact as Reduce.SumRows (64 additions a sum) and its setup would dominate.
    private const int FewRows = 256;

    // y[r, :] = row
    //   row [N]     in      y [M, N]  out
    public static void Fill(int rows, int columns, ReadOnlySpan<float> row, Span<float> y)
    {
        row = row[..columns];
        if (columns == 1)
        {
            y[..rows].Fill(row[0]);
            return;
        }

        for (int r = 0; r < rows; r++) row.CopyTo(y.Slice(r * columns, columns));
    }

    // row += Σ_r y[r, :]
    //   y [M, N]  in      row [N]  in/out
    public static void AddSum(int rows, int columns, ReadOnlySpan<float> y, Span<float> row)
    {
        Debug.Assert(y.Length == rows * columns && row.Length == columns);
        if (rows > FewRows)
        {
            Reduce.SumRows(y, rows, columns, row, 1f, accumulate: true);
            return;
        }

        fixed (float* py = y, pr = row)
        {
            var loop = new AddSumLoop(rows, columns, py, pr);
            Isa.Run(ref loop);
        }
    }

    private readonly struct AddSumLoop(int rows, int columns, float* y, float* row) : ISimdKernel
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<T>() where T : unmanaged, ISimd<T>
        {
            float* py = y, pr = row;
            int m = rows, n = columns;
            int c = 0;
            for (; c <= n - T.Count; c += T.Count)
            {
                // Four sums, of the rows r mod 4, hide the latency of the additions; the same order in every width.
                T s0 = T.Zero, s1 = T.Zero, s2 = T.Zero, s3 = T.Zero;
                float* p = py + c;
                int r = 0;
                for (; r <= m - 4; r += 4, p += 4 * n)
                {
                    s0 += T.Load(p);
                    s1 += T.Load(p + n);
                    s2 += T.Load(p + 2 * n);
                    s3 += T.Load(p + 3 * n);
                }

                for (; r < m; r++, p += n) s0 += T.Load(p);
                (T.Load(pr + c) + ((s0 + s1) + (s2 + s3))).Store(pr + c);
            }

            if (c < n)
            {
                int rest = n - c;
                T s0 = T.Zero, s1 = T.Zero, s2 = T.Zero, s3 = T.Zero;
                float* p = py + c;
                int r = 0;
                for (; r <= m - 4; r += 4, p += 4 * n)
                {
                    s0 += T.LoadPartial(p, rest);
                    s1 += T.LoadPartial(p + n, rest);
                    s2 += T.LoadPartial(p + 2 * n, rest);
                    s3 += T.LoadPartial(p + 3 * n, rest);
                }

                for (; r < m; r++, p += n) s0 += T.LoadPartial(p, rest);
                (T.LoadPartial(pr + c, rest) + ((s0 + s1) + (s2 + s3))).StorePartial(pr + c, rest);
            }
        }
    }
}
