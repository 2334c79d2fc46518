using System.Text.Json.Nodes;
using Recur.Nn;
using Recur.Peers;

namespace Recur.ParityTests;

/// <summary>Cells that a user steps over time, against PyTorch's cells.</summary>
public sealed class CellParityTests(PyTorchOracle pytorch)
{
    private const int Cases = 60;

    public static TheoryData<string> Cells => [.. Cell.All.Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Cells))]
    public void Cell_RandomSizesInALoop_MatchesPyTorch(string name)
    {
        var kind = Cell.Named(name);
        var random = new Random(4);
        for (int i = 0; i < Cases; i++)
        {
            int t = random.Next(1, 20), n = random.Next(1, 6), inputs = random.Next(1, 71), hidden = random.Next(1, 71);
            bool bias = random.Next(4) != 0, relu = random.Next(4) == 0 && kind == Cell.Rnn;
            bool withState = random.Next(2) == 0;
            (Module cell, Func<Tensor, Tensor[]?, Tensor[]> step) = Create(name, inputs, hidden, bias, relu);
            foreach (Tensor p in cell.Parameters())
                p.CopyFrom(PeerTensor.Uniform(random, p.Length, 1f / MathF.Sqrt(hidden)));
            List<PeerTensor> tensors =
            [
                new("x", [t, n, inputs], PeerTensor.Uniform(random, t * n * inputs)),
                new("gy", [t, n, hidden], PeerTensor.Uniform(random, t * n * hidden)),
                .. PeerTensor.OfParameters(cell),
            ];
            foreach (string s in kind.States)
            {
                tensors.Add(new($"g{s}n", [n, hidden], PeerTensor.Uniform(random, n * hidden)));
                if (withState) tensors.Add(new(s + "0", [n, hidden], PeerTensor.Uniform(random, n * hidden)));
            }

            var options = new JsonObject
            {
                ["cell"] = name,
                ["input"] = inputs,
                ["hidden"] = hidden,
                ["bias"] = bias,
                ["nonlinearity"] = relu ? "relu" : "tanh",
            };
            string? difference = Agreement.Check(
                pytorch.Compute("cell", options, tensors),
                [.. Loop(kind, step, tensors, t, withState), .. PeerTensor.OfGradients(cell)]);
            Assert.True(
                difference is null, $"case {i}, ({t},{n},{inputs},{hidden}) {options.ToJsonString()}: {difference}");
        }
    }

    /// <summary>Recur's cell, and its step from the states before to the states after.</summary>
    private static (Module Cell, Func<Tensor, Tensor[]?, Tensor[]> Step) Create(
        string name, int inputs, int hidden, bool bias, bool relu)
    {
        switch (name)
        {
            case "RNN":
                var rnn = new RnnCell(inputs, hidden, bias, relu ? Nonlinearity.Relu : Nonlinearity.Tanh);
                return (rnn, (x, s) => [rnn.Forward(x, s?[0])]);
            case "GRU":
                var gru = new GruCell(inputs, hidden, bias);
                return (gru, (x, s) => [gru.Forward(x, s?[0])]);
            default:
                var lstm = new LstmCell(inputs, hidden, bias);
                return (lstm, (x, s) =>
                {
                    (Tensor h, Tensor c) = lstm.Forward(x, s is [var h0, var c0] ? new LstmState(h0, c0) : null);
                    return [h, c];
                }
                );
        }
    }

    private static List<PeerTensor> Loop(
        Cell kind, Func<Tensor, Tensor[]?, Tensor[]> step, List<PeerTensor> tensors, int steps, bool withState)
    {
        Tensor x = RandomLayers.ToTensor(tensors, "x").RequireGrad(), gy = RandomLayers.ToTensor(tensors, "gy");
        Tensor[]? initial = RandomLayers.InitialStates(kind, withState, tensors), state = initial;
        Tensor? loss = null;
        var y = new List<float>();
        for (int s = 0; s < steps; s++)
        {
            state = step(x.Select(0, s), state);
            y.AddRange(state[0].Span);
            Tensor term = (state[0] * gy.Select(0, s)).Sum();
            loss = loss is { } sum ? sum + term : term;
        }

        return
        [
            new("y", gy.Shape.AsSpan().ToArray(), [.. y]),
            .. RandomLayers.Backward(kind, loss!.Value, x, initial, state!, tensors),
        ];
    }
}
