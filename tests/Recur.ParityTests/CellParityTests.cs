using System.Text.Json.Nodes;
using Recur.Nn;
using Recur.Peers;

namespace Recur.ParityTests;

/// <summary>Cells that a user steps over time, against PyTorch's cells.</summary>
public sealed class CellParityTests(PyTorchOracle pytorch)
{
    private const int Cases = 60;

    [Fact]
    public void RnnCell_RandomSizesInALoop_MatchesPyTorch()
    {
        var random = new Random(4);
        for (int i = 0; i < Cases; i++)
        {
            (int t, int n, int inputs, int hidden) = (random.Next(1, 20), random.Next(1, 6), random.Next(1, 40), random.Next(1, 40));
            (bool bias, bool relu, bool withState) = (random.Next(4) != 0, random.Next(4) == 0, random.Next(2) == 0);
            var cell = new RnnCell(inputs, hidden, bias, relu ? Nonlinearity.Relu : Nonlinearity.Tanh);
            foreach (Tensor p in cell.Parameters()) p.CopyFrom(PeerTensor.Uniform(random, p.Length, 1f / MathF.Sqrt(hidden)));
            List<PeerTensor> tensors =
            [
                new("x", [t, n, inputs], PeerTensor.Uniform(random, t * n * inputs)),
                new("gy", [t, n, hidden], PeerTensor.Uniform(random, t * n * hidden)),
                .. PeerTensor.OfParameters(cell),
            ];
            if (withState) tensors.Add(new("h0", [n, hidden], PeerTensor.Uniform(random, n * hidden)));
            var options = new JsonObject
            {
                ["cell"] = "RNN",
                ["input"] = inputs,
                ["hidden"] = hidden,
                ["bias"] = bias,
                ["nonlinearity"] = relu ? "relu" : "tanh",
            };
            string? difference = Agreement.Check(pytorch.Compute("cell", options, tensors), Loop(cell, tensors, t, withState));
            Assert.True(difference is null, $"case {i}, ({t},{n},{inputs},{hidden}) {options.ToJsonString()}: {difference}");
        }
    }

    private static List<PeerTensor> Loop(RnnCell cell, List<PeerTensor> tensors, int steps, bool withState)
    {
        Tensor x = RandomLayers.ToTensor(tensors, "x").RequireGrad(), gy = RandomLayers.ToTensor(tensors, "gy");
        Tensor? h0 = withState ? RandomLayers.ToTensor(tensors, "h0").RequireGrad() : null, h = h0, loss = null;
        var y = new List<float>();
        for (int s = 0; s < steps; s++)
        {
            h = cell.Forward(x.Select(0, s), h);
            y.AddRange(h.Value.Span);
            Tensor term = (h.Value * gy.Select(0, s)).Sum();
            loss = loss is { } sum ? sum + term : term;
        }

        loss!.Value.Backward();
        List<PeerTensor> results = [new("y", gy.Shape.AsSpan().ToArray(), [.. y]), PeerTensor.Of("grad.x", x.Grad!.Value)];
        if (h0 is { } state) results.Add(PeerTensor.Of("grad.h0", state.Grad!.Value));
        results.AddRange(PeerTensor.OfGradients(cell));
        return results;
    }
}
