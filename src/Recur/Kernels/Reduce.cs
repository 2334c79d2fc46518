using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>Sums and maxima in one fixed order: the bits do not depend on the number of threads.</summary>
/// <remarks>Blocks are summed in float32 and their sums in double, so that the error does not grow with the
/// length.</remarks>
internal static unsafe class Reduce
{
    /// <summary>Vectors summed in float32, by two accumulators, before the sum goes to double: 16 additions, whose
    /// rounding errors can
    /// all point the same way, cost at most 1e-6 of the sum; 256 of them were measured to cost 2e-6 for equal
    /// numbers.</summary>
    private const int BlockVectors = 32;

    /// <summary>Columns (times rows side by side) of a panel of <see cref="SumRows"/>, the least that a thread takes.</summary>
    private const int PanelWidth = 512;

    /// <summary>Columns of neighbouring panels that are summed together, as many as the first-level cache holds: narrow parts
    /// of long rows, each on a page of its own, are read at a third of the speed of whole rows.</summary>
    private const int MostColumns = 4 * PanelWidth;

    private const long ParallelSumElements = 250_000; // for each thread: what lies in memory takes some 50 us

    /// <summary>Rows summed in float32 before they go to double.</summary>
    private const int PanelDepth = 32;

    /// <summary>Σ x.</summary>
    public static double Sum(ReadOnlySpan<float> x) => Sum<FirstOf>(x, x);

    /// <summary>Σ a·b.</summary>
    public static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b) => Sum<Multiply>(a, b);

    /// <summary>Σ f(a, b).</summary>
    public static double Sum<TOp>(ReadOnlySpan<float> a, ReadOnlySpan<float> b) where TOp : struct, IBinary
    {
        Debug.Assert(a.Length == b.Length);
        float none = 0f;
        fixed (float* pa = a, pb = b)
        {
            return BlockSums.Run(new Terms<PairOf<TOp>, Same>(pa, pb, &none), a.Length);
        }
    }

    /// <summary>Σ f(a, b, c).</summary>
    public static double Sum<TOp>(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Operand c) where TOp : struct, ITernary
    {
        Debug.Assert(a.Length == b.Length && c.Fits(a.Length));
        float c0 = c.Value;
        fixed (float* pa = a, pb = b, pc = c.Values)
        {
            return c.IsSame
                ? BlockSums.Run(new Terms<TOp, Same>(pa, pb, &c0), a.Length)
                : BlockSums.Run(new Terms<TOp, Each>(pa, pb, pc), a.Length);
        }
    }

    private readonly struct Terms<TOp, TC>(float* a, float* b, float* c) : IBlockSum
        where TOp : struct, ITernary
        where TC : struct, IOperand
    {
        public double Of(int begin, int count)
        {
            var loop = new SumLoop<TOp, TC>(a + begin, b + begin, TC.IsSame ? c : c + begin, count);
            Isa.Run(ref loop);
            return loop.Result;
        }
    }

    // Scalar equivalent: Σ f(a[i], b[i], c[i or 0]) for i in 0..n. Within a block, lane j of the two accumulators
    // holds the
    // elements
    // whose index is j (and width + j) modulo two widths. The tail of less than one width goes to double one by one: a
    // partial vector holds zeros behind its end, and f(0, 0) need not be 0.
    private struct SumLoop<TOp, TC>(float* a, float* b, float* c, int n) : ISimdKernel
        where TOp : struct, ITernary
        where TC : struct, IOperand
    {
        private readonly float* a = a, b = b, c = c;
        private readonly int n = n;

        public double Result;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<T>() where T : unmanaged, ISimd<T>
        {
            double sum = 0;
            int i = 0;
            T c0 = T.Create(TC.IsSame ? *c : 0f);
            while (i <= n - T.Count)
            {
                int end = Math.Min(n, i + BlockVectors * T.Count);
                T s0 = T.Zero, s1 = T.Zero;
                for (; i <= end - 2 * T.Count; i += 2 * T.Count)
                {
                    s0 += TOp.Invoke(T.Load(a + i), T.Load(b + i), TC.IsSame ? c0 : T.Load(c + i));
                    int k = i + T.Count;
                    s1 += TOp.Invoke(T.Load(a + k), T.Load(b + k), TC.IsSame ? c0 : T.Load(c + k));
                }

                if (i <= end - T.Count)
                {
                    s0 += TOp.Invoke(T.Load(a + i), T.Load(b + i), TC.IsSame ? c0 : T.Load(c + i));
                    i += T.Count;
                }

                sum += (s0 + s1).Sum();
            }

            for (; i < n; i++)
                sum += TOp.Invoke(F32x1.Load(a + i), F32x1.Load(b + i), F32x1.Load(TC.IsSame ? c : c + i)).Sum();
            Result = sum;
        }
    }

    // y[C] (+)= scale · Σ over r of x[r, :]
    //   x [R, C] in; y [C] out, in/out when accumulate
    // Several short rows lie side by side in a panel, so that the additions run over full vectors for any C. Panels
    // take PanelDepth additions in float32 and are then added to the totals in double. Threads take whole panels.
    public static void SumRows(ReadOnlySpan<float> x, int rows, int columns, Span<float> y, float scale, bool accumulate)
    {
        Debug.Assert(x.Length == rows * columns && y.Length == columns);
        fixed (float* px = x, py = y)
        {
            var job = new SumRowsJob(px, rows, columns, py, scale, accumulate);
            long parts = Math.Min(ThreadTeam.Threads, (long)rows * columns / ParallelSumElements);
            ThreadTeam.Run(ref job, (int)Math.Clamp(parts, 1, (columns + PanelWidth - 1) / PanelWidth));
        }
    }

    private readonly struct SumRowsJob(float* x, int rows, int columns, float* y, float scale, bool accumulate)
        : IParallelKernel
    {
        public void Run(int part, int parts)
        {
            int panels = (columns + PanelWidth - 1) / PanelWidth;
            int end = Math.Min(columns, panels * (part + 1) / parts * PanelWidth);
            for (int c = panels * part / parts * PanelWidth; c < end; c += MostColumns) SumColumns(c, Math.Min(end - c, MostColumns));
        }

        [SkipLocalsInit]
        private void SumColumns(int c0, int width)
        {
            Span<float> panel = stackalloc float[MostColumns];
            Span<double> total = stackalloc double[MostColumns];
            int sideBySide = Math.Clamp(rows / 8, 1, Math.Max(1, PanelWidth / Math.Max(1, columns)));
            int length = sideBySide * width;
            total[..width].Clear();
            for (int r = 0; r < rows;)
            {
                Span<float> p = panel[..length];
                int depth = 0;
                for (; depth < PanelDepth && r + sideBySide <= rows; depth++, r += sideBySide)
                {
                    var row = new ReadOnlySpan<float>(x + ((nint)r * columns) + c0, length);
                    if (depth == 0) row.CopyTo(p);
                    else Elementwise.Zip<Add>(p, row, p);
                }

                if (depth == 0) // fewer rows left than lie side by side
                {
                    p = panel[..((rows - r) * width)];
                    new ReadOnlySpan<float>(x + ((nint)r * columns) + c0, p.Length).CopyTo(p);
                    r = rows;
                }

                for (int k = 0; k < p.Length; k += width)
                    for (int c = 0; c < width; c++) total[c] += p[k + c];
            }

            for (int c = 0; c < width; c++)
            {
                float sum = (float)(total[c] * scale);
                y[c0 + c] = accumulate ? y[c0 + c] + sum : sum;
            }
        }
    }

    // y (+)= scale · Σ of x over the dimensions whose bit is set in axes
    //   x [shape] in; y [the other dimensions] out, in/out when accumulate
    public static void SumAxes(ReadOnlySpan<float> x, in Shape shape, int axes, Span<float> y, float scale, bool accumulate)
    {
        // Neighbouring dimensions of the same kind become one; dimensions of size 1 vanish.
        Span<int> sizes = stackalloc int[Shape.MaxRank + 1];
        int count = 0;
        bool firstReduced = false, lastReduced = false;
        for (int d = 0; d < shape.Rank; d++)
        {
            int size = shape[d];
            bool reduced = (axes >> d & 1) != 0;
            if (size == 1) continue;
            if (count > 0 && reduced == lastReduced)
            {
                sizes[count - 1] *= size;
                continue;
            }

            if (count == 0) firstReduced = reduced;
            lastReduced = reduced;
            sizes[count++] = size;
        }

        if (count == 0) sizes[count++] = 1;
        SumGroups(x, sizes[..count], firstReduced, y, scale, accumulate);
    }

    private static void SumGroups(ReadOnlySpan<float> x, ReadOnlySpan<int> sizes, bool reduced, Span<float> y, float scale, bool accumulate)
    {
        int size = sizes[0];
        if (sizes.Length == 1)
        {
            if (reduced)
            {
                float sum = (float)(Sum(x) * scale);
                y[0] = accumulate ? y[0] + sum : sum;
            }
            else if (accumulate)
            {
                Elementwise.ZipAdd<Multiply>(x, scale, y);
            }
            else
            {
                Elementwise.Zip<Multiply>(x, scale, y);
            }

            return;
        }

        if (reduced && sizes.Length == 2)
        {
            SumRows(x, size, sizes[1], y, scale, accumulate);
            return;
        }

        if (size == 0)
        {
            if (!accumulate) y.Clear();
            return;
        }

        int xStep = x.Length / size, yStep = y.Length / size;
        for (int i = 0; i < size; i++)
        {
            ReadOnlySpan<float> part = x.Slice(i * xStep, xStep);
            if (reduced) SumGroups(part, sizes[1..], reduced: false, y, scale, accumulate || i > 0);
            else SumGroups(part, sizes[1..], reduced: true, y.Slice(i * yStep, yStep), scale, accumulate);
        }
    }

    /// <summary>The largest element, -∞ for nothing; a NaN may be passed over.</summary>
    public static float Max(ReadOnlySpan<float> x) => Extreme<Maximum>(x, float.NegativeInfinity);

    /// <summary>The smallest element, ∞ for nothing; a NaN may be passed over.</summary>
    public static float Min(ReadOnlySpan<float> x) => Extreme<Minimum>(x, float.PositiveInfinity);

    private static float Extreme<TOp>(ReadOnlySpan<float> x, float start) where TOp : struct, IBinary
    {
        fixed (float* p = x)
        {
            var loop = new ExtremeLoop<TOp>(p, x.Length, start);
            Isa.Run(ref loop);
            return loop.Result;
        }
    }

    // Scalar equivalent: the extreme of x[0..n]. Lane j holds the extreme of the elements whose index is j modulo the
    // width; the last vector overlaps the one before.
    private struct ExtremeLoop<TOp>(float* x, int n, float start) : ISimdKernel where TOp : struct, IBinary
    {
        private readonly float* x = x;
        private readonly int n = n;
        private readonly float start = start;

        public float Result;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<T>() where T : unmanaged, ISimd<T>
        {
            F32x1 extreme = F32x1.Create(start);
            if (n < T.Count)
            {
                for (int i = 0; i < n; i++) extreme = TOp.Invoke(extreme, F32x1.Load(x + i));
            }
            else
            {
                T m = T.Load(x + n - T.Count);
                for (int i = 0; i < n - T.Count; i += T.Count) m = TOp.Invoke(m, T.Load(x + i));
                float* lanes = stackalloc float[T.Count];
                m.Store(lanes);
                for (int i = 0; i < T.Count; i++) extreme = TOp.Invoke(extreme, F32x1.Load(lanes + i));
            }

            Result = extreme.Sum();
        }
    }
}
