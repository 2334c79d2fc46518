using Recur.Autograd;
using Recur.Nn;
using Recur.Peers;

namespace Recur.ParityTests;

/// <summary>Random recurrent layers with random data, and what Recur makes of them.</summary>
internal static class RandomLayers
{
    /// <summary>A configuration anywhere in the space of nn.RNN's options, with lengths (unsorted, some of them 0) or
    /// without; from the same seed the same one for every cell, except that only the LSTM has projections.</summary>
    public static LayerCase Next(Cell cell, Random random)
    {
        bool unbatched = random.Next(5) == 0;
        int t = random.Next(1, 41), n = unbatched ? 1 : random.Next(1, 10), h = random.Next(1, 71);
        bool ragged = random.Next(3) == 0, projected = random.Next(3) == 0;
        int[] lengths = [.. Enumerable.Range(0, n).Select(_ => random.Next(6) == 0 ? 0 : random.Next(1, t + 1))];
        int projSize = random.Next(1, Math.Max(2, h));
        return new LayerCase(cell, t, n, I: random.Next(1, 71), h, L: random.Next(1, 4))
        {
            Lengths = ragged && !unbatched ? lengths : null,
            ProjSize = projected && cell == Cell.Lstm && projSize < h ? projSize : 0,
            Bidirectional = random.Next(2) == 0,
            Bias = random.Next(4) != 0,
            BatchFirst = random.Next(2) == 0,
            Unbatched = unbatched,
            Relu = random.Next(3) == 0 && cell == Cell.Rnn,
            WithState = random.Next(2) == 0,
        };
    }

    /// <summary>The layer with random weights, and the tensors that tell a peer all about it.</summary>
    public static (LayerUnderTest Layer, List<PeerTensor> Tensors) Create(LayerCase c, Random random)
    {
        LayerUnderTest layer = c.Cell.Create(c);
        foreach (Tensor p in layer.Module.Parameters())
            p.CopyFrom(PeerTensor.Uniform(random, p.Length, 1f / MathF.Sqrt(c.H))); // PyTorch's own scale
        List<PeerTensor> tensors = [Random("x", c.InputShape)];
        if (c.WithState) tensors.AddRange(c.Cell.States.Select(s => Random(s + "0", c.StateShape(s))));
        tensors.Add(Random("gy", c.OutputShape));
        tensors.AddRange(c.Cell.States.Select(s => Random($"g{s}n", c.StateShape(s))));
        tensors.AddRange(PeerTensor.OfParameters(layer.Module));
        return (layer, tensors);

        PeerTensor Random(string name, int[] shape) =>
            new(name, shape, PeerTensor.Uniform(random, shape.Aggregate(1, (a, b) => a * b)));
    }

    /// <summary>Output and final states.</summary>
    public static IReadOnlyList<PeerTensor> Forward(
        LayerCase c, LayerUnderTest layer, IReadOnlyList<PeerTensor> tensors)
    {
        using (GradMode.NoGrad())
        {
            Tensor[]? initial = InitialStates(c.Cell, c.WithState, tensors);
            (Tensor y, LstmState last) = layer.Forward(ToTensor(tensors, "x"), initial);
            return [PeerTensor.Of("y", y), .. Named(c.Cell, c.Cell.Final(last))];
        }
    }

    /// <summary>Output, final states, and all gradients of sum(y · gy) + sum(hn · ghn) + sum(cn · gcn).</summary>
    public static IReadOnlyList<PeerTensor> ForwardBackward(
        LayerCase c, LayerUnderTest layer, IReadOnlyList<PeerTensor> tensors)
    {
        Tensor x = ToTensor(tensors, "x").RequireGrad();
        Tensor[]? initial = InitialStates(c.Cell, c.WithState, tensors);
        (Tensor y, LstmState last) = layer.Forward(x, initial);
        Tensor loss = (y * ToTensor(tensors, "gy")).Sum();
        List<PeerTensor> results = [PeerTensor.Of("y", y)];
        results.AddRange(Backward(c.Cell, loss, x, initial, c.Cell.Final(last), tensors));
        results.AddRange(PeerTensor.OfGradients(layer.Module));
        return results;
    }

    private static IEnumerable<PeerTensor> Named(Cell cell, Tensor[] final) =>
        cell.States.Zip(final, (s, value) => PeerTensor.Of(s + "n", value));

    /// <summary>h0 (and c0) as leaves, or none.</summary>
    public static Tensor[]? InitialStates(Cell cell, bool given, IReadOnlyList<PeerTensor> tensors) =>
        given ? [.. cell.States.Select(s => ToTensor(tensors, s + "0").RequireGrad())] : null;

    /// <summary>Adds the final states times their gradients to the loss and runs backward.</summary>
    /// <returns>The final states, and the gradients of the input and the initial states.</returns>
    public static IEnumerable<PeerTensor> Backward(
        Cell cell, Tensor loss, Tensor x, Tensor[]? initial, Tensor[] final, IReadOnlyList<PeerTensor> tensors)
    {
        List<PeerTensor> results = [.. Named(cell, final)];
        foreach ((string s, Tensor value) in cell.States.Zip(final))
            loss += (value * ToTensor(tensors, $"g{s}n")).Sum();
        loss.Backward();
        results.Add(PeerTensor.Of("grad.x", x.Grad!.Value));
        if (initial is not null)
            results.AddRange(cell.States.Zip(initial, (s, leaf) => PeerTensor.Of($"grad.{s}0", leaf.Grad!.Value)));
        return results;
    }

    public static Tensor ToTensor(IReadOnlyList<PeerTensor> tensors, string name)
    {
        PeerTensor t = tensors.First(t => t.Name == name);
        return Tensor.From(t.Values, new Shape(t.Shape));
    }
}
