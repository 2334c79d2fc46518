using System.Text.Json;
using Recur.Nn;

namespace Recur.Tests.Nn;

/// <summary>One network with its inputs and the gradients of its results, drawn from a seed as make_rnn.py draws
/// them.</summary>
internal sealed class RnnCase
{
    public required Rnn Rnn { get; init; }

    public required Tensor X { get; init; }

    public Tensor? H0 { get; init; }

    public Tensor Output { get; private set; }

    public Tensor HN { get; private set; }

    public static RnnCase FromFixture(JsonElement c)
    {
        bool batchFirst = c.GetProperty("batch_first").GetBoolean();
        int t = c.Int("t"), i = c.Int("i"), h = c.Int("h"), layers = c.Int("layers");
        Nonlinearity nonlinearity = c.GetProperty("relu").GetBoolean() ? Nonlinearity.Relu : Nonlinearity.Tanh;
        bool bidirectional = c.GetProperty("bidirectional").GetBoolean();
        int states = layers * (bidirectional ? 2 : 1);
        JsonElement batch = c.GetProperty("n");
        Shape x = [t, i], h0 = [states, h];
        if (batch.ValueKind == JsonValueKind.Number)
        {
            int n = batch.GetInt32();
            x = batchFirst ? [n, t, i] : [t, n, i];
            h0 = [states, n, h];
        }

        Rng.Seed((ulong)c.Int("seed"));
        return new RnnCase
        {
            Rnn = new Rnn(
                i, h, layers, nonlinearity, c.GetProperty("bias").GetBoolean(), batchFirst,
                c.GetProperty("dropout").GetSingle(), bidirectional),
            X = Normal(x).RequireGrad(),
            H0 = c.GetProperty("h0").GetBoolean() ? Normal(h0).RequireGrad() : null,
        };
    }

    /// <summary>Values from the default generator, as <c>torch.randn</c>.</summary>
    public static Tensor Normal(Shape shape)
    {
        Tensor x = Tensor.Zeros(shape);
        Rng.Default.FillNormal(x.MutableSpan);
        return x;
    }

    /// <summary>Forward, and backward from random gradients of both results, or of h_n alone.</summary>
    public RnnCase Run(bool hnOnly = false)
    {
        (Tensor output, Tensor hn) = Rnn.Forward(X, H0);
        Output = output.Detach();
        HN = hn.Detach();
        if (hnOnly)
        {
            hn.Backward(Normal(hn.Shape));
            return this;
        }

        Tensor dy = Normal(output.Shape), dhn = Normal(hn.Shape);
        ((output * dy).Sum() + (hn * dhn).Sum()).Backward();
        return this;
    }

    /// <summary>Every result and gradient, one behind another.</summary>
    public float[] Everything() => [.. Sequences(), .. Rnn.Parameters().SelectMany(p => p.Grad!.Value.ToArray())];

    /// <summary>What belongs to the sequences: results and the gradients of x and h_0.</summary>
    public float[] Sequences() =>
        [.. Output.ToArray(), .. HN.ToArray(), .. X.Grad!.Value.ToArray(),
            .. H0 is { } h0 ? h0.Grad!.Value.ToArray() : []];
}
