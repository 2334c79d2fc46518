using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>One vector against all rows of a matrix: products, norms and the best rows, read once from front to
/// back.</summary>
/// <remarks>Every row is summed in one order that belongs to the vector width, whatever stands beside it, so a result
/// does not depend on the number of threads. Bound by the bandwidth of the memory.</remarks>
internal static unsafe class RowScores
{
    private const int RowsAtOnce = 4, BlockRows = 512;
    private const long ParallelFloats = 250_000; // for each thread

    // s[r] = scale[r] · Σ_k x[r, k] q[k]
    //   x [M, K], q [K], scale [M] or null (all 1)   in
    //   s [M]                                        out
    public static void Dots(int rows, int k, float* x, float* q, float* scale, float* s)
    {
        var job = new DotsWork { Rows = rows, K = k, X = x, Q = q, Scale = scale, S = s };
        Isa.Run(ref job);
    }

    // s[r] = Σ_k x[r, k]²; NaN or infinite when a number of the row is, or when the sum is beyond float32.
    //   x [M, K]  in      s [M]  out
    public static void SquaredNorms(int rows, int k, float* x, float* s)
    {
        var job = new DotsWork { Rows = rows, K = k, X = x, S = s };
        Isa.Run(ref job);
    }

    // The rows with the largest scale[r] · Σ_k x[r, k] q[k], of each part of the rows; of equal ones the first.
    //   x [M, K], q [K], scale [M]                    in
    //   scores, found [parts, count], sizes [parts]   out  a heap of sizes[p] rows for each part
    public static void Best(
        int rows, int k, float* x, float* q, float* scale, int parts, int count, float* scores, int* found, int* sizes)
    {
        var job = new BestWork
        {
            Rows = rows, K = k, X = x, Q = q, Scale = scale, Parts = parts, Count = count, Scores = scores,
            Found = found, Sizes = sizes,
        };
        Isa.Run(ref job);
    }

    /// <summary>How many parts the rows are best worked on in.</summary>
    public static int Parts(int rows, int k) =>
        (int)Math.Clamp((long)rows * k / ParallelFloats, 1, Math.Min(ThreadTeam.Threads, rows));

    private struct DotsWork : ISimdKernel
    {
        public int Rows, K;
        public float* X, Q, Scale, S;

        public readonly void Run<T>() where T : unmanaged, ISimd<T>
        {
            var job = new DotsJob<T> { Rows = Rows, K = K, X = X, Q = Q, Scale = Scale, S = S };
            ThreadTeam.Run(ref job, Parts(Rows, K));
        }
    }

    private struct DotsJob<T> : IParallelKernel where T : unmanaged, ISimd<T>
    {
        public int Rows, K;
        public float* X, Q, Scale, S;

        public readonly void Run(int part, int parts)
        {
            int begin = (int)((long)Rows * part / parts), end = (int)((long)Rows * (part + 1) / parts);
            float* x = X + (nint)begin * K;
            if (Q == null)
            {
                Squares<T>(end - begin, K, x, S + begin);
                return;
            }

            Products<T>(end - begin, K, x, Q, S + begin);
            if (Scale == null) return;
            for (int r = begin; r < end; r++) S[r] *= Scale[r];
        }
    }

    private struct BestWork : ISimdKernel
    {
        public int Rows, K, Count, Parts;
        public float* X, Q, Scale, Scores;
        public int* Found, Sizes;

        public readonly void Run<T>() where T : unmanaged, ISimd<T>
        {
            var job = new BestJob<T> { Work = this };
            ThreadTeam.Run(ref job, Parts);
        }
    }

    private struct BestJob<T> : IParallelKernel where T : unmanaged, ISimd<T>
    {
        public BestWork Work;

        [SkipLocalsInit]
        public readonly void Run(int part, int parts)
        {
            int begin = (int)((long)Work.Rows * part / parts), end = (int)((long)Work.Rows * (part + 1) / parts);
            float* block = stackalloc float[BlockRows];
            var heap = new BestHeap(
                Work.Scores + (nint)part * Work.Count, Work.Found + (nint)part * Work.Count, Work.Count);
            for (int r = begin; r < end; r += BlockRows)
            {
                int rows = Math.Min(BlockRows, end - r);
                Products<T>(rows, Work.K, Work.X + (nint)r * Work.K, Work.Q, block);
                for (int i = 0; i < rows; i++) heap.Offer(block[i] * Work.Scale[r + i], r + i);
            }

            Work.Sizes[part] = heap.Size;
        }
    }

    // s[r] = Σ_k x[r, k] q[k], four rows at a time so that their sums hide each other's latency.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Products<T>(int rows, int k, float* x, float* q, float* s) where T : unmanaged, ISimd<T>
    {
        int last = k - k % T.Count, rest = k - last;
        int r = 0;
        for (; r <= rows - RowsAtOnce; r += RowsAtOnce)
        {
            float* a = x + (nint)r * k, b = a + k, c = b + k, d = c + k;
            T sa = T.Zero, sb = T.Zero, sc = T.Zero, sd = T.Zero;
            for (int i = 0; i < last; i += T.Count)
            {
                T v = T.Load(q + i);
                T.AddProduct(ref sa, T.Load(a + i), v);
                T.AddProduct(ref sb, T.Load(b + i), v);
                T.AddProduct(ref sc, T.Load(c + i), v);
                T.AddProduct(ref sd, T.Load(d + i), v);
            }

            if (rest > 0)
            {
                T v = T.LoadPartial(q + last, rest);
                T.AddProduct(ref sa, T.LoadPartial(a + last, rest), v);
                T.AddProduct(ref sb, T.LoadPartial(b + last, rest), v);
                T.AddProduct(ref sc, T.LoadPartial(c + last, rest), v);
                T.AddProduct(ref sd, T.LoadPartial(d + last, rest), v);
            }

            s[r] = sa.Sum();
            s[r + 1] = sb.Sum();
            s[r + 2] = sc.Sum();
            s[r + 3] = sd.Sum();
        }

        for (; r < rows; r++)
        {
            float* a = x + (nint)r * k;
            T sum = T.Zero;
            for (int i = 0; i < last; i += T.Count) T.AddProduct(ref sum, T.Load(a + i), T.Load(q + i));
            if (rest > 0) T.AddProduct(ref sum, T.LoadPartial(a + last, rest), T.LoadPartial(q + last, rest));
            s[r] = sum.Sum();
        }
    }

    // s[r] = Σ_k x[r, k]²
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Squares<T>(int rows, int k, float* x, float* s) where T : unmanaged, ISimd<T>
    {
        int last = k - k % T.Count, rest = k - last;
        for (int r = 0; r < rows; r++, x += k)
        {
            T s0 = T.Zero, s1 = T.Zero;
            int i = 0;
            for (; i <= last - 2 * T.Count; i += 2 * T.Count)
            {
                T v0 = T.Load(x + i), v1 = T.Load(x + i + T.Count);
                T.AddProduct(ref s0, v0, v0);
                T.AddProduct(ref s1, v1, v1);
            }

            if (i < last)
            {
                T v = T.Load(x + i);
                T.AddProduct(ref s0, v, v);
            }

            if (rest > 0)
            {
                T v = T.LoadPartial(x + last, rest);
                T.AddProduct(ref s1, v, v);
            }

            s[r] = (s0 + s1).Sum();
        }
    }
}

/// <summary>The best of the rows offered so far: a heap whose root is the worst of them.</summary>
/// <remarks>Rows come in ascending order, so one that is as good as the worst is worse.</remarks>
internal unsafe struct BestHeap(float* scores, int* rows, int capacity)
{
    private float worst = float.NegativeInfinity;

    /// <summary>How many there are.</summary>
    public int Size { get; private set; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Offer(float score, int row)
    {
        if (score > worst || Size < capacity) Add(score, row);
    }

    private void Add(float score, int row)
    {
        int at;
        if (Size < capacity)
        {
            at = Size++;
            while (at > 0)
            {
                int parent = (at - 1) / 2;
                if (!IsWorse(score, row, scores[parent], rows[parent])) break;
                (scores[at], rows[at]) = (scores[parent], rows[parent]);
                at = parent;
            }
        }
        else
        {
            at = 0;
            while (true)
            {
                int child = 2 * at + 1;
                if (child >= Size) break;
                if (child + 1 < Size && IsWorse(scores[child + 1], rows[child + 1], scores[child], rows[child])) child++;
                if (!IsWorse(scores[child], rows[child], score, row)) break;
                (scores[at], rows[at]) = (scores[child], rows[child]);
                at = child;
            }
        }

        (scores[at], rows[at]) = (score, row);
        if (Size == capacity) worst = scores[0];
    }

    private static bool IsWorse(float score, int row, float than, int thanRow) =>
        score < than || (score == than && row > thanRow);
}
