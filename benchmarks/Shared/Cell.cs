using Recur.Nn;

namespace Recur.Peers;

/// <summary>A kind of recurrent cell: everything the comparisons need to know about it. A new kind is one more entry
/// here.</summary>
internal sealed class Cell
{
    private Cell(string name, int[] onnxGates, string[] states, Func<LayerCase, LayerUnderTest> create)
    {
        Name = name;
        OnnxGates = onnxGates;
        States = states;
        Create = create;
    }

    /// <summary>The name PyTorch (torch.nn) and ONNX (operator) share.</summary>
    public string Name { get; }

    /// <summary>Which of PyTorch's gates stands at each place in ONNX's order.</summary>
    public int[] OnnxGates { get; }

    public int Gates => OnnxGates.Length;

    /// <summary>The states it carries from step to step: h, and c too for the LSTM. Peers call them h0 before the first
    /// step, hn after the last, and ghn the gradient that arrives there.</summary>
    public string[] States { get; }

    /// <summary>Recur's layer for a case, with its default initialisation.</summary>
    public Func<LayerCase, LayerUnderTest> Create { get; }

    /// <summary>Its final states, in the order of <see cref="States"/>.</summary>
    public Tensor[] Final(LstmState last) => States.Length == 1 ? [last.H] : [last.H, last.C];

    public static readonly Cell Rnn = new("RNN", [0], ["h"], c => new RnnUnderTest(c));

    /// <summary>PyTorch: reset, update, new; ONNX: update, reset, new.</summary>
    public static readonly Cell Gru = new("GRU", [1, 0, 2], ["h"], c => new GruUnderTest(c));

    /// <summary>PyTorch: input, forget, cell, output; ONNX: input, output, forget, cell.</summary>
    public static readonly Cell Lstm = new("LSTM", [0, 3, 1, 2], ["h", "c"], c => new LstmUnderTest(c));

    public static readonly Cell[] All = [Rnn, Gru, Lstm];

    public static Cell Named(string name) => All.First(c => c.Name == name);

    private sealed class RnnUnderTest(LayerCase c) : LayerUnderTest
    {
        private readonly Rnn rnn = new(
            c.I, c.H, c.L, c.Relu ? Nonlinearity.Relu : Nonlinearity.Tanh, c.Bias, c.BatchFirst, c.Dropout,
            c.Bidirectional);

        public override Module Module => rnn;

        public override (Tensor Output, LstmState Final) Forward(Tensor x, Tensor[]? initial)
        {
            (Tensor output, Tensor hN) = rnn.Forward(x, initial?[0], c.Lengths);
            return (output, (hN, default));
        }
    }

    private sealed class GruUnderTest(LayerCase c) : LayerUnderTest
    {
        private readonly Gru gru = new(c.I, c.H, c.L, c.Bias, c.BatchFirst, c.Dropout, c.Bidirectional);

        public override Module Module => gru;

        public override (Tensor Output, LstmState Final) Forward(Tensor x, Tensor[]? initial)
        {
            (Tensor output, Tensor hN) = gru.Forward(x, initial?[0], c.Lengths);
            return (output, (hN, default));
        }
    }

    private sealed class LstmUnderTest(LayerCase c) : LayerUnderTest
    {
        private readonly Lstm lstm = new(c.I, c.H, c.L, c.Bias, c.BatchFirst, c.Dropout, c.Bidirectional, c.ProjSize);

        public override Module Module => lstm;

        public override (Tensor Output, LstmState Final) Forward(Tensor x, Tensor[]? initial)
        {
            LstmState? before = initial is [var h0, var c0] ? new LstmState(h0, c0) : null;
            return lstm.Forward(x, before, c.Lengths);
        }
    }
}

/// <summary>One of Recur's recurrent layers behind one face, whatever states it has.</summary>
internal abstract class LayerUnderTest
{
    public abstract Module Module { get; }

    /// <param name="x">The input.</param>
    /// <param name="initial">The states before the first step in the order of <see cref="Cell.States"/>, or
    /// none.</param>
    /// <returns>The output, and the states after the last step; C is that of the LSTM alone.</returns>
    public abstract (Tensor Output, LstmState Final) Forward(Tensor x, Tensor[]? initial);
}
