using Recur.Optim;

namespace Recur.Tests.Optim;

public sealed class ParameterGroupTests
{
    private static Tensor Leaf(float value = 1f) => Tensor.From([value]).RequireGrad();

    private static string Error(Action action) => Assert.Throws<ArgumentException>(action).Message;

    [Fact]
    public void New_OptionsOfTheGroup_WinOverTheOptimizers()
    {
        var own = new ParameterGroup([Leaf()]) { LearningRate = 0.5, Beta2 = 0.9 };
        var adam = new Adam([own, new ParameterGroup([Leaf(), Leaf()])], learningRate: 0.25f, weightDecay: 0.1);
        Assert.Equal([0.5, 0.25], adam.Groups.Select(g => g.LearningRate));
        Assert.Equal([0.9, 0.999], adam.Groups.Select(g => g.Beta2));
        Assert.Equal([0.1, 0.1], adam.Groups.Select(g => g.WeightDecay));
        Assert.Equal([false, false], adam.Groups.Select(g => g.Amsgrad));
        Assert.Null(own.Momentum); // Adam has none
        Assert.Null(own.Nesterov);
        Assert.Equal(3, adam.Parameters.Count);
        Assert.Same(own, adam.Groups[0]);
        Assert.Equal(0.5f, adam.LearningRate);
        adam.LearningRate = 0.125f;
        Assert.Equal([0.125, 0.125], adam.Groups.Select(g => g.LearningRate));
    }

    [Fact]
    public void LearningRate_ChangedBetweenSteps_CountsFromTheNext()
    {
        Tensor a = Leaf(), b = Leaf();
        var sgd = new Sgd([new ParameterGroup([a]), new ParameterGroup([b]) { LearningRate = 0.5 }], 0.25f);
        Step();
        Assert.Equal((0.75f, 0.5f), (a.Item(), b.Item()));
        sgd.Groups[0].LearningRate = 0;
        sgd.Groups[1].WeightDecay = 1;
        Step();
        Assert.Equal((0.75f, -0.25f), (a.Item(), b.Item()));

        void Step()
        {
            Gradients.Set(a, [1f]);
            Gradients.Set(b, [1f]);
            sgd.Step();
        }
    }

    /// <summary>As in PyTorch, which makes the buffer when it is first needed: the direction begins as the
    /// gradient.</summary>
    [Fact]
    public void Momentum_LeavesZero_BeginsWithTheGradient()
    {
        Tensor p = Leaf(0f);
        var sgd = new Sgd([p], 1f);
        Step(8f);
        sgd.Groups[0].Momentum = 0.5;
        Step(4f); // b = 4
        Step(2f); // b = 4
        Assert.Equal(-16f, p.Item());
        Assert.Contains("momentum_buffer.0", sgd.State().Select(s => s.Name));
        sgd.Groups[0].Momentum = 0;
        Step(1f);
        sgd.Groups[0].Momentum = 0.5;
        Step(1f);
        Assert.Equal(-18f, p.Item());

        void Step(float gradient)
        {
            Gradients.Set(p, [gradient]);
            sgd.Step();
        }
    }

    [Fact]
    public void Options_Wrong_SayWhich()
    {
        Assert.Equal(
            "ParameterGroup: beta1 must be at least 0 and below 1 but was 1.",
            Error(() => _ = new ParameterGroup([Leaf()]) { Beta1 = 1 }));
        Assert.Equal(
            "Adam: group 1 has a momentum, which Adam does not know.",
            Error(() => _ = new Adam([new ParameterGroup([Leaf()]), new ParameterGroup([Leaf()]) { Momentum = 0.5 }])));
        Assert.Equal(
            "Sgd: nesterov needs momentum above 0 and dampening 0 but they were 0 and 0.",
            Error(() => _ = new Sgd([new ParameterGroup([Leaf()]) { Nesterov = true }], 0.1f)));
        Tensor p = Leaf();
        Assert.Equal(
            "Adam: parameter 1 is the same tensor as parameter 0.",
            Error(() => _ = new Adam([new ParameterGroup([p]), new ParameterGroup([p])])));
        Assert.Equal(
            "Adam: the list of parameters is empty.", Error(() => _ = new Adam([new ParameterGroup([])])));

        var adam = new Adam([new ParameterGroup([Leaf()])]);
        ParameterGroup group = adam.Groups[0];
        Assert.Equal(
            "Sgd: group 0 belongs to another optimizer; make a new group.", Error(() => _ = new Sgd([group], 0.1f)));
        Assert.Equal(
            "Adam, group 0: learningRate must be finite and not negative but was -0.5.",
            Error(() => group.LearningRate = -0.5));
        Assert.Equal(
            "Adam, group 0: learningRate must be finite and not negative but was NaN.",
            Error(() => group.LearningRate = double.NaN));
        Assert.Equal("Adam, group 0: eps must have a value but was null.", Error(() => group.Eps = null));
        Assert.Equal(
            "Adam, group 0: momentum is an option that its rule does not know.", Error(() => group.Momentum = 0.9));
        Assert.Equal(1e-3f, adam.LearningRate);
    }
}
