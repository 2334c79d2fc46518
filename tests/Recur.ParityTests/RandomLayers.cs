using Recur.Autograd;
using Recur.Peers;

namespace Recur.ParityTests;

/// <summary>Random recurrent layers with random data, and what Recur makes of them.</summary>
internal static class RandomLayers
{
    /// <summary>A configuration anywhere in the space of nn.RNN's options.</summary>
    public static LayerCase Next(Random random)
    {
        bool unbatched = random.Next(5) == 0;
        return new LayerCase(
            Cell.All[random.Next(Cell.All.Length)],
            T: random.Next(1, 41), N: unbatched ? 1 : random.Next(1, 10), I: random.Next(1, 71), H: random.Next(1, 71), L: random.Next(1, 4))
        {
            Bidirectional = random.Next(2) == 0,
            Bias = random.Next(4) != 0,
            BatchFirst = random.Next(2) == 0,
            Unbatched = unbatched,
            Relu = random.Next(3) == 0,
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
        if (c.WithState) tensors.Add(Random("h0", c.StateShape));
        tensors.Add(Random("gy", c.OutputShape));
        tensors.Add(Random("ghn", c.StateShape));
        tensors.AddRange(PeerTensor.OfParameters(layer.Module));
        return (layer, tensors);

        PeerTensor Random(string name, int[] shape) =>
            new(name, shape, PeerTensor.Uniform(random, shape.Aggregate(1, (a, b) => a * b)));
    }

    /// <summary>Output and final state.</summary>
    public static IReadOnlyList<PeerTensor> Forward(LayerCase c, LayerUnderTest layer, IReadOnlyList<PeerTensor> tensors)
    {
        using (GradMode.NoGrad())
        {
            Tensor y = layer.Forward(ToTensor(tensors, "x"), c.WithState ? ToTensor(tensors, "h0") : null, out Tensor hN);
            return [PeerTensor.Of("y", y), PeerTensor.Of("hn", hN)];
        }
    }

    /// <summary>Output, final state, and all gradients of sum(y · gy) + sum(hn · ghn).</summary>
    public static IReadOnlyList<PeerTensor> ForwardBackward(LayerCase c, LayerUnderTest layer, IReadOnlyList<PeerTensor> tensors)
    {
        Tensor x = ToTensor(tensors, "x").RequireGrad();
        Tensor? h0 = c.WithState ? ToTensor(tensors, "h0").RequireGrad() : null;
        Tensor y = layer.Forward(x, h0, out Tensor hN);
        List<PeerTensor> results = [PeerTensor.Of("y", y), PeerTensor.Of("hn", hN)];
        ((y * ToTensor(tensors, "gy")).Sum() + (hN * ToTensor(tensors, "ghn")).Sum()).Backward();
        results.Add(PeerTensor.Of("grad.x", x.Grad!.Value));
        if (h0 is { } state) results.Add(PeerTensor.Of("grad.h0", state.Grad!.Value));
        results.AddRange(PeerTensor.OfGradients(layer.Module));
        return results;
    }

    public static Tensor ToTensor(IReadOnlyList<PeerTensor> tensors, string name)
    {
        PeerTensor t = tensors.First(t => t.Name == name);
        return Tensor.From(t.Values, new Shape(t.Shape));
    }
}
