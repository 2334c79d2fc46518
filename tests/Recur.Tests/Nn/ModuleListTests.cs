using Recur.Nn;

namespace Recur.Tests.Nn;

public sealed class ModuleListTests
{
    private sealed class Model : Module
    {
        public Model()
        {
            Layers = Register("layers", new ModuleList<Linear>(new Linear(2, 3), new Linear(3, 1)));
            Heads = Register("heads", new ModuleDict<Linear>());
            Heads.Add("price", new Linear(1, 1, bias: false));
        }

        public ModuleList<Linear> Layers { get; }

        public ModuleDict<Linear> Heads { get; }
    }

    [Fact]
    public void ModuleList_InAModule_NamesParametersByNumber()
    {
        var model = new Model();
        Assert.Equal(
            ["layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias", "heads.price.weight"],
            model.StateDict().Keys);
        model.Layers.Add(new Linear(1, 1, bias: false));
        Assert.Equal(3, model.Layers.Count);
        Assert.Contains("layers.2.weight", model.StateDict().Keys);
        Assert.Equal(model.Layers, [model.Layers[0], model.Layers[1], model.Layers[2]]);
        model.Eval();
        Assert.False(model.Layers[2].IsTraining);
    }

    [Fact]
    public void ModuleDict_ByName_FindsItsModules()
    {
        ModuleDict<Linear> heads = new Model().Heads;
        Assert.Same(heads["price"], heads.Values.Single());
        Assert.True(heads.ContainsKey("price"));
        Assert.False(heads.TryGetValue("volume", out _));
        Assert.Equal(["price"], heads.Keys);
        Assert.Equal(
            "ModuleDict: there is no module \"volume\".",
            Assert.Throws<KeyNotFoundException>(() => heads["volume"]).Message);
        Assert.StartsWith(
            "ModuleDict`1: the name \"price\" is registered twice.",
            Assert.Throws<ArgumentException>(() => heads.Add("price", new Linear(1, 1))).Message);
    }

    [Fact]
    public void Add_Null_SaysWhich() => Assert.Equal(
        "ModuleList: module 1 is null.",
        Assert.Throws<ArgumentException>(() => new ModuleList<Linear>(new Linear(1, 1), null!)).Message);
}
