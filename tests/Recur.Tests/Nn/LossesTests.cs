using Recur.Nn;

namespace Recur.Tests.Nn;

/// <summary>What the rows of <see cref="Ops.LossCases"/> do not show: ends of the domain, and many classes.</summary>
[Collection(AloneCollection.Name)]
public sealed class LossesTests
{
    private const float Inf = float.PositiveInfinity;

    [Fact]
    public void ClassLosses_AllIgnored_MeanIsNaNAndSumIsZero()
    {
        // torch.nn.functional: 0 / 0, and a gradient of zeros
        Tensor x = Tensor.Ones([3, 4]).RequireGrad();
        int[] ignored = [-100, -100, -100];
        Tensor mean = Losses.CrossEntropy(x, ignored, labelSmoothing: 0.1f);
        Assert.True(float.IsNaN(mean.Item()));
        mean.Backward();
        Assert.Equal(new float[12], x.Grad!.Value.ToArray());
        Assert.True(float.IsNaN(Losses.Nll(x, ignored).Item()));
        Assert.Equal(0f, Losses.CrossEntropy(x, ignored, reduction: Reduction.Sum).Item());
        Assert.Equal(0f, Losses.Nll(x, ignored, reduction: Reduction.Sum).Item());
    }

    [Fact]
    public void EveryLoss_NoElements_MeanIsNaN()
    {
        Tensor none = Tensor.Zeros([0, 3]);
        Assert.True(float.IsNaN(Losses.L1(none, none).Item()));
        Assert.True(float.IsNaN(Losses.CrossEntropy(none, none).Item()));
        Assert.True(float.IsNaN(Losses.CrossEntropy(none, ReadOnlySpan<int>.Empty).Item()));
        Assert.Equal(0f, Losses.Huber(none, none, reduction: Reduction.Sum).Item());
    }

    [Fact]
    public void CrossEntropy_MaskedLogits_AreNoClasses()
    {
        Tensor x = Tensor.From([-Inf, 0, 0, 5, -Inf, -Inf], [2, 3]).RequireGrad();
        Tensor y = Losses.CrossEntropy(x, [1, 0], reduction: Reduction.None);
        Assert.Equal([MathF.Log(2), 0], y.ToArray(), (a, b) => MathF.Abs(a - b) < 1e-6f);
        y.Backward(Tensor.Ones([2]));
        Assert.Equal([0, -0.5f, 0.5f, 0, 0, 0], x.Grad!.Value.ToArray(), (a, b) => MathF.Abs(a - b) < 1e-6f);
        Assert.Equal(Inf, Losses.CrossEntropy(x, [0, 0], reduction: Reduction.None).Span[0]);
    }

    [Fact]
    public void CrossEntropy_NotANumber_SpreadsOnlyInItsPosition()
    {
        Tensor x = Tensor.From([float.NaN, 0, 0, 1, 2, 3], [2, 3]).RequireGrad();
        Tensor y = Losses.CrossEntropy(x, [1, 0], reduction: Reduction.None);
        Assert.True(float.IsNaN(y.Span[0]));
        Assert.True(float.IsFinite(y.Span[1]));
        y.Backward(Tensor.Ones([2]));
        Assert.All(x.Grad!.Value.Span[..3].ToArray(), g => Assert.True(float.IsNaN(g)));
        Assert.All(x.Grad!.Value.Span[3..].ToArray(), g => Assert.True(float.IsFinite(g)));
    }

    [Fact]
    public void KlDiv_TargetZero_ContributesNothing() =>
        Assert.Equal(0f, Losses.KlDiv(Tensor.From([-1f]), Tensor.From([0f]), Reduction.Sum).Item());

    /// <summary>Rows and grids of classes, large enough to be split: the same bits with every number of threads, and
    /// the
    /// same values as from log-softmax, look-up and mean.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(37)]
    public void CrossEntropy_ManyClasses_HasTheSameBitsForAnyNumberOfThreads(int inner)
    {
        const int positions = 2 * 37, classes = 3001;
        int outer = positions / inner;
        Shape shape = inner == 1 ? [outer, classes] : [outer, classes, inner];
        Tensor x = Init.Normal(Tensor.Zeros(shape), 0, 3, new Rng(5)).RequireGrad();
        int[] target = [.. Enumerable.Range(0, positions).Select(i => i * 977 % classes)];
        target[3] = -100;
        float[]? bits = null, gradient = null;
        IsaSweep.ForEachThreads(_ =>
        {
            x.ZeroGrad();
            Tensor loss = Losses.CrossEntropy(x, target, labelSmoothing: 0.1f);
            loss.Backward();
            Assert.Equal(bits ??= loss.ToArray(), loss.ToArray());
            Assert.Equal(gradient ??= x.Grad!.Value.ToArray(), x.Grad!.Value.ToArray());
        });

        double expected = 0;
        float[] log = (inner == 1 ? x : x.Transpose(1, 2).Reshape(positions, classes)).LogSoftmax(-1).ToArray();
        for (int p = 0; p < positions; p++)
        {
            if (p == 3) continue;
            ReadOnlySpan<float> row = log.AsSpan(p * classes, classes);
            double sum = 0;
            foreach (float v in row) sum -= v;
            expected += -0.9 * row[target[p]] + 0.1 * sum / classes;
        }

        Assert.Equal(expected / (positions - 1), bits![0], 1e-4);
    }
}
