using Recur.Nn;

namespace Recur.Tests.Nn;

public sealed class ModuleTests
{
    private sealed class Pair : Module
    {
        public Linear Encoder { get; }
        public Linear Head { get; }
        public Tensor Scale { get; }

        public Pair(bool tied = false)
        {
            Scale = Register("scale", Tensor.Ones([2]));
            Encoder = Register("encoder", new Linear(3, 2));
            Head = Register("head", tied ? Encoder : new Linear(2, 1, bias: false));
        }

        public void Add(string name, Tensor value) => Register(name, value);
    }

    private static Dictionary<string, Tensor> Copy(Module module) =>
        module.StateDict().ToDictionary(e => e.Key, e => e.Value.Detach());

    [Fact]
    public void StateDict_Nested_HasTorchsNamesInOrder() =>
        Assert.Equal(["scale", "encoder.weight", "encoder.bias", "head.weight"], new Pair().StateDict().Keys);

    [Fact]
    public void NamedParameters_SharedModule_ListsItsParametersOnce()
    {
        var pair = new Pair(tied: true);
        Assert.Equal(["scale", "encoder.weight", "encoder.bias"], pair.NamedParameters().Select(p => p.Name));
        Assert.Equal(5, pair.StateDict().Count);
        Assert.Equal(3, pair.Parameters().Count);
    }

    [Fact]
    public void Parameters_AfterALateRegistrationBelow_AreComplete()
    {
        var inner = new Pair();
        var outer = new Pair();
        Assert.Equal(4, outer.Parameters().Count);
        outer.Add("extra", Tensor.Ones([1]));
        Assert.Equal(5, outer.Parameters().Count);
        var sequential = new Sequential(inner.Encoder);
        Assert.Equal(2, sequential.Parameters().Count);
        Assert.Same(sequential.Parameters(), sequential.Parameters());
    }

    [Fact]
    public void LoadStateDict_OfAnotherModule_CopiesItsValues()
    {
        var source = new Pair();
        var target = new Pair();
        target.LoadStateDict(source.StateDict());
        Assert.Equal(source.Encoder.Weight.ToArray(), target.Encoder.Weight.ToArray());
        Assert.NotEqual(source.Encoder.Weight, target.Encoder.Weight);
    }

    [Fact]
    public void LoadStateDict_WithPrefix_PassesOtherNamesOver()
    {
        var source = new Pair();
        Dictionary<string, Tensor> state = source.StateDict().ToDictionary(e => "model." + e.Key, e => e.Value);
        state["optimizer.step"] = Tensor.Zeros([4, 2]);
        var target = new Pair();
        target.LoadStateDict(state, prefix: "model.");
        Assert.Equal(source.Head.Weight.ToArray(), target.Head.Weight.ToArray());
    }

    [Fact]
    public void LoadStateDict_EverythingWrong_SaysAllInOneSentenceAndLoadsNothing()
    {
        var pair = new Pair();
        float[] before = pair.Scale.ToArray();
        Dictionary<string, Tensor> state = Copy(pair);
        state["scale"] = Tensor.Zeros([2]);
        state["encoder.weight"] = Tensor.Zeros([3, 2]);
        state.Remove("encoder.bias");
        state.Remove("head.weight");
        state["head.bias"] = Tensor.Zeros([1]);
        var error = Assert.Throws<ArgumentException>(() => pair.LoadStateDict(state, source: "lstm.safetensors"));
        Assert.Equal(
            "lstm.safetensors: encoder.weight must be [2, 3] but the file has [3, 2]; " +
            "2 parameters are missing (encoder.bias, head.weight); 1 is unknown (head.bias).",
            error.Message);
        Assert.Equal(before, pair.Scale.ToArray());
    }

    [Fact]
    public void LoadStateDict_OneProblem_ReadsWell()
    {
        var pair = new Pair();
        Check(s => s["scale"] = Tensor.Zeros([3]), "Pair.LoadStateDict: scale must be [2] but the state has [3].");
        Check(s => s.Remove("scale"), "Pair.LoadStateDict: 1 parameter is missing (scale).");
        Check(s => s["x"] = Tensor.Zeros([1]), "Pair.LoadStateDict: 1 parameter is unknown (x).");
        Check(
            s => { s["x"] = Tensor.Zeros([1]); s["y"] = Tensor.Zeros([1]); },
            "Pair.LoadStateDict: 2 parameters are unknown (x, y).");

        void Check(Action<Dictionary<string, Tensor>> spoil, string text)
        {
            Dictionary<string, Tensor> state = Copy(pair);
            spoil(state);
            Assert.Equal(text, Assert.Throws<ArgumentException>(() => pair.LoadStateDict(state)).Message);
        }
    }

    [Fact]
    public void LoadStateDict_NotStrict_LoadsWhatFitsAndReportsTheRest()
    {
        var pair = new Pair();
        StateDictDifference difference = pair.LoadStateDict(
            new Dictionary<string, Tensor> { ["scale"] = Tensor.From([5f, 6f]), ["other"] = Tensor.Zeros([1]) },
                strict: false);
        Assert.Equal(["encoder.weight", "encoder.bias", "head.weight"], difference.Missing);
        Assert.Equal(["other"], difference.Unknown);
        Assert.Equal([5f, 6f], pair.Scale.ToArray());

        var wrong = new Dictionary<string, Tensor> { ["scale"] = Tensor.Zeros([3]) };
        var error = Assert.Throws<ArgumentException>(() => pair.LoadStateDict(wrong, strict: false));
        Assert.Equal("Pair.LoadStateDict: scale must be [2] but the state has [3].", error.Message);
    }

    [Fact]
    public void RequireGrad_False_FreezesAllParameters()
    {
        var pair = new Pair();
        pair.RequireGrad(false);
        Assert.All(pair.Parameters(), p => Assert.False(p.RequiresGrad));
        Assert.False(pair.Encoder.Forward(Tensor.Ones([3])).RequiresGrad);
        pair.Encoder.RequireGrad();
        Assert.Equal([false, true, true, false], pair.Parameters().Select(p => p.RequiresGrad));
    }

    [Fact]
    public void Register_NameTwiceOrDotted_IsAnError()
    {
        var pair = new Pair();
        var error = Assert.Throws<ArgumentException>(() => pair.Add("scale", Tensor.Ones([1])));
        Assert.Equal("Pair: the name \"scale\" is registered twice. (Parameter 'name')", error.Message);
        error = Assert.Throws<ArgumentException>(() => pair.Add("a.b", Tensor.Ones([1])));
        Assert.Equal("Pair: the name \"a.b\" must not contain a dot. (Parameter 'name')", error.Message);
    }

    [Fact]
    public void TrainAndEval_Nested_ReachTheChildren()
    {
        var pair = new Pair();
        pair.Eval();
        Assert.False(pair.Encoder.IsTraining);
        pair.Train();
        Assert.True(pair.Encoder.IsTraining);
    }
}
