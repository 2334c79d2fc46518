using Recur.Kernels;

namespace Recur.Tests.Kernels;

/// <summary>Products of one row with a matrix as it lies in memory: the bits of the packed product.</summary>
[Collection(AloneCollection.Name)]
public sealed unsafe class FewRowsTests
{
    private static readonly (int N, int K)[] Sizes =
        [(1, 1), (3, 5), (8, 8), (16, 17), (33, 70), (70, 33), (64, 769), (20, 1600), (1600, 5), (600, 512)];

    [Fact]
    public void ProductAndGradient_EverySizeWidthAndThreads_SameBitsAsGemm() => IsaSweep.ForEach(level => IsaSweep.ForEachThreads(threads =>
    {
        foreach ((int n, int k) in Sizes)
        {
            var random = new Random(n + k);
            float[] x = Random(random, k), w = Random(random, n * k), add = Random(random, n), da = Random(random, n), dx = Random(random, k);
            float[] y = [.. add], expected = [.. add], gradient = [.. dx], expectedGradient = [.. dx];
            fixed (float* px = x, pw = w, py = y, pda = da, pg = gradient)
            {
                FewRows.Product(n, k, px, pw, py, py);
                FewRows.AddGradient(n, k, pda, pw, pg);
            }

            Gemm.Multiply(1, n, k, x, false, w, true, expected, accumulate: true);
            Gemm.Multiply(1, k, n, da, false, w, false, expectedGradient, accumulate: true);
            Assert.True(expected.AsSpan().SequenceEqual(y), $"{level}, {threads} threads, product {n} x {k}");
            Assert.True(expectedGradient.AsSpan().SequenceEqual(gradient), $"{level}, {threads} threads, gradient {n} x {k}");
        }
    }));

    [Fact]
    public void Outer_FreshAndAdded_IsTheProductOfEveryPair() => IsaSweep.ForEach(level =>
    {
        foreach ((int n, int k) in Sizes)
        {
            var random = new Random(n * k);
            float[] a = Random(random, n), x = Random(random, k), w = Random(random, n * k), before = [.. w];
            fixed (float* pa = a, px = x, pw = w)
            {
                FewRows.Outer(n, k, pa, px, pw, accumulate: true);
                for (int i = 0; i < w.Length; i++) Assert.Equal(before[i] + a[i / k] * x[i % k], w[i]);
                FewRows.Outer(n, k, pa, px, pw, accumulate: false);
                for (int i = 0; i < w.Length; i++) Assert.Equal(a[i / k] * x[i % k], w[i]);
            }
        }
    });

    [Fact]
    public void WeightPacks_SameVersion_IsKept_AnotherIsPackedAnew()
    {
        var packs = new WeightPacks();
        float[] w = [1, 2, 3, 4];
        ReadOnlySpan<Run> all = [new Run(0, 2, 0)];
        float* first = packs.Get(PackForm.Product, w, version: 1, k: 2, all);
        float kept = *first;
        w[0] = 9;
        Assert.Equal(kept, *packs.Get(PackForm.Product, w, version: 1, k: 2, all));
        Assert.Equal(9f, *packs.Get(PackForm.Product, w, version: 2, k: 2, all));
        Assert.False(packs.IsSeenAgain(2));
        Assert.True(packs.IsSeenAgain(2));
        Assert.False(packs.IsSeenAgain(3));
    }

    private static float[] Random(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
}
