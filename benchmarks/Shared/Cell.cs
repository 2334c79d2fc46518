using Recur.Nn;

namespace Recur.Peers;

/// <summary>A kind of recurrent cell: everything the comparisons need to know about it. A new kind is one more entry here.</summary>
internal sealed class Cell
{
    private Cell(string name, int[] onnxGates, Func<LayerCase, LayerUnderTest> create)
    {
        Name = name;
        OnnxGates = onnxGates;
        Create = create;
    }

    /// <summary>The name PyTorch (torch.nn) and ONNX (operator) share.</summary>
    public string Name { get; }

    /// <summary>Which of PyTorch's gates stands at each place in ONNX's order.</summary>
    public int[] OnnxGates { get; }

    public int Gates => OnnxGates.Length;

    /// <summary>Recur's layer for a case, with its default initialisation.</summary>
    public Func<LayerCase, LayerUnderTest> Create { get; }

    public static readonly Cell Rnn = new("RNN", [0], c => new RnnUnderTest(c));

    public static readonly Cell[] All = [Rnn];

    private sealed class RnnUnderTest(LayerCase c) : LayerUnderTest
    {
        private readonly Rnn rnn = new(
            c.I, c.H, c.L, c.Relu ? Nonlinearity.Relu : Nonlinearity.Tanh, c.Bias, c.BatchFirst, bidirectional: c.Bidirectional);

        public override Module Module => rnn;

        public override Tensor Forward(Tensor x, Tensor? h0, out Tensor hN)
        {
            (Tensor output, hN) = rnn.Forward(x, h0);
            return output;
        }
    }
}

/// <summary>One of Recur's recurrent layers behind one face, whatever states it has.</summary>
internal abstract class LayerUnderTest
{
    public abstract Module Module { get; }

    /// <param name="x">The input.</param>
    /// <param name="h0">The initial hidden state, or none.</param>
    /// <param name="hN">The hidden state after the last step.</param>
    /// <returns>The output.</returns>
    public abstract Tensor Forward(Tensor x, Tensor? h0, out Tensor hN);
}
