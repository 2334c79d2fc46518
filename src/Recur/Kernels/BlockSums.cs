namespace Recur.Kernels;

/// <summary>A sum over some neighbouring elements of what it points to.</summary>
internal interface IBlockSum
{
    double Of(int begin, int count);
}

/// <summary>Sums over long arrays, in double over blocks whose size depends on the length alone: the same bits for any number of
/// threads, which take whole blocks.</summary>
internal static unsafe class BlockSums
{
    private const int BlockElements = 1 << 16, MostBlocks = 512;

    public static double Run<TSum>(TSum sum, int n) where TSum : unmanaged, IBlockSum
    {
        if (n <= BlockElements) return sum.Of(0, n);
        int block = Math.Max(BlockElements, (n + MostBlocks - 1) / MostBlocks), blocks = (n + block - 1) / block;
        double* sums = stackalloc double[blocks];
        var job = new Job<TSum> { Sum = sum, N = n, Block = block, Blocks = blocks, Sums = sums };
        ThreadTeam.Run(ref job, Math.Min(ThreadTeam.Threads, blocks / 2));
        double total = 0;
        for (int i = 0; i < blocks; i++) total += sums[i];
        return total;
    }

    private struct Job<TSum> : IParallelKernel where TSum : unmanaged, IBlockSum
    {
        public TSum Sum;
        public double* Sums;
        public int N, Block, Blocks;

        public readonly void Run(int part, int parts)
        {
            for (int i = Blocks * part / parts; i < Blocks * (part + 1) / parts; i++)
                Sums[i] = Sum.Of(i * Block, Math.Min(Block, N - i * Block));
        }
    }
}
