using System.Text.Json;
using Recur.Optim;
using static Recur.Tests.FixtureExtensions;

namespace Recur.Tests.Optim;

public sealed class OptimizerTests
{
    // Ten steps of about ten roundings each; PyTorch fuses some products and sums, we none.
    private const double Tolerance = 1e-6;

    /// <summary>One row per configuration of make_optim.py.</summary>
    private static readonly Dictionary<string, Func<Tensor[], Optimizer>> OptimizerCases = new()
    {
        ["Sgd"] = p => new Sgd(p, 0.1f),
        ["Sgd.WeightDecay"] = p => new Sgd(p, 0.1f, weightDecay: 0.05),
        ["Sgd.Momentum"] = p => new Sgd(p, 0.05f, momentum: 0.9),
        ["Sgd.MomentumDampening"] = p => new Sgd(p, 0.05f, momentum: 0.8, dampening: 0.3, weightDecay: 0.01),
        ["Sgd.Nesterov"] = p => new Sgd(p, 0.05f, momentum: 0.9, nesterov: true, weightDecay: 0.02),
        ["Adam"] = p => new Adam(p, 0.005f),
        ["Adam.Defaults"] = p => new Adam(p),
        ["Adam.All"] = p => new Adam(p, 0.02f, 0.8, 0.99, 1e-6, 0.1),
        ["AdamW.Defaults"] = p => new AdamW(p),
        ["AdamW.All"] = p => new AdamW(p, 0.02f, 0.8, 0.99, 1e-6, 0.3),
    };

    public static TheoryData<string> Cases() => [.. OptimizerCases.Keys];

    private static Tensor[] Parameters(JsonElement root) =>
    [
        Tensor.From(root.GetProperty("start")[0].Floats(), [3, 7]).RequireGrad(),
        Tensor.From(root.GetProperty("start")[1].Floats(), [5]).RequireGrad(),
    ];

    /// <summary>Gives the parameters the fixture's gradients of one step; the second has none in steps 3 and
    /// 4.</summary>
    internal static void SetGradients(JsonElement root, int step, Tensor[] parameters)
    {
        for (int i = 0; i < parameters.Length; i++)
        {
            parameters[i].ZeroGrad();
            if (i == 1 && step is 3 or 4) continue;
            Gradients.Set(parameters[i], root.GetProperty("grads")[step][i].Floats());
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Step_TenTimes_MatchesTorch(string name)
    {
        using JsonDocument fixture = Fixture.Open("optim.json");
        JsonElement root = fixture.RootElement;
        JsonElement expected = root.GetProperty("cases").GetProperty(name);
        Tensor[] parameters = Parameters(root);
        Optimizer optimizer = OptimizerCases[name](parameters);
        for (int k = 0; k < 10; k++)
        {
            SetGradients(root, k, parameters);
            optimizer.Step();
            if (!expected.GetProperty("after").TryGetProperty($"{k + 1}", out JsonElement after)) continue;
            for (int i = 0; i < 2; i++)
                AssertClose(after[i].Floats(), parameters[i].Span, Tolerance,
                    $"{name} parameter {i} after step {k + 1}");
        }

        Dictionary<string, Tensor> state = optimizer.State().ToDictionary(s => s.Name, s => s.Value);
        foreach (JsonProperty buffer in expected.GetProperty("buffers").EnumerateObject())
            AssertClose(buffer.Value.Floats(), state[buffer.Name].Span, Tolerance, $"{name} {buffer.Name}");
    }

    [Theory, MemberData(nameof(Cases))]
    public void LoadState_AfterFiveSteps_ContinuesBitForBit(string name)
    {
        using JsonDocument fixture = Fixture.Open("optim.json");
        JsonElement root = fixture.RootElement;
        Tensor[] parameters = Parameters(root);
        Optimizer optimizer = OptimizerCases[name](parameters);
        for (int k = 0; k < 5; k++)
        {
            SetGradients(root, k, parameters);
            optimizer.Step();
        }

        optimizer.LearningRate *= 0.5f;
        Tensor[] copies = [.. parameters.Select(p => p.Detach().RequireGrad())];
        Optimizer resumed = OptimizerCases[name](copies);
        resumed.LoadState(optimizer.State().ToDictionary(s => "optimizer." + s.Name, s => s.Value),
            prefix: "optimizer.");
        for (int k = 5; k < 10; k++)
        {
            SetGradients(root, k, parameters);
            optimizer.Step();
            SetGradients(root, k, copies);
            resumed.Step();
        }

        for (int i = 0; i < 2; i++) Assert.Equal(parameters[i].ToArray(), copies[i].ToArray());
    }

    [Theory, MemberData(nameof(Cases))]
    public void Step_WarmedUp_AllocatesNothing(string name)
    {
        using JsonDocument fixture = Fixture.Open("optim.json");
        Tensor[] parameters = Parameters(fixture.RootElement);
        Optimizer optimizer = OptimizerCases[name](parameters);
        SetGradients(fixture.RootElement, 0, parameters);
        optimizer.Step();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int k = 0; k < 10; k++)
        {
            optimizer.Step();
            optimizer.ZeroGrad();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
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

        static void Check(string text, Func<object> make) =>
            Assert.Equal(text, Assert.Throws<ArgumentException>(make).Message);
    }

    [Fact]
    public void LoadState_Wrong_NamesEverythingAndChangesNothing()
    {
        var optimizer = new Adam([Tensor.Ones([2, 3]).RequireGrad(), Tensor.Ones([3]).RequireGrad()]);
        Dictionary<string, Tensor> state = optimizer.State().ToDictionary(s => s.Name, s => s.Value);
        state["learning_rate"] = Tensor.Scalar(-1f);
        state["step"] = Tensor.From([0.5f, 0, 0, 0], [2, 2]);
        state["exp_avg.0"] = Tensor.Ones([3, 2]);
        state.Remove("exp_avg_sq.1");
        state["momentum_buffer.0"] = Tensor.Ones([1]);
        var error = Assert.Throws<ArgumentException>(() => optimizer.LoadState(state, "run.safetensors"));
        Assert.Equal(
            "run.safetensors: learning_rate must be finite and not negative but is -1; step must hold pairs of whole numbers below 2^24; " +
            "exp_avg.0 must be [2, 3] but the file has [3, 2]; 1 entry is missing (exp_avg_sq.1); 1 is unknown (momentum_buffer.0).",
            error.Message);
        Assert.Equal(1e-3f, optimizer.LearningRate);
    }
}
