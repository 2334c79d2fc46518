using Recur.Nn;
using Recur.Peers;

namespace Recur.ParityTests;

/// <summary>Single steps that carry their state, against PyTorch's layers called step by step.</summary>
public sealed class SessionParityTests(PyTorchOracle pytorch)
{
    private const int Cases = 60;

    public static TheoryData<string> Cells => [.. Cell.All.Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Cells))]
    public void Step_RandomLayers_MatchesPyTorch(string name)
    {
        var cell = Cell.Named(name);
        var random = new Random(7);
        for (int i = 0; i < Cases; i++)
        {
            int steps = random.Next(1, 20), n = random.Next(1, 6), h = random.Next(2, 71);
            var c = new LayerCase(cell, T: 1, n, I: random.Next(1, 71), h, L: random.Next(1, 4))
            {
                Bias = random.Next(4) != 0,
                Relu = random.Next(4) == 0 && cell == Cell.Rnn,
                ProjSize = random.Next(4) == 0 && cell == Cell.Lstm ? random.Next(1, h) : 0,
            };
            LayerUnderTest layer = c.Cell.Create(c);
            foreach (Tensor p in layer.Module.Parameters())
                p.CopyFrom(PeerTensor.Uniform(random, p.Length, 1f / MathF.Sqrt(h)));
            float[] x = PeerTensor.Uniform(random, steps * n * c.I), y = new float[steps * n * c.OutputSize];
            RecurrentSession session = ((RecurrentLayer)layer.Module).CreateSession(n);
            for (int s = 0; s < steps; s++)
                session.Step(x.AsSpan(s * n * c.I, n * c.I), y.AsSpan(s * n * c.OutputSize, n * c.OutputSize));

            IReadOnlyList<PeerTensor> expected = pytorch.Compute(
                "stream", c.Options(train: false),
                [new("x", [steps, n, c.I], x), .. PeerTensor.OfParameters(layer.Module)]);
            string? difference = Agreement.Check(expected, [new("y", [steps, n, c.OutputSize], y)]);
            Assert.True(difference is null, $"case {i}, {steps} steps of {c}: {difference}");
        }
    }
}
