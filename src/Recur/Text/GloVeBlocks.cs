using Recur.Kernels;

namespace Recur.Text;

/// <summary>The words dealt out to blocks, so that the rows of a pair of blocks fit into a cache together.</summary>
/// <remarks>Every run of neighbours in the vocabulary, words about equally frequent, is spread over all blocks by
/// chance: each block is a sample of the vocabulary with about the same number of pairs. The rows of a block lie side
/// by side.</remarks>
internal sealed class GloVeBlocks
{
    // Measured on a Zen 4 with 1 MiB of second and 32 MiB of third-level cache: docs/glove.md.
    private const long TileBytes = 4 << 20;
    private const int Fewest = 8, Most = 64, LeastWords = 16;

    public GloVeBlocks(int words, int stride, ulong seed)
    {
        long table = 2L * words * 2 * stride * sizeof(float);
        long wanted = Math.Clamp((table + TileBytes - 1) / TileBytes, Fewest, Most);
        Count = (int)Math.Max(1, Math.Min(wanted, words / LeastWords));
        Rows = new int[words];
        OfWord = new byte[words];
        var random = SplitMix.Seed(seed, 0x9E1);
        int[] starts = new int[Count + 1], order = new int[Count];
        for (int i = 0; i < Count; i++) order[i] = i;
        for (int i = 0; i < words; i++)
        {
            int place = i % Count;
            int other = place + SplitMix.Below((uint)SplitMix.Next(ref random), Count - place);
            (order[place], order[other]) = (order[other], order[place]);
            OfWord[i] = (byte)order[place];
            starts[order[place] + 1]++;
        }

        for (int i = 0; i < Count; i++) starts[i + 1] += starts[i];
        for (int i = 0; i < words; i++) Rows[i] = starts[OfWord[i]]++;
    }

    /// <summary>The number of blocks. It depends on the model's size alone, not on threads: results do, too.</summary>
    public int Count { get; }

    /// <summary>The row of each word in the tables.</summary>
    public int[] Rows { get; }

    /// <summary>The block of each word.</summary>
    public byte[] OfWord { get; }
}
