using Recur.Kernels;

namespace Recur.Tests.Kernels;

[Collection(AloneCollection.Name)]
public sealed class ElementwiseTests
{
    // Around the least lengths that two and three threads share, with and without a last vector that is not whole.
    private static readonly int[] Lengths = [249_999, 250_000, 250_001, 375_015, 500_000];

    [Fact]
    public void LongArrays_AnyNumberOfThreads_EveryElementOnceAndTheSameBits() => IsaSweep.ForEach(_ =>
    {
        foreach (int n in Lengths)
        {
            var random = new Random(1);
            float[] a = [.. Enumerable.Range(0, n).Select(_ => random.NextSingle() - 0.4f)];
            float[] b = [.. Enumerable.Range(0, n).Select(_ => random.NextSingle() - 0.4f)];
            float[]? tanh = null;
            IsaSweep.ForEachThreads(_ =>
            {
                var y = new float[n];
                Elementwise.Map<Tanh>(a, y);
                Assert.True(y.AsSpan().SequenceEqual(tanh ??= [.. y]));
                Elementwise.Zip<Multiply>(a, 3f, y);
                Elementwise.ZipAdd<Subtract>(a, b, y);
                for (int i = 0; i < n; i++)
                    if (y[i] != a[i] * 3f + (a[i] - b[i])) Assert.Fail($"element {i} of {n} is {y[i]}");
            });
            Assert.Equal(MathF.Tanh(a[^1]), tanh![^1], 1e-6f);
        }
    });

    [Fact]
    public void Fill_AnyLength_EveryElementAndNoOther() => IsaSweep.ForEach(_ => IsaSweep.ForEachThreads(_ =>
    {
        foreach (int n in (int[])[0, 1, 17, .. Lengths])
        {
            var y = new float[n + 2];
            Elementwise.Fill(2.5f, y.AsSpan(1, n));
            Assert.Equal((0f, 0f), (y[0], y[^1]));
            Assert.Equal(-1, y.AsSpan(1, n).IndexOfAnyExcept(2.5f));
        }
    }));
}
