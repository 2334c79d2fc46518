using Recur.Peers;

namespace Recur.Benchmarks.Compare;

/// <summary>All rows of the comparison, in the order of the tables.</summary>
internal static class Rows
{
    /// <summary>The tutorial's model, small and large layers: time steps, sequences, input, hidden, layers.</summary>
    private static readonly (int T, int N, int I, int H, int L)[] LayerShapes =
    [
        (59, 1, 1, 10, 2), (80, 30, 100, 20, 4), (100, 1, 64, 64, 1), (100, 32, 64, 128, 1), (50, 64, 256, 256, 2),
        (35, 20, 650, 650, 2), (100, 64, 512, 512, 1), (25, 16, 1024, 1024, 1), (100, 1, 512, 512, 1),
        (1, 1, 512, 512, 1),
    ];

    /// <summary>Layers that are stepped through a stream: input, hidden, layers.</summary>
    private static readonly (int I, int H, int L)[] StreamShapes =
        [(1, 10, 2), (20, 20, 1), (32, 32, 1), (64, 64, 1), (512, 512, 1)];

    public static IEnumerable<Row> All()
    {
        yield return new SineStepRow();
        yield return new WordModelRow();
        foreach (Cell cell in Cell.All)
            foreach (bool train in (bool[])[true, false])
            {
                foreach ((int t, int n, int i, int h, int l) in LayerShapes)
                    yield return new LayerRow(new LayerCase(cell, t, n, i, h, l), train);
                yield return new LayerRow(new LayerCase(cell, 50, 32, 64, 128, 2) { Bidirectional = true }, train);
                yield return new LayerRow(new LayerCase(cell, 50, 32, 64, 128, 1) { Lengths = Lengths(50, 32) }, train);
                yield return new CellLoopRow(new LayerCase(cell, 100, 1, 20, 20, 1), train);
            }

        foreach (Cell cell in Cell.All)
            foreach ((int i, int h, int l) in StreamShapes)
                yield return new StreamRow(new LayerCase(cell, 1, 1, i, h, l));

        foreach (bool packedBefore in (bool[])[true, false])
            foreach (int h in (int[])[128, 256, 512])
                foreach (int m in (int[])[16, 32, 64, 128, 1024])
                    yield return new GemmRow(m, 4 * h, h, packedBefore);
    }

    /// <summary>Lengths spread evenly over 1..<paramref name="steps"/>, in an order of chance that is always the
    /// same.</summary>
    private static int[] Lengths(int steps, int sequences)
    {
        int[] lengths = [.. Enumerable.Range(0, sequences).Select(i => 1 + i * (steps - 1) / (sequences - 1))];
        new Random(1).Shuffle(lengths);
        return lengths;
    }
}
