using System.Runtime.InteropServices;
using Recur.Nn;

namespace Recur.Tests.Nn;

/// <summary>What a recurrent layer of any kind makes of its data.</summary>
/// <param name="Results">The output y [T, N, ·] whatever the layout, the final states hn and cn.</param>
/// <param name="Gradients">dx, and dh0 and dc0 where there are states.</param>
/// <param name="Weights">The gradients of all parameters, one behind another.</param>
internal sealed record LayerRun(SequenceTensors Results, SequenceTensors Gradients, float[] Weights)
{
    /// <summary>Forward, and backward from the gradients of all results.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="data">As <see cref="LayerCase.Data"/> gives it.</param>
    /// <param name="lengths">The steps of every sequence; none when all have T.</param>
    /// <param name="packed">Whether the layer gets a packed sequence instead of a padded batch and its lengths.</param>
    public static LayerRun Of(RecurrentLayer layer, SequenceTensors data, int[]? lengths = null, bool packed = false)
    {
        layer.ZeroGrad();
        Tensor x = Turn(layer, data["x"]).RequireGrad(), dy = Turn(layer, data["dy"]);
        Tensor? h0 = data.Find("h0")?.Detach().RequireGrad(), c0 = data.Find("c0")?.Detach().RequireGrad();
        (Tensor y, Tensor hn, Tensor cn) = packed ? Packed(layer, x, h0, c0, lengths!) : Forward(layer, x, h0, c0, lengths);
        var results = new SequenceTensors { ["hn"] = hn.Detach() };
        Tensor loss = (y * dy).Sum() + (hn * data["dhn"]).Sum();
        if (cn != default)
        {
            results["cn"] = cn.Detach();
            loss += (cn * data["dcn"]).Sum();
        }

        loss.Backward();
        var gradients = new SequenceTensors();
        if (h0 is { } h) gradients["dh0"] = h.Grad!.Value.Detach();
        if (c0 is { } c) gradients["dc0"] = c.Grad!.Value.Detach();
        results["y"] = Turn(layer, y.Detach());
        gradients["dx"] = Turn(layer, x.Grad!.Value.Detach());
        return new LayerRun(results, gradients, [.. layer.Parameters().SelectMany(p => p.Grad!.Value.ToArray())]);
    }

    /// <summary>The layer's own Forward; c_n is default where there is none.</summary>
    public static (Tensor Y, Tensor HN, Tensor CN) Forward(
        RecurrentLayer layer, Tensor x, Tensor? h0 = null, Tensor? c0 = null, ReadOnlySpan<int> lengths = default)
    {
        if (layer is Lstm lstm)
        {
            LstmState? state = h0 is { } h ? (h, c0!.Value) : null;
            (Tensor y, (Tensor hn, Tensor cn)) = lstm.Forward(x, state, lengths);
            return (y, hn, cn);
        }

        (Tensor output, Tensor last) = layer is Gru gru ? gru.Forward(x, h0, lengths) : ((Rnn)layer).Forward(x, h0, lengths);
        return (output, last, default);
    }

    private static (Tensor Y, Tensor HN, Tensor CN) Packed(RecurrentLayer layer, Tensor x, Tensor? h0, Tensor? c0, int[] lengths)
    {
        PackedSequence input = Sequences.PackPadded(x, lengths, layer.BatchFirst), output;
        Tensor hn, cn = default;
        LstmState? state = h0 is { } h && c0 is { } c ? (h, c) : null;
        if (layer is Lstm lstm) (output, (hn, cn)) = lstm.Forward(input, state);
        else (output, hn) = layer is Gru gru ? gru.Forward(input, h0) : ((Rnn)layer).Forward(input, h0);
        int steps = x.Shape[layer.BatchFirst ? 1 : 0];
        return (Sequences.PadPacked(output, layer.BatchFirst, totalLength: steps), hn, cn);
    }

    private static Tensor Turn(RecurrentLayer layer, Tensor x) => (layer.BatchFirst ? x.Transpose(0, 1) : x).Detach();

    /// <summary>Asserts that results and gradients are the same bits; those of the weights, which are sums over all sequences, only
    /// when asked.</summary>
    public void AssertSameBits(LayerRun expected, bool weights, string what)
    {
        AssertSameBits(expected.Results, Results, what);
        AssertSameBits(expected.Gradients, Gradients, what);
        if (weights) AssertSameBits(expected.Weights, Weights, what + " weights");
    }

    public static void AssertSameBits(SequenceTensors expected, SequenceTensors actual, string what)
    {
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), actual.Keys.Order(StringComparer.Ordinal));
        foreach ((string name, Tensor value) in expected)
        {
            Assert.Equal(value.Shape, actual[name].Shape);
            AssertSameBits(value.Span, actual[name].Span, $"{what} {name}");
        }
    }

    public static void AssertSameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, string what)
    {
        ReadOnlySpan<int> e = MemoryMarshal.Cast<float, int>(expected), a = MemoryMarshal.Cast<float, int>(actual);
        Assert.True(e.Length == a.Length, $"{what}: {e.Length} values expected but {a.Length} came.");
        int at = e.CommonPrefixLength(a);
        Assert.True(at == e.Length, at == e.Length ? "" : $"{what}[{at}]: {expected[at]:R} expected but {actual[at]:R} came.");
    }

    public static void AssertClose(SequenceTensors expected, SequenceTensors actual, double tolerance, string what)
    {
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), actual.Keys.Order(StringComparer.Ordinal));
        foreach ((string name, Tensor value) in expected)
        {
            Assert.Equal(value.Shape, actual[name].Shape);
            FixtureExtensions.AssertClose(value.Span, actual[name].Span, tolerance, $"{what} {name}");
        }
    }
}
