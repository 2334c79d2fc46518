using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>A weight matrix as the one-row kernels read it: blocks of some vectors of units, in each block one entry
/// after the
/// other in the order [k, gate, vector].</summary>
/// <remarks>
/// All sums of a block stay in registers while k runs, and the block is read once, in sequence. Blocks are as large as
/// eight sums allow (G gates times up to 8, 2, 2 vectors), then smaller powers of two for the rest of the units. Units
/// are
/// padded with zeros to whole vectors. A block that begins at vector v begins at v·lanes·G·K. Steps go through the blocks
/// upwards and downwards by turns: what a step has read last is still in a cache when the next one begins with it.
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

    /// <summary>Vectors of the last block of so many.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int LastVectors(int gates, int count) => Math.Min(count & -count, Largest(gates));

    public static int Padded<T>(int units) where T : unmanaged, ISimd<T> => (units + T.Count - 1) / T.Count * T.Count;

    public static int Length<T>(int gates, int units, int k) where T : unmanaged, ISimd<T> =>
        checked(gates * Padded<T>(units) * k);

    /// <summary>The padded number of units for the vectors in use.</summary>
    public static int Padded(int units)
    {
        int lanes = Isa.Lanes;
        return (units + lanes - 1) / lanes * lanes;
    }

    // packed[block][k, g, v] = w[row of gate g + u, k] for the units u of vector v:  w [G·H, K]
    //   gates  one run for each gate, in the order in which the sums shall stand
    public static void Pack<T>(float* w, ReadOnlySpan<Run> gates, int k, float* packed) where T : unmanaged, ISimd<T>
    {
        fixed (Run* runs = gates)
        {
            int h = runs->Rows;
            var job = new Job<T>
            {
                W = w, Runs = runs, Gates = gates.Length, Units = h, Inner = k, Row = k, Transposed = true, Packed = packed,
            };
            Packing.RunParallel(ref job, (long)gates.Length * h * k, job.Blocks);
        }
    }

    // packed[block][k, g, v] = w[row of gate g + k, u] for the columns u of vector v:  w [G·H, U]
    public static void PackGradient<T>(float* w, ReadOnlySpan<Run> gates, int units, float* packed) where T : unmanaged, ISimd<T>
    {
        fixed (Run* runs = gates)
        {
            int h = runs->Rows;
            var job = new Job<T>
            {
                W = w, Runs = runs, Gates = gates.Length, Units = units, Inner = h, Row = units, Transposed = false, Packed = packed,
            };
            Packing.RunParallel(ref job, (long)gates.Length * h * units, job.Blocks);
        }
    }

    private struct Job<T> : IParallelKernel where T : unmanaged, ISimd<T>
    {
        public float* W, Packed;
        public Run* Runs;
        public int Gates, Units, Inner, Row;
        public bool Transposed;

        /// <summary>Blocks of the largest size; what is left counts as one.</summary>
        public readonly int Blocks => (Padded<T>(Units) / T.Count + Largest(Gates) - 1) / Largest(Gates);

        public readonly void Run(int part, int parts)
        {
            int all = Padded<T>(Units) / T.Count, largest = Largest(Gates);
            int begin = Blocks * part / parts * largest, end = Math.Min(all, Blocks * (part + 1) / parts * largest);
            int rows = Transposed ? Math.Max(1, Inner) : Packing.RowsAtOnce;
            for (int k0 = 0; k0 < Inner; k0 += rows)
                for (int v = begin; v < end; v += Vectors(Gates, end - v))
                    PackBlock(v, Vectors(Gates, end - v) * T.Count, k0, Math.Min(rows, Inner - k0));
        }

        private readonly void PackBlock(int vector, int stored, int k0, int k)
        {
            int u = vector * T.Count, step = Gates * stored, columns = Math.Min(stored, Units - u);
            float* to = Packed + (nint)u * Gates * Inner + (nint)k0 * step;
            for (int g = 0; g < Gates; g++)
            {
                float* w = W + (nint)Runs[g].Row * Row;
                if (Transposed) Packing.PackColumns<T>(k, columns, stored, w + (nint)u * Row, Row, to + g * stored, step);
                else Packing.PackRows<T>(k, columns, stored, w + (nint)k0 * Row + u, Row, to + g * stored, step);
            }
        }
    }
}
