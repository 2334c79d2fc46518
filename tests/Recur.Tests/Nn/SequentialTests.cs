using Recur.Nn;

namespace Recur.Tests.Nn;

public sealed class SequentialTests
{
    [Fact]
    public void Forward_TwoLinears_AppliesOneAfterTheOther()
    {
        Linear first = new(3, 4), second = new(4, 2);
        var both = new Sequential(first, new Dropout(0f), second);
        Tensor x = Tensor.From([0.5f, -1f, 2f, 0.1f, 0.2f, 0.3f], [2, 3]);
        Assert.Equal(second.Forward(first.Forward(x)).ToArray(), both.Forward(x).ToArray());
        Assert.Equal(["0.weight", "0.bias", "2.weight", "2.bias"], both.StateDict().Keys);
        Assert.Equal(3, both.Count);
        Assert.Same(second, both[2]);
    }

    [Fact]
    public void Forward_NoModules_ReturnsTheInput()
    {
        Tensor x = Tensor.Ones([2]);
        Assert.Equal(x, new Sequential().Forward(x));
    }

    [Fact]
    public void New_Null_SaysWhich()
    {
        var error = Assert.Throws<ArgumentException>(() => new Sequential(new Dropout(), null!));
        Assert.Equal("Sequential: module 1 is null.", error.Message);
    }
}
