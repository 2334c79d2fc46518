using Recur.Peers;

namespace Recur.ParityTests;

/// <summary>Random sizes and options: every recurrent layer against PyTorch.</summary>
public sealed class LayerParityTests(PyTorchOracle pytorch)
{
    private const int Blocks = 10;            // one test each for every cell, so that a failure names its block
    private const int CasesPerBlock = 100;

    /// <summary>A pre-activation within rounding of 0 lies on the other side of relu's kink for another order of
    /// summation, and its gradient is there or not. Among some 10⁷ units of a block that happens; not twice for one
    /// configuration.</summary>
    private const int ReluTries = 3;

    public static MatrixTheoryData<string, int> CellsAndSeeds =>
        new(Cell.All.Select(c => c.Name), Enumerable.Range(0, Blocks));

    [Theory]
    [MemberData(nameof(CellsAndSeeds))]
    public void ForwardBackward_RandomConfigurations_MatchPyTorch(string cell, int seed)
    {
        Random configurations = new(seed), random = new(2000 + seed);
        for (int i = 0; i < CasesPerBlock; i++)
        {
            LayerCase c = RandomLayers.Next(Cell.Named(cell), configurations);
            string? difference = CompareWithPyTorch(c, random);
            for (int tries = 1; difference is not null && c.Relu && tries < ReluTries; tries++)
                difference = CompareWithPyTorch(c, random);
            string lengths = c.Lengths is null ? "" : $" {string.Join(' ', c.Lengths)}";
            Assert.True(difference is null, $"block {seed}, case {i}, {c}{lengths}: {difference}");
        }
    }

    private string? CompareWithPyTorch(LayerCase c, Random random)
    {
        (LayerUnderTest layer, List<PeerTensor> tensors) = RandomLayers.Create(c, random);
        IReadOnlyList<PeerTensor> expected = pytorch.Compute("layer", c.Options(train: true), tensors);
        return Agreement.Check(expected, RandomLayers.ForwardBackward(c, layer, tensors));
    }
}
