using System.Text.Json.Nodes;
using Recur.Peers;

namespace Recur.ParityTests;

/// <summary>Dropout between layers: after the same seed Recur and PyTorch draw the same masks, in the same order of
/// steps and sequences.</summary>
[Collection(AloneCollection.Name)]
public sealed class DropoutParityTests(PyTorchOracle pytorch)
{
    private const int Cases = 60;
    private static readonly float[] Probabilities = [0.1f, 0.25f, 0.5f, 0.8f, 1f];

    public static TheoryData<string> Cells => [.. Cell.All.Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Cells))]
    public void ForwardBackward_SameSeed_MatchesPyTorch(string cell)
    {
        Random configurations = new(5), random = new(6);
        for (int i = 0; i < Cases; i++)
        {
            LayerCase c = RandomLayers.Next(Cell.Named(cell), configurations) with
            {
                L = configurations.Next(2, 4),
                Relu = false, // its kink is the other test's matter
                Dropout = Probabilities[configurations.Next(Probabilities.Length)],
            };
            (LayerUnderTest layer, List<PeerTensor> tensors) = RandomLayers.Create(c, random);
            JsonObject options = c.Options(train: true);
            options["seed"] = i;
            IReadOnlyList<PeerTensor> expected = pytorch.Compute("layer", options, tensors);
            Rng.Seed((ulong)i);
            string? difference = Agreement.Check(expected, RandomLayers.ForwardBackward(c, layer, tensors));
            Assert.True(difference is null, $"case {i}, {c}: {difference}");
        }
    }
}
