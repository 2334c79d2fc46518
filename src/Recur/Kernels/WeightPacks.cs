using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>The order in which a kernel reads a weight matrix W [G·H, K].</summary>
internal enum PackForm
{
    /// <summary>x·Wᵀ for many rows: each run of rows of W as a <see cref="PackedMatrix"/> [K, rows].</summary>
    Product,

    /// <summary>da·W for many rows: each run of rows of W as a <see cref="PackedMatrix"/> [rows, K].</summary>
    Gradient,

    /// <summary>x·Wᵀ for one row: <see cref="UnitBlocks"/> of the H units.</summary>
    Blocks,

    /// <summary>da·W for one row: <see cref="UnitBlocks"/> of the K columns.</summary>
    BlockGradient,
}

/// <summary>Packed copies of one weight matrix, kept as long as the matrix does not change.</summary>
/// <remarks>Packing reads and writes the whole matrix: as much as a product with some ten rows. A copy is made under a
/// lock and
/// then only read, so several threads may run a frozen model side by side.</remarks>
internal sealed unsafe class WeightPacks
{
    private sealed class Copy
    {
        public readonly AlignedBuffer Buffer = new();
        public int Key, Version;
        public IsaLevel Isa;
        public float* Start;
        public volatile bool Ready;
    }

    private readonly Lock packing = new();
    private volatile Copy[] copies = [];
    private int lastVersion = -1;

    /// <summary>Whether the matrix has been asked about in this version before: a second use is worth a copy.</summary>
    public bool IsSeenAgain(int version)
    {
        bool again = lastVersion == version;
        lastVersion = version;
        return again;
    }

    /// <summary>The matrix in the given order.</summary>
    /// <param name="form">The order.</param>
    /// <param name="weight">W [G·H, K].</param>
    /// <param name="version">Its version: a copy of another one is made anew.</param>
    /// <param name="k">K.</param>
    /// <param name="runs">The runs of its rows; for blocks one for each gate, in the order in which its sums shall
    /// stand.</param>
    public float* Get(PackForm form, ReadOnlySpan<float> weight, int version, int k, ReadOnlySpan<Run> runs)
    {
        int key = (int)form + 4 * runs.Length;
        foreach (Copy copy in copies)
            if (copy.Key == key && copy.Ready && copy.Version == version && copy.Isa == Isa.Current) return copy.Start;
        return Make(key, form, weight, version, k, runs);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private float* Make(
        int key, PackForm form, ReadOnlySpan<float> weight, int version, int k, ReadOnlySpan<Run> runs)
    {
        lock (packing)
        {
            Copy? copy = null;
            foreach (Copy other in copies)
                if (other.Key == key) copy = other;
            if (copy is null) copies = [.. copies, copy = new Copy { Key = key }];
            if (copy.Ready && copy.Version == version && copy.Isa == Isa.Current) return copy.Start;
            copy.Ready = false;
            copy.Start = Pack(copy.Buffer, form, weight, k, runs);
            copy.Version = version;
            copy.Isa = Isa.Current;
            copy.Ready = true;
            return copy.Start;
        }
    }

    /// <summary>Packs a matrix into a buffer of the caller's.</summary>
    public static float* Pack(
        AlignedBuffer buffer, PackForm form, ReadOnlySpan<float> weight, int k, ReadOnlySpan<Run> runs)
    {
        fixed (float* w = weight)
        {
            var job = new Job { Buffer = buffer, Form = form, Weight = w, K = k, Runs = runs };
            Isa.Run(ref job);
            return job.Start;
        }
    }

    private ref struct Job : ISimdKernel
    {
        public AlignedBuffer Buffer;
        public PackForm Form;
        public float* Weight, Start;
        public int K;
        public ReadOnlySpan<Run> Runs;

        public void Run<T>() where T : unmanaged, ISimd<T>
        {
            switch (Form)
            {
                case PackForm.Product:
                    Start = Buffer.Require(LengthOf<T>(Runs, K, transposed: true));
                    PackRuns<T>(transposed: true);
                    break;
                case PackForm.Gradient:
                    Start = Buffer.Require(LengthOf<T>(Runs, K, transposed: false));
                    PackRuns<T>(transposed: false);
                    break;
                case PackForm.Blocks:
                    Start = Buffer.Require(UnitBlocks.Length<T>(Runs.Length, Runs[0].Rows, K));
                    UnitBlocks.Pack<T>(Weight, Runs, K, Start);
                    break;
                default:
                    Start = Buffer.Require(UnitBlocks.Length<T>(Runs.Length, K, Runs[0].Rows));
                    UnitBlocks.PackGradient<T>(Weight, Runs, K, Start);
                    break;
            }
        }

        private readonly void PackRuns<T>(bool transposed) where T : unmanaged, ISimd<T>
        {
            float* to = Start;
            foreach (Run run in Runs)
            {
                (int k, int n) = transposed ? (K, run.Rows) : (run.Rows, K);
                Packing.Pack<T>(k, n, Weight + (nint)run.Row * K, K, transposed, to);
                to += PackedMatrix.Length<T>(k, n);
            }
        }
    }

    /// <summary>Floats that the runs take together.</summary>
    public static int LengthOf<T>(ReadOnlySpan<Run> runs, int k, bool transposed) where T : unmanaged, ISimd<T>
    {
        int length = 0;
        foreach (Run run in runs)
            length += transposed ? PackedMatrix.Length<T>(k, run.Rows) : PackedMatrix.Length<T>(run.Rows, k);
        return length;
    }
}
