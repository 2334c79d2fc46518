using System.Text.Json;
using Recur.Nn;

namespace Recur.Tests.Nn;

/// <summary>Default-initialised modules against seeded_init.json: the same seed gives PyTorch's parameters, bit for
/// bit.</summary>
[Collection(AloneCollection.Name)]
public sealed class SeededInitTests
{
    private static readonly Dictionary<string, Func<Module>> ModuleCases = new()
    {
        ["Linear(10,1)"] = () => new Linear(10, 1),
        ["Rnn(1,10,2)"] = () => new Rnn(1, 10, 2),
    };

    public static TheoryData<string> Cases() => [.. ModuleCases.Keys];

    [Theory, MemberData(nameof(Cases))]
    public void New_AfterSeed_HasTorchsParameters(string name)
    {
        using JsonDocument fixture = Fixture.Open("seeded_init.json");
        foreach (JsonProperty seed in fixture.RootElement.GetProperty("cases").GetProperty(name).EnumerateObject())
        {
            Module module = DefaultRng.Seeded(ulong.Parse(seed.Name), ModuleCases[name]);
            Assert.Equal(
                seed.Value.EnumerateObject().Select(p => p.Name), module.NamedParameters().Select(p => p.Name));
            foreach ((string parameter, Tensor value) in module.NamedParameters())
            {
                JsonElement expected = seed.Value.GetProperty(parameter);
                float[] values = value.ToArray();
                int shown = Math.Min(4, values.Length);
                Assert.Equal(new Shape(expected.Ints("shape")), value.Shape);
                Assert.Equal(expected.Floats("head"), values[..shown]);
                Assert.Equal(expected.Floats("tail"), values[^shown..]);
                Assert.Equal(
                    expected.GetProperty("sum").GetDouble(), values.Sum(v => (double)v),
                    1e-9); // summed in another order
            }
        }
    }
}
