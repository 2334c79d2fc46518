using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Recur.Kernels;

/// <summary>Products of one row with a weight matrix as it lies in memory, for weights that are used once: packing them
/// would read
/// and write the whole matrix.</summary>
/// <remarks>Every element is summed in the order of <see cref="Gemm"/>, so the results are the same bits.</remarks>
internal static unsafe class FewRows
{
    private const long ParallelFloats = 1 << 17; // of the matrix for each thread: 10 us
    private const int RowsAtOnce = 16;           // two chains of multiply-adds that do not wait for each other
    private const int RowGrain = 8;

    /// <summary>Floats that stay in the first-level cache, in whatever order they are read.</summary>
    public const int SmallMatrix = 1 << 13;

    // y[n] = add[n] + Σ_k x[k] w[n, k]:  x [K], w [N, K], add [N] (null for zeros) in;  y [N] out; may be add
    public static void Product(int n, int k, float* x, float* w, float* add, float* y)
    {
        var job = new ProductJob { N = n, K = k, X = x, W = w, Add = add, Y = y };
        ThreadTeam.Run(ref job, Parts((long)n * k, n / RowsAtOnce));
    }

    // y[k] += Σ_n x[n] w[n, k]:  x [N], w [N, K] in;  y [K] in/out
    public static void AddGradient(int n, int k, float* x, float* w, float* y)
    {
        var job = new GradientJob { N = n, K = k, X = x, W = w, Y = y };
        ThreadTeam.Run(ref job, Parts((long)n * k, k / (2 * Columns)));
    }

    // w[n, k] = a[n] x[k], or += when accumulate:  a [N], x [K] in;  w [N, K] out or in/out
    public static void Outer(int n, int k, float* a, float* x, float* w, bool accumulate)
    {
        var job = new OuterJob { N = n, K = k, A = a, X = x, W = w, Accumulate = accumulate };
        ThreadTeam.Run(ref job, Parts((long)n * k, n));
    }

    private static int Parts(long floats, int most) =>
        (int)Math.Max(1, Math.Min(Math.Min(ThreadTeam.Threads, floats / ParallelFloats), most));

    private static bool HasVector256 =>
        Avx2.IsSupported && Fma.IsSupported && Isa.Current >= IsaLevel.Vector256;

    private struct ProductJob : IParallelKernel
    {
        public int N, K;
        public float* X, W, Add, Y;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run(int part, int parts)
        {
            int grains = (N + RowGrain - 1) / RowGrain;
            int n = grains * part / parts * RowGrain, end = Math.Min(N, grains * (part + 1) / parts * RowGrain);
            int kStep = Gemm.BlockOfK(K);
            for (; HasVector256 && n + RowsAtOnce <= end; n += RowsAtOnce)
            {
                Vector256<float> y0 = Add == null ? default : Vector256.Load(Add + n);
                Vector256<float> y1 = Add == null ? default : Vector256.Load(Add + n + 8);
                for (int k0 = 0; k0 < K; k0 += kStep)
                {
                    Vector256<float> s0 = default, s1 = default;
                    int stop = Math.Min(K, k0 + kStep), k = k0;
                    float* w0 = W + (nint)n * K, w1 = w0 + (nint)8 * K;
                    for (; k + 8 <= stop; k += 8)
                    {
                        s0 = AddBlock(X + k, w0 + k, K, s0);
                        s1 = AddBlock(X + k, w1 + k, K, s1);
                    }

                    for (; k < stop; k++)
                    {
                        Vector256<float> x = Vector256.Create(X[k]);
                        s0 = Fma.MultiplyAdd(x, Column(w0 + k, K), s0);
                        s1 = Fma.MultiplyAdd(x, Column(w1 + k, K), s1);
                    }

                    y0 = k0 == 0 && Add == null ? s0 : y0 + s0;
                    y1 = k0 == 0 && Add == null ? s1 : y1 + s1;
                }

                y0.Store(Y + n);
                y1.Store(Y + n + 8);
            }

            for (; n < end; n++)
            {
                float y = Add == null ? 0f : Add[n];
                for (int k0 = 0; k0 < K; k0 += kStep)
                {
                    var s = F32x1.Zero;
                    float* w = W + (nint)n * K;
                    for (int k = k0; k < Math.Min(K, k0 + kStep); k++) s = F32x1.Fma(F32x1.Load(X + k), F32x1.Load(w + k), s);
                    y = k0 == 0 && Add == null ? s.Sum() : y + s.Sum();
                }

                Y[n] = y;
            }
        }

        private static Vector256<float> Column(float* w, nint row) => Vector256.Create(
            w[0], w[row], w[2 * row], w[3 * row], w[4 * row], w[5 * row], w[6 * row], w[7 * row]);

        // s[j] += x[i] w[j, i] for i = 0..7 in order; the block of 8 rows is turned in registers, by halves, pairs and
        // quarters.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<float> AddBlock(float* x, float* w, nint row, Vector256<float> s)
        {
            float* v = w + 4 * row;
            Vector256<float> a0 = Halves(w, v), a1 = Halves(w + row, v + row);
            Vector256<float> a2 = Halves(w + 2 * row, v + 2 * row), a3 = Halves(w + 3 * row, v + 3 * row);
            Vector256<float> b0 = Avx.UnpackLow(a0, a1), b1 = Avx.UnpackHigh(a0, a1);
            Vector256<float> b2 = Avx.UnpackLow(a2, a3), b3 = Avx.UnpackHigh(a2, a3);
            s = Fma.MultiplyAdd(Vector256.Create(x[0]), Avx.Shuffle(b0, b2, 0x44), s);
            s = Fma.MultiplyAdd(Vector256.Create(x[1]), Avx.Shuffle(b0, b2, 0xEE), s);
            s = Fma.MultiplyAdd(Vector256.Create(x[2]), Avx.Shuffle(b1, b3, 0x44), s);
            s = Fma.MultiplyAdd(Vector256.Create(x[3]), Avx.Shuffle(b1, b3, 0xEE), s);
            a0 = Halves(w + 4, v + 4);
            a1 = Halves(w + row + 4, v + row + 4);
            a2 = Halves(w + 2 * row + 4, v + 2 * row + 4);
            a3 = Halves(w + 3 * row + 4, v + 3 * row + 4);
            b0 = Avx.UnpackLow(a0, a1);
            b1 = Avx.UnpackHigh(a0, a1);
            b2 = Avx.UnpackLow(a2, a3);
            b3 = Avx.UnpackHigh(a2, a3);
            s = Fma.MultiplyAdd(Vector256.Create(x[4]), Avx.Shuffle(b0, b2, 0x44), s);
            s = Fma.MultiplyAdd(Vector256.Create(x[5]), Avx.Shuffle(b0, b2, 0xEE), s);
            s = Fma.MultiplyAdd(Vector256.Create(x[6]), Avx.Shuffle(b1, b3, 0x44), s);
            return Fma.MultiplyAdd(Vector256.Create(x[7]), Avx.Shuffle(b1, b3, 0xEE), s);
        }

        // Four columns of a row in the lower half, those of the row four below in the upper.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<float> Halves(float* low, float* high) =>
            Avx.InsertVector128(Vector128.Load(low).ToVector256Unsafe(), Vector128.Load(high), 1);
    }

    /// <summary>Columns that a thread takes at a time: one line of every row.</summary>
    private const int Columns = 16;

    private struct GradientJob : IParallelKernel, ISimdKernel
    {
        public int N, K;
        public float* X, W, Y;
        private int begin, end;

        public readonly void Run(int part, int parts)
        {
            int lines = (K + Columns - 1) / Columns;
            GradientJob own = this;
            own.begin = lines * part / parts * Columns;
            own.end = Math.Min(K, lines * (part + 1) / parts * Columns);
            if (own.begin < own.end) Isa.Run(ref own);
        }

        public readonly void Run<T>() where T : unmanaged, ISimd<T>
        {
            if (N * (long)K <= SmallMatrix) AddByColumns<T>();
            else AddByRows<T>();
        }

        // Two vectors of columns over all rows: the sums stay in registers.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void AddByColumns<T>() where T : unmanaged, ISimd<T>
        {
            int nStep = Gemm.BlockOfK(N);
            for (int n0 = 0; n0 < N; n0 += nStep)
            {
                int rows = Math.Min(nStep, N - n0), c = begin;
                float* x = X + n0, w = W + (nint)n0 * K;
                for (; c + T.Count <= end; c += 2 * T.Count)
                {
                    int second = Math.Min(T.Count, end - c - T.Count);
                    T s0 = T.Zero, s1 = T.Zero;
                    float* row = w + c;
                    for (int n = 0; n < rows; n++)
                    {
                        T value = T.Create(x[n]);
                        s0 = T.Fma(value, T.Load(row), s0);
                        s1 = T.Fma(value, T.LoadPartial(row + T.Count, second), s1);
                        row += K;
                    }

                    (T.Load(Y + c) + s0).Store(Y + c);
                    (T.LoadPartial(Y + c + T.Count, second) + s1).StorePartial(Y + c + T.Count, second);
                }

                if (c >= end) continue;
                T s = T.Zero;
                for (int n = 0; n < rows; n++) s = T.Fma(T.Create(x[n]), T.LoadPartial(w + (nint)n * K + c, end - c), s);
                (T.LoadPartial(Y + c, end - c) + s).StorePartial(Y + c, end - c);
            }
        }

        // Four rows a turn over a sum that stays in the first-level cache: rows are read in sequence.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void AddByRows<T>() where T : unmanaged, ISimd<T>
        {
            int columns = end - begin, whole = columns / T.Count * T.Count, rest = columns - whole, nStep = Gemm.BlockOfK(N);
            float* sums = Workspace.Require(WorkspaceSlot.StepSums, columns + T.Count);
            for (int n0 = 0; n0 < N; n0 += nStep)
            {
                new Span<float>(sums, columns + T.Count).Clear();
                int n = n0, stop = Math.Min(N, n0 + nStep);
                for (; n + 4 <= stop; n += 4)
                {
                    float* w0 = W + (nint)n * K + begin, w1 = w0 + K, w2 = w1 + K, w3 = w2 + K;
                    T x0 = T.Create(X[n]), x1 = T.Create(X[n + 1]), x2 = T.Create(X[n + 2]), x3 = T.Create(X[n + 3]);
                    int c = 0;
                    for (; c < whole; c += T.Count)
                    {
                        T s = T.Fma(x1, T.Load(w1 + c), T.Fma(x0, T.Load(w0 + c), T.Load(sums + c)));
                        T.Fma(x3, T.Load(w3 + c), T.Fma(x2, T.Load(w2 + c), s)).Store(sums + c);
                    }

                    if (rest > 0)
                    {
                        T s = T.Fma(x1, T.LoadPartial(w1 + c, rest), T.Fma(x0, T.LoadPartial(w0 + c, rest), T.Load(sums + c)));
                        T.Fma(x3, T.LoadPartial(w3 + c, rest), T.Fma(x2, T.LoadPartial(w2 + c, rest), s)).Store(sums + c);
                    }
                }

                for (; n < stop; n++)
                {
                    float* w = W + (nint)n * K + begin;
                    T x = T.Create(X[n]);
                    int c = 0;
                    for (; c < whole; c += T.Count) T.Fma(x, T.Load(w + c), T.Load(sums + c)).Store(sums + c);
                    if (rest > 0) T.Fma(x, T.LoadPartial(w + c, rest), T.Load(sums + c)).Store(sums + c);
                }

                float* y = Y + begin;
                for (int c = 0; c < whole; c += T.Count) (T.Load(y + c) + T.Load(sums + c)).Store(y + c);
                if (rest > 0) (T.LoadPartial(y + whole, rest) + T.Load(sums + whole)).StorePartial(y + whole, rest);
            }
        }
    }

    private struct OuterJob : IParallelKernel, ISimdKernel
    {
        public int N, K;
        public float* A, X, W;
        public bool Accumulate;
        private int begin, end;

        public readonly void Run(int part, int parts)
        {
            OuterJob own = this;
            own.begin = (int)((long)N * part / parts);
            own.end = (int)((long)N * (part + 1) / parts);
            Isa.Run(ref own);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run<T>() where T : unmanaged, ISimd<T>
        {
            float* x = X, w = W + (nint)begin * K, a = A; // locals: a store to w must not reload them
            int k = K, stop = end;
            bool adds = Accumulate;
            for (int n = begin; n < stop; n++)
            {
                int c = Row<T>(adds, a[n], x, k, w, 0);
                if (T.Count > 4 && c < k) c = Row<F32x4>(adds, a[n], x, k, w, c); // without masks
                if (c < k) Row<F32x1>(adds, a[n], x, k, w, c);
                w += k;
            }
        }

        // From column c on, as many whole vectors as there are; returns where they end.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static int Row<T>(bool adds, float factor, float* x, int k, float* w, int c) where T : unmanaged, ISimd<T>
        {
            T a = T.Create(factor);
            if (adds)
            {
                for (; c + T.Count <= k; c += T.Count) (T.Load(w + c) + a * T.Load(x + c)).Store(w + c);
            }
            else
            {
                for (; c + T.Count <= k; c += T.Count) (a * T.Load(x + c)).Store(w + c);
            }

            return c;
        }
    }
}
