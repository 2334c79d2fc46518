using Recur.Kernels;

namespace Recur.Tests.Kernels;

[Collection(AloneCollection.Name)]
public sealed class ReduceTests
{
    [Fact]
    public void Mean_TenMillionElements_AccurateToAMillionth() => IsaSweep.ForEach(_ =>
    {
        const int n = 10_000_000;
        Tensor x = Tensor.Full([n], 0.1f);
        Span<float> values = x.MutableSpan;
        for (int i = 0; i < n; i += 3) values[i] = 3.7f;
        double expected = (3.7f * (double)((n + 2) / 3) + 0.1f * (double)(n - (n + 2) / 3)) / n;
        Assert.Equal(expected, x.Mean().Item(), expected * 1e-6);
        Assert.Equal(expected, x.Reshape(-1, 5).Mean(0).Mean().Item(), expected * 1e-6);
    });

    [Fact]
    public void Sum_LongArrays_MatchesDoubleAndHasTheSameBitsForAnyNumberOfThreads() => IsaSweep.ForEach(_ =>
    {
        var random = new Random(1);
        foreach (int n in (int[])[65_535, 65_536, 65_537, 131_073, 400_003])
        {
            float[] a = [.. Enumerable.Range(0, n).Select(_ => random.NextSingle() - 0.4f)];
            float[] b = [.. Enumerable.Range(0, n).Select(_ => random.NextSingle() - 0.4f)];
            double sum = a.Sum(v => (double)v), dot = a.Zip(b, (x, y) => (double)x * y).Sum();
            double? firstSum = null, firstDot = null;
            IsaSweep.ForEachThreads(_ =>
            {
                Assert.Equal(sum, Reduce.Sum(a), 1e-6 * n);
                Assert.Equal(dot, Reduce.Dot(a, b), 1e-6 * n);
                Assert.Equal(firstSum ??= Reduce.Sum(a), Reduce.Sum(a));
                Assert.Equal(firstDot ??= Reduce.Dot(a, b), Reduce.Dot(a, b));
            });
        }
    });

    [Fact]
    public void SumRows_EverySize_MatchesDouble() => IsaSweep.ForEach(_ =>
    {
        var random = new Random(1);
        foreach (int rows in (int[])[0, 1, 2, 7, 8, 9, 33, 300])
            foreach (int columns in (int[])[1, 2, 3, 15, 16, 17, 100, 511, 512, 513, 1100, 2048, 2049, 5000])
            {
                float[] x = [.. Enumerable.Range(0, rows * columns).Select(_ => random.NextSingle() - 0.4f)];
                float[] y = [.. Enumerable.Range(0, columns).Select(c => (float)c)];
                Reduce.SumRows(x, rows, columns, y, 0.5f, accumulate: true);
                for (int c = 0; c < columns; c++)
                {
                    double expected = c;
                    for (int r = 0; r < rows; r++) expected += 0.5 * x[r * columns + c];
                    Assert.Equal(expected, y[c], 1e-6 * Math.Max(1, Math.Abs(expected)));
                }
            }
    });

    [Fact]
    public void Max_EverySize_IsTheLargest() => IsaSweep.ForEach(_ =>
    {
        Assert.Equal(float.NegativeInfinity, Reduce.Max([]));
        for (int n = 1; n < 70; n++)
            for (int at = 0; at < n; at++)
            {
                var x = new float[n];
                Array.Fill(x, -3f);
                x[at] = -2f;
                Assert.Equal(-2f, Reduce.Max(x));
            }
    });
}
