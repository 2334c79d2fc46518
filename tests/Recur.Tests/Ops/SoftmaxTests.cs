namespace Recur.Tests.Ops;

/// <summary>Logits that overflow naive formulas; values from torch.nn.functional.softmax and log_softmax.</summary>
public sealed class SoftmaxTests
{
    private const float Inf = float.PositiveInfinity;

    [Fact]
    public void Softmax_MaskedElements_AreZero()
    {
        Tensor x = Tensor.From([-Inf, 0, 0, -Inf, 5, -Inf], [2, 3]);
        Assert.Equal([0, 0.5f, 0.5f, 0, 1, 0], x.Softmax(-1).ToArray());
        Assert.Equal([0, 0.5f, 1, 0.5f], Tensor.From([-Inf, 2, 4, 2], [2, 2]).Softmax(0).ToArray());
    }

    [Fact]
    public void LogSoftmax_MaskedElements_AreMinusInfinity()
    {
        float[] y = Tensor.From([-Inf, 0, 0]).LogSoftmax(0).ToArray();
        Assert.Equal(-Inf, y[0]);
        Assert.Equal(-MathF.Log(2), y[1], 1e-7f);
    }

    [Fact]
    public void Softmax_NothingLeftOrNotANumber_IsNaN()
    {
        foreach (float[] row in (float[][])[[-Inf, -Inf], [Inf, 0], [float.NaN, 0], [0, float.NaN]])
        {
            Assert.All(Tensor.From(row).Softmax(0).ToArray(), v => Assert.True(float.IsNaN(v)));
            Assert.All(Tensor.From(row).LogSoftmax(0).ToArray(), v => Assert.True(float.IsNaN(v)));
        }
    }

    [Fact]
    public void Backward_MaskedElements_GetNoGradient()
    {
        Tensor x = Tensor.From([-Inf, 0, 0]).RequireGrad();
        x.Softmax(0).Backward(Tensor.From([7, 1, 0]));
        Assert.Equal([0, 0.25f, -0.25f], x.Grad!.Value.ToArray());
    }
}
