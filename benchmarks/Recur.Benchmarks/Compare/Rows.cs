namespace Recur.Benchmarks.Compare;

/// <summary>All rows of the comparison, in the order of the tables.</summary>
internal static class Rows
{
    public static IEnumerable<Row> All()
    {
        foreach (bool packedBefore in (bool[])[true, false])
            foreach (int h in (int[])[128, 256, 512])
                foreach (int m in (int[])[16, 32, 64, 128, 1024])
                    yield return new GemmRow(m, 4 * h, h, packedBefore);
    }
}
