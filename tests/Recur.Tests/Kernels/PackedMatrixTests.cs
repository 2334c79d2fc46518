using Recur.Kernels;

namespace Recur.Tests.Kernels;

[Collection(AloneCollection.Name)]
public sealed unsafe class PackedMatrixTests
{
    private static int Lanes(IsaLevel level) =>
        level switch { IsaLevel.Vector512 => 16, IsaLevel.Vector256 => 8, IsaLevel.Vector128 => 4, _ => 1 };

    private static int PanelWidth(IsaLevel level) =>
        level switch { IsaLevel.Vector512 => 64, IsaLevel.Scalar => 4, _ => 16 };

    // Panel p holds columns p·width.. as rows of its own width, rounded up to whole vectors, zeros behind.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Pack_EverySize_LiesInPanelsWithZerosBehind(bool transposed) => IsaSweep.ForEach(level =>
    {
        int width = PanelWidth(level), lanes = Lanes(level);
        var matrix = new PackedMatrix();
        foreach (int k in (int[])[1, 2, 3, 4, 5, 8, 13, 16, 33, 300])
            foreach (int n in (int[])[1, 3, 4, 5, 15, 16, 17, 63, 64, 65, 127, 130])
            {
                int row = (transposed ? k : n) + 2;
                float[] b = [.. Enumerable.Range(1, (transposed ? n : k) * row).Select(i => (float)i)];
                fixed (float* p = b) matrix.Pack(k, n, p, row, transposed);
                Assert.Equal((k, n), (matrix.K, matrix.N));
                for (int first = 0; first < n; first += width)
                {
                    int columns = Math.Min(width, n - first), stored = (columns + lanes - 1) / lanes * lanes;
                    for (int i = 0; i < k; i++)
                        for (int j = 0; j < stored; j++)
                        {
                            int column = first + j;
                            float expected = j >= columns ? 0f : transposed ? b[column * row + i] : b[i * row + column];
                            float actual = matrix.Data[(nint)first * k + (nint)i * stored + j];
                            Assert.True(
                                expected == actual,
                                $"{level}, [{k}, {n}], ({i}, {column}): {expected} expected but {actual} came.");
                        }
                }
            }
    });

    [Fact]
    public void Pack_AnyNumberOfThreads_SamePanels()
    {
        const int k = 300, n = 333;
        float[] b = [.. Enumerable.Range(1, k * n).Select(i => (float)i)];
        float[]? single = null;
        IsaSweep.ForEachThreads(_ =>
        {
            var matrix = new PackedMatrix();
            fixed (float* p = b) matrix.Pack(k, n, p, n, transposed: false);
            float[] packed = new ReadOnlySpan<float>(matrix.Data, k * n).ToArray();
            Assert.Equal(single ??= packed, packed);
        });
    }

    [Fact]
    public void Data_IsAlignedToCacheLines()
    {
        var matrix = new PackedMatrix();
        float[] b = new float[35];
        fixed (float* p = b) matrix.Pack(5, 7, p, 7, transposed: false);
        Assert.Equal(0u, (nuint)matrix.Data % 64);
    }

    // Tile r holds columns 6·r.. as rows of six (the last one of what is left); nothing else is written or read.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void PackTransposedA_EverySize_LiesInTilesAndAddsUp(bool sums)
    {
        foreach (int k in (int[])[1, 2, 15, 16, 17, 50])
            for (int m = 1; m <= 26; m++)
            {
                int step = m + 1, tiles = (m + 5) / 6;
                float[] a = [.. Enumerable.Range(1, k * step).Select(i => (float)i)], packed = new float[tiles * 6 * k + 1];
                float[] total = new float[m + 1];
                Array.Fill(packed, -1f);
                Array.Fill(total, 0.5f);
                fixed (float* pa = a, pp = packed, pt = total) Packing.PackTransposedA(k, m, pa, step, pp, sums ? pt : null);
                for (int column = 0; column < m; column++)
                {
                    float sum = 0.5f;
                    for (int i = 0; i < k; i++)
                    {
                        Assert.Equal(a[i * step + column], packed[(column / 6 * k + i) * 6 + column % 6]);
                        sum += a[i * step + column];
                    }

                    Assert.Equal(sums ? sum : 0.5f, total[column]); // small whole numbers and a half: exact in any order
                }

                Assert.Equal((-1f, 0.5f), (packed[^1], total[^1]));
            }
    }
}
