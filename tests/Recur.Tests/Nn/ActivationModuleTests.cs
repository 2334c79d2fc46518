using Recur.Nn;

namespace Recur.Tests.Nn;

public sealed class ActivationModuleTests
{
    private static readonly Tensor X = Tensor.From([-2f, -0.5f, 0f, 0.5f, 1.5f, 40f], [2, 3]);

    public static TheoryData<string> Names => [.. Cases.Keys];

    private static readonly Dictionary<string, (UnaryModule Module, Func<Tensor, Tensor> Function)> Cases = new()
    {
        ["tanh"] = (new Tanh(), x => x.Tanh()),
        ["sigmoid"] = (new Sigmoid(), x => x.Sigmoid()),
        ["relu"] = (new Relu(), x => x.Relu()),
        ["leaky relu"] = (new LeakyRelu(), x => x.LeakyRelu(0.01f)),
        ["leaky relu 0.3"] = (new LeakyRelu(0.3f), x => x.LeakyRelu(0.3f)),
        ["elu"] = (new Elu(), x => x.Elu(1f)),
        ["elu 0.3"] = (new Elu(0.3f), x => x.Elu(0.3f)),
        ["gelu"] = (new Gelu(), x => x.Gelu()),
        ["gelu tanh"] = (new Gelu(tanhApproximation: true), x => x.Gelu(true)),
        ["silu"] = (new Silu(), x => x.Silu()),
        ["softplus"] = (new Softplus(), x => x.Softplus(1f, 20f)),
        ["softplus 2"] = (new Softplus(2f, 1f), x => x.Softplus(2f, 1f)),
        ["softmax"] = (new Softmax(0), x => x.Softmax(0)),
        ["log softmax"] = (new LogSoftmax(-1), x => x.LogSoftmax(-1)),
        ["identity"] = (new Identity(), x => x),
        ["flatten"] = (new Flatten(0), x => x.Reshape(6)),
    };

    [Theory, MemberData(nameof(Names))]
    public void Forward_AnyModule_IsTheFunctionWithItsSettings(string name)
    {
        (UnaryModule module, Func<Tensor, Tensor> function) = Cases[name];
        Tensor expected = function(X), actual = module.Forward(X);
        Assert.Equal(expected.Shape, actual.Shape);
        Assert.Equal(expected.ToArray(), actual.ToArray());
        Assert.Empty(module.Parameters());
    }

    [Fact]
    public void Flatten_SomeDimensions_AreOne()
    {
        Tensor x = Tensor.Zeros([2, 3, 4, 5]);
        Assert.Equal(new Shape(2, 60), new Flatten().Forward(x).Shape);
        Assert.Equal(new Shape(2, 12, 5), new Flatten(1, 2).Forward(x).Shape);
        Assert.Equal(
            "Flatten.Forward: dimensions 1 to -1 were asked of [3], which has 1.",
            Assert.Throws<ShapeException>(() => new Flatten().Forward(Tensor.Zeros([3]))).Message);
    }

    [Fact]
    public void New_SettingOutOfRange_IsAnError()
    {
        static string Message(Func<object> call) => Assert.Throws<ArgumentException>(call).Message;
        Assert.Equal("Softplus: beta must be finite and not 0 but was 0.", Message(() => new Softplus(0f)));
        Assert.Equal("Elu: alpha must be finite but was NaN.", Message(() => new Elu(float.NaN)));
    }
}
