using Recur.Ops;

namespace Recur.Nn;

/// <summary>Multi-layer network of long short-term memory over whole sequences; weights, options and results as
/// torch.nn.LSTM.</summary>
/// <remarks>
/// <code>
/// i_t = σ(W_ii x_t + b_ii + W_hi h_(t-1) + b_hi)
/// f_t = σ(W_if x_t + b_if + W_hf h_(t-1) + b_hf)
/// g_t = tanh(W_ig x_t + b_ig + W_hg h_(t-1) + b_hg)
/// o_t = σ(W_io x_t + b_io + W_ho h_(t-1) + b_ho)
/// c_t = f_t * c_(t-1) + i_t * g_t
/// h_t = o_t * tanh(c_t)
/// </code>
/// Hochreiter and Schmidhuber 1997 with the forget gate of Gers et al. 2000;
/// https://pytorch.org/docs/stable/generated/torch.nn.LSTM.html. The rows of every matrix and bias are those of
/// i, f, g, o. Layer l reads the states h of layer l-1, masked by dropout in training; with two directions the second
/// reads the sequence backwards and both outputs stand side by side. Parameters start uniform in ±1/√HiddenSize.
/// <para>T steps, N sequences, D directions (1 or 2), L layers.</para>
/// </remarks>
public sealed class Lstm : RecurrentLayer
{
    /// <summary>Makes the network with fresh parameters drawn from <see cref="Rng.Default"/>.</summary>
    /// <param name="inputSize">Features per step, at least 1.</param>
    /// <param name="hiddenSize">Hidden units per layer and direction, at least 1.</param>
    /// <param name="numLayers">Layers, at least 1.</param>
    /// <param name="bias">Whether b_i· and b_h· exist.</param>
    /// <param name="batchFirst">Whether input and output are [N, T, ·] instead of [T, N, ·]; never applies to the
    /// states.</param>
    /// <param name="dropout">Probability 0..1 with which a state is zeroed between layers in training; no effect with
    /// one layer.</param>
    /// <param name="bidirectional">Whether a second direction reads the sequence backwards.</param>
    /// <param name="projSize">Where above 0, the width P to which h is projected: h_t = W_hr (o_t * tanh(c_t)) with
    /// W_hr
    /// [projSize, hiddenSize], parameter weight_hr_l0; Sak, Senior and Beaufays 2014. States h and outputs have P
    /// features
    /// then, c keeps HiddenSize.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size below 1, a dropout outside 0..1, or a projSize that is
    /// negative or not
    /// below hiddenSize.</exception>
    public Lstm(
        int inputSize, int hiddenSize, int numLayers = 1, bool bias = true, bool batchFirst = false,
        float dropout = 0f, bool bidirectional = false, int projSize = 0)
        : base(CellType.Lstm, inputSize, hiddenSize, numLayers, bias, batchFirst, dropout, bidirectional, projSize)
    {
        ProjSize = projSize;
    }

    /// <summary>The width to which h is projected; 0 without a projection.</summary>
    public int ProjSize { get; }

    /// <summary>Runs the network over whole sequences.</summary>
    /// <param name="input">[T, N, InputSize]; [N, T, InputSize] when <see cref="RecurrentLayer.BatchFirst"/>;
    /// [T, InputSize] for one sequence without a batch.</param>
    /// <param name="state">h and c before the first step, each [NumLayers·D, N, HiddenSize] (h with ProjSize features
    /// where that
    /// is set), without N for a single sequence; zeros when null.</param>
    /// <param name="lengths">The steps of each sequence, in any order, each in 0..T; none when all have T. What stands
    /// behind a sequence's
    /// end is not read, its output is zero, and its final state is that of its last step (of an empty sequence the
    /// first one). The
    /// second direction begins at each sequence's own last step. As packed sequences in PyTorch.</param>
    /// <returns>The last layer's states h [T, N, D·HiddenSize] (batch first and unbatched as the input), and every
    /// layer's h and c after its last step, shaped as <paramref name="state"/>.</returns>
    /// <exception cref="ShapeException">The input or a state has another shape, or there is no step.</exception>
    /// <exception cref="ArgumentException">Not one length in 0..T for each sequence.</exception>
    public (Tensor Output, LstmState State) Forward(
        Tensor input, LstmState? state = null, ReadOnlySpan<int> lengths = default)
    {
        (Tensor output, Tensor hn, Tensor cn) = Run(input, state?.H, state?.C, lengths, "state.H", "state.C");
        return (output, new LstmState(hn, cn));
    }

    /// <summary>Runs the network over packed sequences; as torch.nn.LSTM does with a PackedSequence.</summary>
    /// <param name="input">Packed sequences of InputSize features.</param>
    /// <param name="state">h and c before the first step, each [NumLayers·D, N, ·] in the order in which the sequences
    /// were given; zeros
    /// when null.</param>
    /// <returns>The last layer's states, packed alike, and every layer's h and c after each sequence's last
    /// step.</returns>
    /// <exception cref="ShapeException">The input or a state has another shape.</exception>
    public (PackedSequence Output, LstmState State) Forward(PackedSequence input, LstmState? state = null)
    {
        (PackedSequence output, Tensor hn, Tensor cn) = Run(input, state?.H, state?.C, "state.H", "state.C");
        return (output, new LstmState(hn, cn));
    }
}
