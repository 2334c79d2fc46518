using System.Text.Json;
using Recur.Optim;
using static Recur.Tests.FixtureExtensions;

namespace Recur.Tests.Optim;

public sealed class OptimizerTests
{
    // Twenty steps of about ten roundings each; PyTorch fuses some products and sums, we none.
    private const double Tolerance = 2e-6;

    public static TheoryData<string> Cases() => [.. OptimizerCases.All.Keys];

    [Theory, MemberData(nameof(Cases))]
    public void Step_TwentyTimes_MatchesTorch(string name)
    {
        using JsonDocument fixture = Fixture.Open("optimizers.json");
        JsonElement root = fixture.RootElement;
        JsonElement expected = root.GetProperty("cases").GetProperty(name);
        Tensor[] parameters = OptimizerCases.Parameters(root.GetProperty("start"));
        Optimizer optimizer = OptimizerCases.All[name](parameters);
        int compared = 0;
        for (int k = 0; k < 20; k++)
        {
            OptimizerCases.Step(root, k, optimizer, parameters);
            if (!expected.GetProperty("after").TryGetProperty($"{k + 1}", out JsonElement after)) continue;
            compared++;
            for (int i = 0; i < 2; i++)
                AssertClose(after[i].Floats(), parameters[i].Span, Tolerance,
                    $"{name} parameter {i} after step {k + 1}");
        }

        Assert.Equal(5, compared);
        Dictionary<string, Tensor> state = optimizer.State().ToDictionary(s => s.Name, s => s.Value);
        foreach (JsonProperty buffer in expected.GetProperty("buffers").EnumerateObject())
            AssertClose(buffer.Value.Floats(), state[buffer.Name].Span, Tolerance, $"{name} {buffer.Name}");
        Assert.Equal(
            expected.GetProperty("buffers").EnumerateObject().Select(b => b.Name).Order(),
            state.Keys.Where(n => n[^2] == '.').Order());
    }

    [Fact]
    public void Cases_OfTheFixture_AreAllHere()
    {
        using JsonDocument fixture = Fixture.Open("optimizers.json");
        Assert.Equal(
            fixture.RootElement.GetProperty("cases").EnumerateObject().Select(c => c.Name), OptimizerCases.All.Keys);
    }

    [Theory, MemberData(nameof(Cases))]
    public void LoadState_AfterFiveSteps_ContinuesBitForBit(string name)
    {
        using JsonDocument fixture = Fixture.Open("optimizers.json");
        JsonElement root = fixture.RootElement;
        Tensor[] parameters = OptimizerCases.Parameters(root.GetProperty("start"));
        Optimizer optimizer = OptimizerCases.All[name](parameters);
        for (int k = 0; k < 5; k++) OptimizerCases.Step(root, k, optimizer, parameters);

        foreach (ParameterGroup group in optimizer.Groups)
        {
            group.LearningRate *= 1.0 / 3; // no float holds it
            group.WeightDecay = 0.7;
        }

        Tensor[] copies = [.. parameters.Select(p => p.Detach().RequireGrad())];
        Optimizer resumed = OptimizerCases.All[name](copies);
        resumed.LoadState(optimizer.State().ToDictionary(s => "optimizer." + s.Name, s => s.Value),
            prefix: "optimizer.");
        Assert.Equal(optimizer.Groups.Select(g => g.LearningRate), resumed.Groups.Select(g => g.LearningRate));
        for (int k = 5; k < 20; k++)
        {
            OptimizerCases.Step(root, k, optimizer, parameters);
            OptimizerCases.Step(root, k, resumed, copies);
        }

        for (int i = 0; i < 2; i++) Assert.Equal(parameters[i].ToArray(), copies[i].ToArray());
    }

    [Theory, MemberData(nameof(Cases))]
    public void Step_WarmedUp_AllocatesNothing(string name)
    {
        using JsonDocument fixture = Fixture.Open("optimizers.json");
        Tensor[] parameters = OptimizerCases.Parameters(fixture.RootElement.GetProperty("start"));
        Optimizer optimizer = OptimizerCases.All[name](parameters);
        OptimizerCases.SetGradients(fixture.RootElement, 0, parameters);
        for (int k = 0; k < 10; k++) optimizer.Step(); // RAdam changes its rule after five
        Assert.Equal(0, AllocationMeter.Of(10, () =>
        {
            optimizer.Step();
            optimizer.LearningRate *= 0.9f;
        }));
        Assert.Equal(0, AllocationMeter.Of(1, () => optimizer.ZeroGrad()));
    }

    [Fact]
    public void State_StepsBeyondFloatPrecision_ComeBackExactly()
    {
        Tensor p = Tensor.Ones([1]).RequireGrad();
        var optimizer = new Adam([p]);
        Dictionary<string, Tensor> state = optimizer.State().ToDictionary(s => s.Name, s => s.Value);
        state["step"] = Tensor.From([16777215f, 3f], [1, 2]); // 2^26 - 1, which no float holds
        optimizer.LoadState(state);
        Gradients.Set(p, [1f]);
        optimizer.Step();
        Assert.Equal([0f, 4f], optimizer.State().Single(s => s.Name == "step").Value.ToArray());
    }

    [Fact]
    public void Step_AnyParameter_MarksItAsChanged()
    {
        Tensor p = Tensor.Ones([1]).RequireGrad();
        Gradients.Set(p, [1f]);
        int version = p.Core.Version;
        new Sgd([p], 0.1f).Step();
        Assert.NotEqual(version, p.Core.Version);
    }

    [Fact]
    public void New_WrongParameters_SaysWhich()
    {
        Tensor p = Tensor.Ones([2]).RequireGrad(), q = Tensor.Ones([2]);
        Assert.Equal(
            "Adam: the list of parameters is empty.", Assert.Throws<ArgumentException>(() => new Adam([])).Message);
        Assert.Equal(
            "Sgd: parameter 2 is the same tensor as parameter 0.",
            Assert.Throws<ArgumentException>(() => new Sgd([p, q, p], 0.1f)).Message);
        Tensor result = new Recur.Nn.Linear(2, 1).Forward(p);
        Assert.Equal(
            "AdamW: parameter 1 is the result of an operation, only leaves can be optimized.",
            Assert.Throws<ArgumentException>(() => new AdamW([p, result])).Message);
    }

    [Fact]
    public void New_ArgumentOutOfRange_SaysWhich()
    {
        Tensor[] p = [Tensor.Ones([2]).RequireGrad()];
        Check("Sgd: learningRate must be finite and not negative but was -0.1.", () => new Sgd(p, -0.1f));
        Check("Adam: learningRate must be finite and not negative but was NaN.", () => new Adam(p, float.NaN));
        Check("Sgd: momentum must be finite and not negative but was -0.5.", () => new Sgd(p, 0.1f, momentum: -0.5));
        Check("Sgd: weightDecay must be finite and not negative but was -1.", () => new Sgd(p, 0.1f, weightDecay: -1));
        Check("Sgd: dampening must be finite but was NaN.", () => new Sgd(p, 0.1f, dampening: double.NaN));
        Check(
            "Sgd: nesterov needs momentum above 0 and dampening 0 but they were 0 and 0.",
            () => new Sgd(p, 0.1f, nesterov: true));
        Check(
            "Sgd: nesterov needs momentum above 0 and dampening 0 but they were 0.9 and 0.1.",
            () => new Sgd(p, 0.1f, 0.9, 0.1, 0, true));
        Check("Adam: beta1 must be at least 0 and below 1 but was 1.", () => new Adam(p, beta1: 1));
        Check("AdamW: beta2 must be at least 0 and below 1 but was -0.1.", () => new AdamW(p, beta2: -0.1));
        Check("Adam: eps must be finite and not negative but was -1E-08.", () => new Adam(p, eps: -1e-8));
        Check(
            "AdamW: weightDecay must be finite and not negative but was NaN.",
            () => new AdamW(p, weightDecay: double.NaN));
        Check("RMSprop: alpha must be finite and not negative but was -0.1.", () => new RMSprop(p, alpha: -0.1));
        Check("RMSprop: momentum must be finite and not negative but was -1.", () => new RMSprop(p, momentum: -1));
        Check(
            "Adagrad: learningRateDecay must be finite and not negative but was -0.5.",
            () => new Adagrad(p, learningRateDecay: -0.5));
        Check(
            "Adagrad: initialAccumulatorValue must be finite and not negative but was -1.",
            () => new Adagrad(p, initialAccumulatorValue: -1));
        Check("Adadelta: rho must be from 0 to 1 but was 1.1.", () => new Adadelta(p, rho: 1.1));
        Check("Adamax: beta1 must be at least 0 and below 1 but was 1.", () => new Adamax(p, beta1: 1));
        Check("NAdam: momentumDecay must be finite and not negative but was -1.", () => new NAdam(p, momentumDecay: -1));
        Check("RAdam: beta2 must be at least 0 and below 1 but was 1.", () => new RAdam(p, beta2: 1));

        static void Check(string text, Func<object> make) =>
            Assert.Equal(text, Assert.Throws<ArgumentException>(make).Message);
    }

    [Fact]
    public void LoadState_Wrong_NamesEverythingAndChangesNothing()
    {
        var optimizer = new Adam([Tensor.Ones([2, 3]).RequireGrad(), Tensor.Ones([3]).RequireGrad()]);
        Dictionary<string, Tensor> state = optimizer.State().ToDictionary(s => s.Name, s => s.Value);
        state["learning_rate"] = ExactNumbers.ToTensor(-1);
        state["beta1"] = Tensor.From([0, 0.5f, 0, 0], [1, 4]);
        state["step"] = Tensor.From([0.5f, 0, 0, 0], [2, 2]);
        state["exp_avg.0"] = Tensor.Ones([3, 2]);
        state.Remove("exp_avg_sq.1");
        state["momentum_buffer.0"] = Tensor.Ones([1]);
        var error = Assert.Throws<ArgumentException>(() => optimizer.LoadState(state, "run.safetensors"));
        Assert.Equal(
            "run.safetensors: learning_rate must be finite and not negative but is -1; beta1 must hold whole numbers " +
            "below 2^16; step must hold pairs of whole numbers below 2^24; " +
            "exp_avg.0 must be [2, 3] but the file has [3, 2]; 1 entry is missing (exp_avg_sq.1); 1 is unknown (momentum_buffer.0).",
            error.Message);
        Assert.Equal(1e-3f, optimizer.LearningRate);
    }
}
