using System.Text.Json;
using Recur.Optim;
using static Recur.Tests.FixtureExtensions;

namespace Recur.Tests.Optim;

/// <summary>Training that was begun in PyTorch goes on here.</summary>
public sealed class TorchOptimizerStateTests
{
    // Twenty steps of about ten roundings each, as in OptimizerTests.
    private const double Tolerance = 2e-6;

    public static TheoryData<string> Cases()
    {
        using JsonDocument fixture = Fixture.Open("optimizers.json");
        return [.. fixture.RootElement.GetProperty("resume").EnumerateObject().Select(c => c.Name)];
    }

    private static TorchOptimizerState Read(JsonElement dictionary) => new(
        dictionary.GetProperty("state").EnumerateObject().ToDictionary(
            p => int.Parse(p.Name), p => (IReadOnlyDictionary<string, Tensor>)p.Value.EnumerateObject().ToDictionary(
                t => t.Name, t => Tensor.From(t.Value.Floats("values"), new Shape(t.Value.Ints("shape"))))),
        [
            .. dictionary.GetProperty("groups").EnumerateArray().Select(g => new TorchParameterGroup(
                g.Ints("params"), g.GetProperty("options").EnumerateObject().ToDictionary(
                    o => o.Name, o => (IReadOnlyList<double>)[.. o.Value.EnumerateArray().Select(v => v.GetDouble())]))),
        ]);

    [Theory, MemberData(nameof(Cases))]
    public void LoadTorchState_AfterFiveSteps_ContinuesAsTorch(string name)
    {
        using JsonDocument fixture = Fixture.Open("optimizers.json");
        JsonElement root = fixture.RootElement, expected = root.GetProperty("resume").GetProperty(name);
        Tensor[] parameters = OptimizerCases.Parameters(expected.GetProperty("start"));
        Optimizer optimizer = OptimizerCases.All[name](parameters);
        foreach (ParameterGroup group in optimizer.Groups)
        {
            group.LearningRate = 99; // must come from PyTorch
            group.WeightDecay = 77;
        }

        optimizer.LoadTorchState(Read(expected));
        for (int k = 0; k < 20; k++) OptimizerCases.Step(root, (k + 5) % 20, optimizer, parameters);
        JsonElement end = expected.GetProperty("end");
        for (int i = 0; i < 2; i++)
            AssertClose(end[i].Floats(), parameters[i].Span, Tolerance, $"{name} parameter {i}");
    }

    /// <summary>What was here before must not be mixed into what comes from PyTorch.</summary>
    [Fact]
    public void LoadTorchState_ParameterWithoutState_BeginsAnew()
    {
        Tensor[] parameters = [Tensor.Ones([2]).RequireGrad(), Tensor.Ones([2]).RequireGrad()];
        var adam = new Adam(parameters);
        foreach (Tensor p in parameters) Gradients.Set(p, [1f, 2f]);
        adam.Step();
        var entry = new Dictionary<string, Tensor>
        {
            ["step"] = Tensor.Scalar(7), ["exp_avg"] = Tensor.Ones([2]), ["exp_avg_sq"] = Tensor.Ones([2]),
        };
        adam.LoadTorchState(new TorchOptimizerState(
            new Dictionary<int, IReadOnlyDictionary<string, Tensor>> { [1] = entry }, [Group(0, 1)]));
        Dictionary<string, Tensor> state = adam.State().ToDictionary(s => s.Name, s => s.Value);
        Assert.Equal([0f, 0, 7, 0], state["step"].ToArray());
        Assert.Equal([0f, 0], state["exp_avg.0"].ToArray());
        Assert.Equal([1f, 1], state["exp_avg.1"].ToArray());
        Assert.Equal(0.25, adam.Groups[0].LearningRate);
        Assert.Equal(0.5, adam.Groups[0].Beta1);
        Assert.Equal(0.125, adam.Groups[0].InitialLearningRate);
    }

    private static TorchParameterGroup Group(params int[] parameters) => new(
        parameters, new Dictionary<string, IReadOnlyList<double>>
        {
            ["lr"] = [0.25], ["betas"] = [0.5, 0.75], ["initial_lr"] = [0.125],
        });

    [Fact]
    public void LoadTorchState_Wrong_NamesEverythingAndChangesNothing()
    {
        var adam = new Adam([Tensor.Ones([2]).RequireGrad()]);
        var entry = new Dictionary<string, Tensor>
        {
            ["step"] = Tensor.Scalar(0.5f), ["exp_avg"] = Tensor.Ones([3]), ["square_avg"] = Tensor.Ones([2]),
        };
        var state = new Dictionary<int, IReadOnlyDictionary<string, Tensor>> { [0] = entry };
        var options = new Dictionary<string, IReadOnlyList<double>>
        {
            ["betas"] = [0.5, 1.5], ["amsgrad"] = [1], ["eps"] = [1e-3],
        };
        var error = Assert.Throws<ArgumentException>(() => adam.LoadTorchState(
            new TorchOptimizerState(state, [new TorchParameterGroup([0], options)]), "adam.pt"));
        Assert.Equal(
            "adam.pt: param_groups.0.betas must be at least 0 and below 1 but is 1.5; param_groups.0.amsgrad is 1 but " +
            "the optimizer was made with 0; state.0.step must be a whole number but is 0.5; state.0.exp_avg must be [2] but " +
            "the file has [3]; 2 entries are missing (param_groups.0.lr, state.0.exp_avg_sq); 1 is unknown (state.0.square_avg).",
            error.Message);
        Assert.Equal((1e-3f, 1e-8), (adam.LearningRate, adam.Groups[0].Eps!.Value));

        error = Assert.Throws<ArgumentException>(
            () => adam.LoadTorchState(new TorchOptimizerState(state, [Group(0), Group(1)])));
        Assert.Equal(
            "Adam.LoadTorchState: the state has 2 groups of parameters but the optimizer has 1.", error.Message);
        error = Assert.Throws<ArgumentException>(() => adam.LoadTorchState(new TorchOptimizerState(state, [Group(0, 1)])));
        Assert.Equal(
            "Adam.LoadTorchState: the state has 2 parameters in group 0 but the optimizer has 1.", error.Message);
    }
}
