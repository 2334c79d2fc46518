using Recur.Nn;
using static Recur.Tests.FixtureExtensions;

namespace Recur.Tests.Nn;

/// <summary>The fused output layer against the two operations that PyTorch's values stand for.</summary>
[Collection(AloneCollection.Name)]
public sealed class LinearCrossEntropyTests
{
    // The same products and sums, in another order where the gradient is written over the logits.
    private const double Tolerance = 2e-6;

    private static readonly Rng Random = new(5);

    public static TheoryData<int, int, int, bool, Reduction, float> Cases => new()
    {
        { 1, 1, 1, true, Reduction.Mean, 0f },
        { 6, 3, 5, true, Reduction.Mean, 0f },
        { 6, 3, 5, false, Reduction.Sum, 0.1f },
        { 7, 20, 33, true, Reduction.None, 0f },
        { 70, 37, 300, true, Reduction.Mean, 0.2f },
    };

    [Theory, MemberData(nameof(Cases))]
    public void ForwardAndBackward_EveryWidthAndThreads_EqualLinearThenCrossEntropy(
        int rows, int inputs, int classes, bool biased, Reduction reduction, float smoothing)
    {
        float[] x = Normal(rows * inputs), w = Normal(classes * inputs), b = Normal(classes), dy = Normal(rows);
        int[] target = [.. Enumerable.Range(0, rows).Select(i => i % 5 == 4 ? -100 : Random.NextInt(0, classes))];
        if (rows == 1) target[0] = 0;
        float[][]? first = null;
        IsaSweep.ForEach(level => IsaSweep.ForEachThreads(threads =>
        {
            float[][] fused = Run((input, weight, bias) => Losses.LinearCrossEntropy(
                input, weight, biased ? bias : null, target, reduction: reduction, labelSmoothing: smoothing));
            float[][] plain = Run((input, weight, bias) => Losses.CrossEntropy(
                biased ? input.MatMul(weight.Transpose(0, 1)) + bias : input.MatMul(weight.Transpose(0, 1)), target,
                reduction: reduction, labelSmoothing: smoothing));
            string[] names = ["loss", "dx", "dw", "db"];
            for (int i = 0; i < names.Length; i++)
                AssertClose(plain[i], fused[i], Tolerance, $"{level}, {threads} threads: {names[i]}");
            if (threads == 1) first = fused;
            else for (int i = 0; i < names.Length; i++) Assert.Equal(first![i], fused[i]); // the same bits
        }));

        float[][] Run(Func<Tensor, Tensor, Tensor, Tensor> loss)
        {
            Tensor input = Tensor.From(x, [rows, inputs]).RequireGrad();
            Tensor weight = Tensor.From(w, [classes, inputs]).RequireGrad();
            Tensor bias = Tensor.From(b, [classes]).RequireGrad();
            Tensor y = loss(input, weight, bias);
            float[] value = y.ToArray();
            if (reduction == Reduction.None) y.Backward(Tensor.From(dy, [rows]));
            else y.Backward();
            return [value, input.Grad!.Value.ToArray(), weight.Grad!.Value.ToArray(), bias.Grad?.ToArray() ?? []];
        }
    }

    [Fact]
    public void Backward_WeightUsedTwice_AddsToTheGradientThatIsThere()
    {
        Tensor x = Tensor.From(Normal(8), [4, 2]).RequireGrad(), w = Tensor.From(Normal(6), [3, 2]).RequireGrad();
        int[] target = [0, 2, 1, 1];
        Losses.LinearCrossEntropy(x, w, null, target).Backward();
        float[] once = w.Grad!.Value.ToArray();
        (Losses.LinearCrossEntropy(x, w, null, target) * 2f).Backward();
        AssertClose([.. once.Select(v => 3 * v)], w.Grad!.Value.Span, Tolerance, "dw");
    }

    [Fact]
    public void Apply_WrongShapesAndTargets_SaysWhichAndWhat()
    {
        Tensor x = Tensor.Zeros([4, 2]), w = Tensor.Zeros([3, 2]);
        Assert.Equal(
            "Losses.LinearCrossEntropy: input must be [*, 2] (weight is [3, 2]) but was [4, 3].",
            Message(() => Losses.LinearCrossEntropy(Tensor.Zeros([4, 3]), w, null, [0, 0, 0, 0])));
        Assert.Equal(
            "Losses.LinearCrossEntropy: bias must be [3] (weight is [3, 2]) but was [2].",
            Message(() => Losses.LinearCrossEntropy(x, w, Tensor.Zeros([2]), [0, 0, 0, 0])));
        Assert.Equal(
            "Losses.LinearCrossEntropy: target must have 4 classes, one for each row of input [4, 2], but has 1.",
            Message(() => Losses.LinearCrossEntropy(x, w, null, [0])));
        Assert.Equal(
            "Losses.LinearCrossEntropy: target 3 at position 1 is not one of the classes 0 to 2.",
            Message(() => Losses.LinearCrossEntropy(x, w, null, [0, 3, 0, 0])));

        static string Message(Action call) => Assert.ThrowsAny<ArgumentException>(call).Message;
    }

    private static float[] Normal(int count)
    {
        float[] values = new float[count];
        Random.FillNormal(values);
        return values;
    }
}
