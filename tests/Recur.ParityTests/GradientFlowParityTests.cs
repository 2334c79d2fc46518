using Recur.Peers;
using Recur.Training;

namespace Recur.ParityTests;

/// <summary>dLoss/dh_t of random layers against what PyTorch's retain_grad keeps of every state.</summary>
public sealed class GradientFlowParityTests(PyTorchOracle pytorch)
{
    private const int Cases = 40;

    public static TheoryData<string> Cells => [.. Cell.All.Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Cells))]
    public void Norms_RandomConfigurations_MatchPyTorch(string cell)
    {
        Random configurations = new(7), random = new(8);
        for (int i = 0; i < Cases; i++)
        {
            LayerCase c = RandomLayers.Next(Cell.Named(cell), configurations) with { Relu = false }; // kinks: see LayerParityTests
            (LayerUnderTest layer, List<PeerTensor> tensors) = RandomLayers.Create(c, random);
            using var flow = new GradientFlow(layer.Module);
            RandomLayers.ForwardBackward(c, layer, tensors);
            flow.Record();

            var norms = PeerTensor.Zeros("norms", c.L * c.D, c.T);
            for (int l = 0; l < flow.Layers.Count; l++) flow.Layers[l].Norms.CopyTo(norms.Values.AsSpan(l * c.T));
            string? difference = Agreement.Check(
                pytorch.Compute("state_gradients", c.Options(train: true), tensors), [norms],
                _ => Agreement.GradientTolerance);
            Assert.True(difference is null, $"case {i}, {c}: {difference}");
        }
    }
}
