using Recur.Peers;

namespace Recur.ParityTests;

/// <summary>Random sizes and options: every recurrent layer against ONNX Runtime, forward.</summary>
public sealed class OnnxParityTests
{
    private const int Blocks = 10; // one test each for every cell, so that a failure names its block
    private const int CasesPerBlock = 60;

    public static MatrixTheoryData<string, int> CellsAndSeeds =>
        new(Cell.All.Select(c => c.Name), Enumerable.Range(0, Blocks));

    [Theory]
    [MemberData(nameof(CellsAndSeeds))]
    public void Forward_RandomConfigurations_MatchOnnxRuntime(string cell, int seed)
    {
        Random configurations = new(1000 + seed), random = new(3000 + seed);
        for (int i = 0; i < CasesPerBlock; i++)
        {
            LayerCase c = RandomLayers.Next(Cell.Named(cell), configurations);
            // ONNX has no projection, and does not say what becomes of the state of a sequence without steps.
            c = c with { ProjSize = 0, Lengths = c.Lengths?.Select(l => Math.Max(1, l)).ToArray() };
            (LayerUnderTest layer, List<PeerTensor> tensors) = RandomLayers.Create(c, random);
            using OnnxSession onnx = OnnxLayer.Open(c, tensors, threads: 1);
            string? difference = Agreement.Check(onnx.Run(), RandomLayers.Forward(c, layer, tensors));
            Assert.True(difference is null, $"block {seed}, case {i}, {c}: {difference}");
        }
    }
}
