using Recur.Autograd;

namespace Recur.Tests.Autograd;

public sealed class GradCheckTests
{
    /// <summary>y = x², with a gradient that is wrong at one element.</summary>
    private sealed class WrongSquareOp : Node
    {
        public static Tensor Apply(Tensor x)
        {
            var op = Begin<WrongSquareOp>(x);
            Tensor y = op.NewOutput(x.Shape);
            for (int i = 0; i < x.Length; i++) y.MutableSpan[i] = x.Span[i] * x.Span[i];
            return op.Record(y);
        }

        protected override void Backward()
        {
            ReadOnlySpan<float> x = Input(0).Span;
            Span<float> dx = InputGrad(0), dy = OutputGrad();
            for (int i = 0; i < x.Length; i++) dx[i] += (i == 2 ? 2.1f : 2f) * x[i] * dy[i];
        }
    }

    private static Tensor Leaf(params float[] values) => Tensor.From(values).RequireGrad();

    [Fact]
    public void Run_RightGradient_Passes()
    {
        Tensor x = Leaf(0.3f, -1.2f, 2f);
        GradCheckResult result = GradCheck.Run(v => (v * v * v).Tanh(), x);
        Assert.True(result.Passed);
        Assert.InRange(result.Excess, 0, 0.5);
        Assert.Equal([0.3f, -1.2f, 2f], x.ToArray());
        Assert.Null(x.Grad);
    }

    [Fact]
    public void Run_WrongGradient_NamesTheWorstElement()
    {
        Tensor constant = Tensor.From([1f, 1f, 1f, 1f]), x = Leaf(1, 2, 3, 4);
        GradCheckResult result = GradCheck.Run(v => v[0] * WrongSquareOp.Apply(v[1]), [constant, x]);
        Assert.False(result.Passed);
        Assert.Equal((1, 2), (result.Input, result.Index));
        Assert.Equal(1.05, result.Analytic / result.Numeric, 3);
        string text = Assert.Throws<InvalidOperationException>(result.ThrowIfFailed).Message;
        Assert.StartsWith("GradCheck: the gradient of input 1 at element 2 must be ", text);
        Assert.EndsWith(" times the distance allowed.", text);
    }

    [Fact]
    public void ThrowIfFailed_Text_SaysExpectedAndActual() => Assert.Equal(
        "GradCheck: the gradient of input 1 at element 2 must be 0.5 (finite differences) but was 0.75, 12.5 times the distance allowed.",
        Assert.Throws<InvalidOperationException>(new GradCheckResult(false, 1, 2, 0.75, 0.5, 12.5).ThrowIfFailed).Message);

    [Fact]
    public void Run_NaN_Fails() => Assert.False(GradCheck.Run(v => v.Log(), Leaf(-1)).Passed);

    [Fact]
    public void Run_NothingTracked_SaysSo() => Assert.Equal(
        "GradCheck.Run: at least one input must require a gradient; call RequireGrad() on it.",
        Assert.Throws<ArgumentException>(() => GradCheck.Run(v => v, Tensor.Zeros([1]))).Message);

    [Fact]
    public void Run_EpsilonZero_SaysSo() => Assert.Equal(
        "GradCheck.Run: epsilon must be greater than 0 but was 0.",
        Assert.Throws<ArgumentException>(() => GradCheck.Run(v => v, Leaf(1), epsilon: 0)).Message);
}
