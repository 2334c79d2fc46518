namespace Recur.Text;

/// <summary>A binary tree of the words in which frequent words have short paths: hierarchical softmax decides a word by
/// the turns on its path.</summary>
/// <remarks>D. Huffman 1952, with the two queues of J. van Leeuwen 1976: the words by rising count, and the inner nodes,
/// whose counts rise as they are made. A word that never occurs counts as one that occurs once.</remarks>
internal sealed class HuffmanTree
{
    private HuffmanTree(int[] starts, int[] paths) => (Starts, Paths) = (starts, paths);

    /// <summary>[V + 1] where the path of a word begins, and behind its end.</summary>
    public int[] Starts { get; }

    /// <summary>The paths from the root, one behind another: inner node · 2 + turn. Inner nodes are 0 to V - 2, the root is
    /// the last.</summary>
    public int[] Paths { get; }

    /// <summary>Builds the tree.</summary>
    /// <param name="counts">Of every word, in any order; at most 2^29 words, whose counts add up to less than
    /// 2^63.</param>
    public static HuffmanTree Build(ReadOnlySpan<long> counts)
    {
        int n = counts.Length;
        int[] order = new int[n]; // leaves by rising count; of the same count, the later word first
        long[] rising = new long[n];
        for (int i = 0; i < n; i++)
        {
            order[i] = n - 1 - i;
            rising[i] = Math.Max(1, counts[n - 1 - i]);
        }

        if (!IsRising(rising)) SortStable(rising, order);

        // parents[k]: parent · 2 + turn, of leaf k of the order, then of the inner nodes
        int[] parents = new int[Math.Max(1, 2 * n - 1)];
        long[] sums = new long[Math.Max(1, n - 1)];
        int leaf = 0, inner = 0;
        for (int made = 0; made < n - 1; made++)
        {
            for (int turn = 0; turn < 2; turn++)
            {
                bool takeLeaf = leaf < n && (inner == made || rising[leaf] <= sums[inner]);
                sums[made] += takeLeaf ? rising[leaf] : sums[inner];
                parents[takeLeaf ? leaf++ : n + inner++] = made * 2 + turn;
            }
        }

        return Collect(n, order, parents);
    }

    private static HuffmanTree Collect(int n, int[] order, int[] parents)
    {
        int root = 2 * n - 2;
        int[] depths = new int[parents.Length];
        for (int k = root - 1; k >= 0; k--) depths[k] = depths[n + (parents[k] >> 1)] + 1;
        int[] starts = new int[n + 1];
        for (int k = 0; k < n; k++) starts[order[k] + 1] = depths[k];
        for (int i = 0; i < n; i++) starts[i + 1] = checked(starts[i] + starts[i + 1]);
        int[] paths = GC.AllocateUninitializedArray<int>(Math.Max(1, starts[n]), pinned: true);
        for (int k = 0; k < n; k++)
        {
            int to = starts[order[k] + 1];
            for (int node = k; node != root; node = n + (parents[node] >> 1)) paths[--to] = parents[node];
        }

        int[] pinned = GC.AllocateUninitializedArray<int>(n + 1, pinned: true);
        starts.CopyTo(pinned, 0);
        return new HuffmanTree(pinned, paths);
    }

    private static bool IsRising(long[] values)
    {
        for (int i = 1; i < values.Length; i++)
            if (values[i] < values[i - 1]) return false;
        return true;
    }

    private static void SortStable(long[] keys, int[] order)
    {
        // order falls, so that of the same count the later word comes first whatever the sort does
        var pairs = new (long Key, int Word)[keys.Length];
        for (int i = 0; i < keys.Length; i++) pairs[i] = (keys[i], -order[i]);
        Array.Sort(pairs);
        for (int i = 0; i < keys.Length; i++) (keys[i], order[i]) = (pairs[i].Key, -pairs[i].Word);
    }
}
