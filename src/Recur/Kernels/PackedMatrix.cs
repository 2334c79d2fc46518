using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Recur.Kernels;

/// <summary>A matrix B[K, N] in the order in which <see cref="GemmTile"/> reads it: panels of up to four vectors of
/// columns.</summary>
/// <remarks>
/// Panel p holds columns p·width .. in rows of that width; the last panel is as wide as its columns need, rounded up to
/// whole
/// vectors and filled with zeros. Panel p begins at p·width·K.
/// </remarks>
internal sealed unsafe class PackedMatrix
{
    private readonly AlignedBuffer buffer = new();

    public int K { get; private set; }

    public int N { get; private set; }

    public float* Data { get; private set; }

    /// <summary>Columns of a full panel for the vectors in use.</summary>
    public static int CurrentPanelWidth => Isa.Lanes switch
    {
        16 => PanelWidth<F32x16>(),
        8 => PanelWidth<F32x8>(),
        4 => PanelWidth<F32x4>(),
        _ => PanelWidth<F32x1>(),
    };

    /// <summary>Columns of a full panel for vectors of type <typeparamref name="T"/>.</summary>
    public static int PanelWidth<T>() where T : unmanaged, ISimd<T> => T.Count switch
    {
        16 => 64, // 6 x 4 vectors fill the 32 registers of AVX-512
        8 => 16,  // 6 x 2 vectors fill the 16 registers of AVX2
        4 => 16,  // 6 x 4 vectors fill the 32 registers of Arm64
        _ => 4,
    };

    /// <summary>Whether matrices of n columns each are better packed one by one, each padded to whole vectors, than
    /// side by side.</summary>
    public static bool IsWorthPadding(int n) => n >= 8 * Isa.Lanes || n % CurrentPanelWidth == 0;

    /// <summary>The number of floats a packed [k, n] matrix takes.</summary>
    public static int Length<T>(int k, int n) where T : unmanaged, ISimd<T> => k * ((n + T.Count - 1) / T.Count * T.Count);

    /// <summary>Whether n columns in rows so far apart lie as a packed matrix of one panel does. Whole rows are read, the last one too;
    /// what stands behind the columns may be anything, as it meets only columns that nobody keeps.</summary>
    public static bool IsOnePanel<T>(int n, nint row) where T : unmanaged, ISimd<T> => n <= PanelWidth<T>() && row == Length<T>(1, n);

    /// <summary>Packs b, which is [k, n] with row stride <paramref name="bRow"/>, or [n, k] when
    /// <paramref name="transposed"/>.</summary>
    public void Pack(int k, int n, float* b, int bRow, bool transposed)
    {
        K = k;
        N = n;
        var job = new PackJob { K = k, N = n, B = b, BRow = bRow, Transposed = transposed, Buffer = buffer };
        Isa.Run(ref job);
        Data = job.Packed;
    }

    private ref struct PackJob : ISimdKernel
    {
        public int K, N, BRow;
        public float* B, Packed;
        public bool Transposed;
        public AlignedBuffer Buffer;

        public void Run<T>() where T : unmanaged, ISimd<T>
        {
            Packed = Buffer.Require(Length<T>(K, N));
            Packing.Pack<T>(K, N, B, BRow, Transposed, Packed);
        }
    }
}

/// <summary>Copies of matrices in the order in which the tiles read them.</summary>
internal static unsafe class Packing
{
    /// <summary>Rows that are copied for all panels before the next ones: they stay in the second-level
    /// cache.</summary>
    public const int RowsAtOnce = 16;

    /// <summary>Below this many floats waking the team costs more than the copy.</summary>
    private const int ParallelFrom = 1 << 15;

    public static void Pack<T>(int k, int n, float* b, nint bRow, bool transposed, float* packed) where T : unmanaged, ISimd<T>
    {
        var job = new Job<T> { AllK = k, K = k, N = n, B = b, BRow = bRow, Transposed = transposed, Packed = packed };
        RunParallel(ref job, (long)k * n, (n + PackedMatrix.PanelWidth<T>() - 1) / PackedMatrix.PanelWidth<T>());
    }

    /// <summary>Packs the rows first..first+count of a matrix [k, n]; without <paramref name="b"/> they are
    /// zeros.</summary>
    public static void PackPart<T>(int k, int n, int first, int count, float* b, nint bRow, float* packed) where T : unmanaged, ISimd<T>
    {
        var job = new Job<T> { AllK = k, First = first, K = count, N = n, B = b, BRow = bRow, Packed = packed };
        RunParallel(ref job, (long)count * n, (n + PackedMatrix.PanelWidth<T>() - 1) / PackedMatrix.PanelWidth<T>());
    }

    /// <summary>Splits a copy of so many floats over the team, into at most <paramref name="parts"/> parts.</summary>
    public static void RunParallel<TJob>(ref TJob job, long floats, int parts) where TJob : unmanaged, IParallelKernel =>
        ThreadTeam.Run(ref job, floats < ParallelFrom ? 1 : Math.Min(ThreadTeam.Threads, parts));

    private struct Job<T> : IParallelKernel where T : unmanaged, ISimd<T>
    {
        public int AllK, First, K, N;
        public nint BRow;
        public float* B, Packed;
        public bool Transposed;

        public readonly void Run(int part, int parts)
        {
            int width = PackedMatrix.PanelWidth<T>();
            int panels = (N + width - 1) / width, begin = panels * part / parts, end = panels * (part + 1) / parts;
            // Rows are read in sequence: some of them by all panels before the next ones.
            int step = Transposed ? Math.Max(1, K) : RowsAtOnce;
            for (int k0 = 0; k0 < K; k0 += step)
            {
                int k = Math.Min(step, K - k0);
                for (int p = begin; p < end; p++)
                {
                    int columns = Math.Min(width, N - p * width);
                    int stored = (columns + T.Count - 1) / T.Count * T.Count;
                    float* destination = Packed + (nint)p * width * AllK + (nint)(First + k0) * stored;
                    if (B == null) new Span<float>(destination, k * stored).Clear();
                    else if (Transposed) PackColumns<T>(k, columns, stored, B + p * width * BRow, BRow, destination, stored);
                    else PackRows<T>(k, columns, stored, B + k0 * BRow + p * width, BRow, destination, stored);
                }
            }
        }
    }

    // destination[i, 0..stored) = b[i, 0..columns), zeros behind: b [K, columns] with row stride bRow; rows of the
    // destination
    // are `step` apart.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackRows<T>(int k, int columns, int stored, float* b, nint bRow, float* destination, nint step)
        where T : unmanaged, ISimd<T>
    {
        int whole = columns / T.Count * T.Count;
        for (int i = 0; i < k; i++)
        {
            for (int j = 0; j < whole; j += T.Count) T.Load(b + j).Store(destination + j);
            if (whole < stored) T.LoadPartial(b + whole, columns - whole).Store(destination + whole);
            b += bRow;
            destination += step;
        }
    }

    // destination[i, j] = b[j, i], zeros behind: b [columns, K] with row stride bRow. Squares as wide as a vector are
    // turned in registers, so that whole cache lines are read and written; what is left in blocks of 4 x 4.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackColumns<T>(int k, int columns, int stored, float* b, nint bRow, float* destination, nint step)
        where T : unmanaged, ISimd<T>
    {
        if (columns < stored)
        {
            for (int i = 0; i < k; i++) T.Zero.Store(destination + i * step + stored - T.Count);
        }

        int j = 0;
        for (; j + T.Count <= columns && (T.Count == 16 || T.Count == 8); j += T.Count)
        {
            float* source = b + j * bRow;
            float* d = destination + j;
            int i = 0;
            for (; i + T.Count <= k; i += T.Count)
            {
                if (T.Count == 16) Squares.Turn16(source + i, bRow, d + i * step, step);
                else Squares.Turn8(source + i, bRow, d + i * step, step);
            }

            TurnRest(i, k, T.Count, source, bRow, d, step);
        }

        TurnRest(0, k, columns - j, b + j * bRow, bRow, destination + j, step);
    }

    // The same from column i of so many rows on, in blocks of 4 x 4 and then one by one.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TurnRest(int first, int k, int columns, float* b, nint bRow, float* destination, nint step)
    {
        int j = 0;
        for (; j + 4 <= columns && Squares.Has4; j += 4)
        {
            float* source = b + j * bRow;
            float* d = destination + j;
            int i = first;
            for (; i + 4 <= k; i += 4) Squares.Turn4(source + i, bRow, d + i * step, step);
            for (; i < k; i++)
                for (int c = 0; c < 4; c++) d[i * step + c] = source[c * bRow + i];
        }

        for (; j < columns; j++)
            for (int i = first; i < k; i++) destination[i * step + j] = b[j * bRow + i];
    }

    // packed[tile][i, r] = a[i, 6·tile + r]: a [K, M] as the transposed operand, tiles of six rows [K, 6] one behind another;
    // sums[m] += Σ a[i, m] as they pass by, unless null.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackTransposedA(int k, int rows, float* a, nint aStep, float* packed, float* sums)
    {
        for (int k0 = 0; k0 < k; k0 += RowsAtOnce)
        {
            int steps = Math.Min(RowsAtOnce, k - k0);
            for (int r = 0; r < rows; r += GemmTile.MaxRows)
            {
                float* from = a + k0 * aStep + r, to = packed + (nint)r * k + k0 * GemmTile.MaxRows;
                float* sum = sums == null ? null : sums + r;
                if (r + 8 <= rows && Avx.IsSupported) PackTile8(steps, from, aStep, to, sum);
                else if (r + GemmTile.MaxRows <= rows) PackTile(steps, from, aStep, to, sum);
                else PackLastTile(steps, rows - r, from, aStep, to, sum);
            }
        }
    }

    // Eight floats are read and written, of which the last two belong to the next tile, and their place to the next step.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PackTile8(int steps, float* from, nint aStep, float* to, float* sums)
    {
        Vector256<float> sum = Vector256<float>.Zero;
        for (int i = 1; i < steps; i++)
        {
            Sse.Prefetch0(from + RowsAtOnce * aStep);
            Vector256<float> six = Vector256.Load(from);
            six.Store(to);
            sum += six;
            from += aStep;
            to += GemmTile.MaxRows;
        }

        Sse.Prefetch0(from + RowsAtOnce * aStep);
        Vector256<float> last = Vector256.Load(from);
        StoreSix(last.GetLower(), last.GetUpper(), to);
        if (sums == null) return;
        sum += last;
        StoreSix(sum.GetLower() + Vector128.Load(sums), sum.GetUpper() + LoadTwo(sums + 4), sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PackTile(int steps, float* from, nint aStep, float* to, float* sums)
    {
        Vector128<float> sum = Vector128<float>.Zero, sumOfTwo = sum;
        for (int i = 0; i < steps; i++)
        {
            if (Sse.IsSupported) Sse.Prefetch0(from + RowsAtOnce * aStep);
            Vector128<float> four = Vector128.Load(from), two = LoadTwo(from + 4);
            StoreSix(four, two, to);
            sum += four;
            sumOfTwo += two;
            from += aStep;
            to += GemmTile.MaxRows;
        }

        if (sums != null) StoreSix(sum + Vector128.Load(sums), sumOfTwo + LoadTwo(sums + 4), sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> LoadTwo(float* p) => Vector128.CreateScalarUnsafe(*(double*)p).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreSix(Vector128<float> four, Vector128<float> two, float* to)
    {
        four.Store(to);
        *(double*)(to + 4) = two.AsDouble().ToScalar();
    }

    private static void PackLastTile(int steps, int count, float* from, nint aStep, float* to, float* sums)
    {
        for (int j = 0; j < count; j++)
        {
            float sum = 0f;
            for (int i = 0; i < steps; i++) sum += to[i * GemmTile.MaxRows + j] = from[i * aStep + j];
            if (sums != null) sums[j] += sum;
        }
    }
}
