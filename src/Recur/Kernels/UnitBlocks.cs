using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>A weight matrix as the one-row kernels read it: blocks of some vectors of units, in each block one entry after the
/// other in the order [k, gate, vector].</summary>
/// <remarks>
/// All sums of a block stay in registers while k runs, and the block is read once, in sequence. Blocks are as large as
/// eight sums allow (G gates times up to 8, 2, 2 vectors), then smaller powers of two for the rest of the units. Units are
/// padded with zeros to whole vectors. A block that begins at vector v begins at v·lanes·G·K.
/// </remarks>
internal static unsafe class UnitBlocks
{
    /// <summary>Sums that a kernel holds at a time: enough to hide the latency of the multiply-adds.</summary>
    public const int Sums = 8;

    /// <summary>The most vectors of units in a block.</summary>
    public static int Largest(int gates) => gates == 1 ? Sums : Sums / 4;

    /// <summary>Vectors of the block that begins when <paramref name="left"/> are left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Vectors(int gates, int left)
    {
        int vectors = Largest(gates);
        while (vectors > left) vectors >>= 1;
        return vectors;
    }

    public static int Padded<T>(int units) where T : unmanaged, ISimd<T> => (units + T.Count - 1) / T.Count * T.Count;

    public static int Length<T>(int gates, int units, int k) where T : unmanaged, ISimd<T> =>
        checked(gates * Padded<T>(units) * k);

    /// <summary>The padded number of units for the vectors in use.</summary>
    public static int Padded(int units)
    {
        int lanes = Isa.Lanes;
        return (units + lanes - 1) / lanes * lanes;
    }

    // packed[block][k, g, v] = w[g·H + u, k] for the units u of vector v:  w [G·H, K]
    public static void Pack<T>(float* w, int gates, int h, int k, float* packed) where T : unmanaged, ISimd<T>
    {
        var job = new Job<T> { W = w, Gates = gates, Units = h, Inner = k, Row = k, Transposed = true, Packed = packed };
        Packing.RunParallel(ref job, (long)gates * h * k, job.Blocks);
    }

    // packed[block][k, g, v] = w[g·H + k, u] for the columns u of vector v:  w [G·H, U]
    public static void PackGradient<T>(float* w, int gates, int h, int units, float* packed) where T : unmanaged, ISimd<T>
    {
        var job = new Job<T> { W = w, Gates = gates, Units = units, Inner = h, Row = units, Transposed = false, Packed = packed };
        Packing.RunParallel(ref job, (long)gates * h * units, job.Blocks);
    }

    private struct Job<T> : IParallelKernel where T : unmanaged, ISimd<T>
    {
        public float* W, Packed;
        public int Gates, Units, Inner, Row;
        public bool Transposed;

        /// <summary>Blocks of the largest size; what is left counts as one.</summary>
        public readonly int Blocks => (Padded<T>(Units) / T.Count + Largest(Gates) - 1) / Largest(Gates);

        public readonly void Run(int part, int parts)
        {
            int all = Padded<T>(Units) / T.Count, largest = Largest(Gates);
            int end = Math.Min(all, Blocks * (part + 1) / parts * largest);
            for (int v = Blocks * part / parts * largest; v < end; v += Vectors(Gates, end - v))
            {
                int stored = Vectors(Gates, end - v) * T.Count, u = v * T.Count, step = Gates * stored;
                int columns = Math.Min(stored, Units - u);
                float* to = Packed + (nint)u * Gates * Inner;
                for (int g = 0; g < Gates; g++)
                {
                    if (Transposed)
                        Packing.PackColumns<T>(Inner, columns, stored, W + ((nint)g * Units + u) * Row, Row, to + g * stored, step);
                    else
                        Packing.PackRows<T>(Inner, columns, stored, W + (nint)g * Inner * Row + u, Row, to + g * stored, step);
                }
            }
        }
    }
}
