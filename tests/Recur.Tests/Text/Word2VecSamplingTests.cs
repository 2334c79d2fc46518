using System.Text.Json;
using Recur.Kernels;
using Recur.Text;

namespace Recur.Tests.Text;

public sealed unsafe class Word2VecSamplingTests
{
    private const int Draws = 400_000;

    [Theory]
    [InlineData(0.75)]
    [InlineData(1.0)]
    [InlineData(0.0)]
    [InlineData(-0.5)]
    public void Negatives_AnyExponent_AreDrawnInProportion(double exponent)
    {
        long[] counts = [100_000, 30_000, 0, 5_000, 400, 400, 12, 1];
        ulong[] table = Word2VecSampling.Negatives(counts, exponent);
        int[] drawn = new int[counts.Length];
        ulong random = 1;
        fixed (ulong* t = table)
            for (int i = 0; i < Draws; i++) drawn[AliasTable.Draw(t, counts.Length, SplitMix.Next(ref random))]++;
        double[] weights = [.. counts.Select(c => c == 0 ? 0 : Math.Pow(c, exponent))];
        for (int i = 0; i < counts.Length; i++)
        {
            double p = weights[i] / weights.Sum(), deviation = Math.Sqrt(Draws * p * (1 - p));
            Assert.InRange(drawn[i], Draws * p - 5 * deviation - 0.5, Draws * p + 5 * deviation + 0.5);
        }
    }

    [Fact]
    public void KeepThresholds_Counts_AreThoseOfGensim()
    {
        using JsonDocument fixture = Fixture.Open("word2vec.json");
        long[] counts = [.. fixture.RootElement.GetProperty("counts").EnumerateArray().Select(c => c.GetInt64())];
        foreach (JsonElement row in fixture.RootElement.GetProperty("keep").EnumerateArray())
        {
            double sample = row.GetProperty("sample").GetDouble();
            uint[] keep = Word2VecSampling.KeepThresholds(counts, sample)
                ?? [.. counts.Select(_ => uint.MaxValue)];
            Assert.Equal(row.GetProperty("thresholds").EnumerateArray().Select(t => t.GetUInt32()), keep);
        }
    }

    [Fact]
    public void Build_KnownCounts_GivesHuffmansLengths()
    {
        // Cormen, Leiserson, Rivest, Stein, "Introduction to Algorithms", section on Huffman codes; times 1000.
        long[] counts = [45, 13, 12, 16, 9, 5];
        HuffmanTree tree = HuffmanTree.Build(counts);
        Assert.Equal([1, 3, 3, 3, 4, 4], Enumerable.Range(0, 6).Select(w => tree.Starts[w + 1] - tree.Starts[w]));
    }

    [Fact]
    public void Build_RandomNodes_ProbabilitiesOfAllWordsSumToOne()
    {
        var random = new Random(5);
        long[] counts = [.. Enumerable.Range(0, 300).Select(_ => (long)random.Next(0, 40))]; // unordered, with zeros
        HuffmanTree tree = HuffmanTree.Build(counts);
        double[] products = [.. Enumerable.Range(0, counts.Length - 1).Select(_ => random.NextDouble() * 6 - 3)];
        double sum = 0;
        var paths = new HashSet<string>();
        for (int w = 0; w < counts.Length; w++)
        {
            int[] path = tree.Paths[tree.Starts[w]..tree.Starts[w + 1]];
            Assert.Equal(counts.Length - 2, path[0] >> 1); // all begin at the root
            paths.Add(string.Join(' ', path));
            double p = 1;
            foreach (int step in path) p *= 1 / (1 + Math.Exp((step & 1) == 0 ? -products[step >> 1] : products[step >> 1]));
            sum += p;
        }

        Assert.Equal(counts.Length, paths.Count);
        Assert.Equal(1.0, sum, 1e-12);
    }

    [Fact]
    public void Build_FibonacciOrZeroCounts_DepthIsBounded()
    {
        var counts = new List<long> { 1, 1 };
        while (counts.Count < 88) counts.Add(counts[^1] + counts[^2]); // the deepest tree there is
        Assert.Equal(87, Deepest(HuffmanTree.Build([.. counts])));
        Assert.Equal(10, Deepest(HuffmanTree.Build(new long[1024])));
        Assert.Equal(0, Deepest(HuffmanTree.Build([7])));
        Assert.True(Word2VecKernel.PathAtMost > 87);
    }

    private static int Deepest(HuffmanTree tree) =>
        Enumerable.Range(0, tree.Starts.Length - 1).Max(w => tree.Starts[w + 1] - tree.Starts[w]);
}
