using Recur.Nn;

namespace Recur.Tests.Ops;

public sealed class TensorOperatorsTests
{
    private static Tensor Leaf(Shape shape, params float[] values) => Tensor.From(values, shape).RequireGrad();

    [Fact]
    public void Add_Bias_RepeatsAndSumsGradient()
    {
        Tensor x = Leaf([2, 3], 1, 2, 3, 4, 5, 6), b = Leaf([3], 10, 20, 30);
        Tensor y = x + b;
        Assert.Equal([11, 22, 33, 14, 25, 36], y.ToArray());
        y.Sum().Backward();
        Assert.Equal([1, 1, 1, 1, 1, 1], x.Grad!.Value.ToArray());
        Assert.Equal([2, 2, 2], b.Grad!.Value.ToArray());
    }

    [Fact]
    public void Mul_SameTensorTwice_AddsBothShares()
    {
        Tensor x = Leaf([2], 3, -4);
        (x * x).Sum().Backward();
        Assert.Equal([6, -8], x.Grad!.Value.ToArray());
    }

    [Fact]
    public void Scalars_AllForms_MatchArithmetic()
    {
        Tensor x = Leaf([2], 2, 4);
        Tensor y = 1f - (x * 3f + 2f) / 2f + 8f / x - -x;
        Assert.Equal([1 - 4 + 4 + 2, 1 - 7 + 2 + 4], y.ToArray());
        y.Sum().Backward();
        Assert.Equal([-1.5f - 2f + 1f, -1.5f - 0.5f + 1f], x.Grad!.Value.ToArray());
    }

    [Fact]
    public void Mse_Mean_IsMeanOfSquares()
    {
        Tensor x = Leaf([2, 2], 1, 2, 3, 4), t = Tensor.From([0, 2, 1, 8], [2, 2]);
        Tensor loss = Losses.Mse(x, t);
        Assert.Equal((1 + 0 + 4 + 16) / 4f, loss.Item());
        loss.Backward();
        Assert.Equal([0.5f, 0, 1, -2], x.Grad!.Value.ToArray());
    }

    [Fact]
    public void Mse_OtherShape_SaysWhich()
    {
        var error = Assert.Throws<ShapeException>(() => Losses.Mse(Tensor.Zeros([59, 1]), Tensor.Zeros([59])));
        Assert.Equal("Losses.Mse: target must be [59, 1] (the shape of input) but was [59].", error.Message);
    }

    [Fact]
    public void SliceAndReshape_LeadingDimension_ShareMemory()
    {
        Tensor x = Leaf([3, 2], 1, 2, 3, 4, 5, 6);
        Tensor y = x.Slice(0, 1, 2).Reshape(-1);
        Assert.Equal([3, 4, 5, 6], y.ToArray());
        x.MutableSpan[2] = 30;
        Assert.Equal(30, y.Span[0]);
        (y * y).Sum().Backward();
        Assert.Equal([0, 0, 60, 8, 10, 12], x.Grad!.Value.ToArray());
    }

    [Fact]
    public void Slice_InnerDimension_PicksColumns()
    {
        Tensor x = Leaf([2, 3], 1, 2, 3, 4, 5, 6);
        Tensor y = x.Slice(-1, 1, 2);
        Assert.Equal([2, 3, 5, 6], y.ToArray());
        (y * y).Sum().Backward();
        Assert.Equal([0, 4, 6, 0, 10, 12], x.Grad!.Value.ToArray());
        Assert.Equal([3, 6], x.Select(1, 2).ToArray());
    }

    [Fact]
    public void SumAndMean_Axes_MatchByHand()
    {
        Tensor x = Leaf([2, 2, 2], 1, 2, 3, 4, 5, 6, 7, 8);
        Assert.Equal(36, x.Sum().Item());
        Assert.Equal(4.5f, x.Mean().Item());
        Assert.Equal([14, 22], x.Sum([0, 2]).ToArray());
        Assert.Equal(new Shape(1, 2, 1), x.Mean([0, -1], keepDim: true).Shape);
        Assert.Equal([3, 7, 11, 15], x.Sum(-1).ToArray());
        Assert.Equal([6, 8, 10, 12], x.Sum(0).ToArray());
        Assert.Equal([2, 3, 6, 7], x.Mean(1).ToArray());
    }
}
