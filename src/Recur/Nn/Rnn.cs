using Recur.Ops;

namespace Recur.Nn;

/// <summary>Multi-layer Elman network over whole sequences; weights, options and results as torch.nn.RNN.</summary>
/// <remarks>
/// <code>
/// h_t = f(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh)        f = tanh or relu
/// </code>
/// Elman 1990; https://pytorch.org/docs/stable/generated/torch.nn.RNN.html. Layer l reads the states of layer l-1,
/// masked by dropout in training;
/// with two directions the second reads the sequence backwards and both outputs stand side by side.
/// Parameters start uniform in ±1/√HiddenSize. Peak extra memory in training: T·N·D·H floats per layer, three times
/// that with dropout.
/// <para>T steps, N sequences, D directions (1 or 2), L layers.</para>
/// </remarks>
public sealed class Rnn : RecurrentLayer
{
    /// <summary>Makes the network with fresh parameters drawn from <see cref="Rng.Default"/>.</summary>
    /// <param name="inputSize">Features per step, at least 1.</param>
    /// <param name="hiddenSize">Hidden units per layer and direction, at least 1.</param>
    /// <param name="numLayers">Layers, at least 1.</param>
    /// <param name="nonlinearity">The activation f.</param>
    /// <param name="bias">Whether b_ih and b_hh exist.</param>
    /// <param name="batchFirst">Whether input and output are [N, T, ·] instead of [T, N, ·]; never applies to the
    /// states.</param>
    /// <param name="dropout">Probability 0..1 with which a state is zeroed between layers in training; no effect with
    /// one layer.</param>
    /// <param name="bidirectional">Whether a second direction reads the sequence backwards.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size below 1, or a dropout outside 0..1.</exception>
    public Rnn(
        int inputSize, int hiddenSize, int numLayers = 1, Nonlinearity nonlinearity = Nonlinearity.Tanh,
        bool bias = true, bool batchFirst = false, float dropout = 0f, bool bidirectional = false)
        : base(CellType.Rnn(nonlinearity == Nonlinearity.Relu), inputSize, hiddenSize, numLayers, bias, batchFirst, dropout, bidirectional)
    {
        CheckDefined(this, nonlinearity);
        Nonlinearity = nonlinearity;
    }

    /// <summary>The activation.</summary>
    public Nonlinearity Nonlinearity { get; }

    /// <summary>Runs the network over whole sequences.</summary>
    /// <param name="input">[T, N, InputSize]; [N, T, InputSize] when <see cref="RecurrentLayer.BatchFirst"/>; [T,
    /// InputSize] for one sequence without a batch.</param>
    /// <param name="h0">[NumLayers·D, N, HiddenSize], without N for a single sequence; zeros when null.</param>
    /// <param name="lengths">The steps of each sequence, in any order, each in 0..T; none when all have T. What stands
    /// behind a sequence's
    /// end is not read, its output is zero, and its final state is that of its last step (of an empty sequence the
    /// first one). The
    /// second direction begins at each sequence's own last step. As packed sequences in PyTorch.</param>
    /// <returns>The last layer's states [T, N, D·HiddenSize] (batch first and unbatched as the input), and every
    /// layer's state after its
    /// last step, shaped as <paramref name="h0"/>.</returns>
    /// <exception cref="ShapeException">The input or the state has another shape, or there is no step.</exception>
    /// <exception cref="ArgumentException">Not one length in 0..T for each sequence.</exception>
    public (Tensor Output, Tensor HN) Forward(Tensor input, Tensor? h0 = null, ReadOnlySpan<int> lengths = default)
    {
        (Tensor output, Tensor hn, _) = Run(input, h0, c: null, lengths, nameof(h0));
        return (output, hn);
    }

    /// <summary>Runs the network over packed sequences; as torch.nn.RNN does with a PackedSequence.</summary>
    /// <param name="input">Packed sequences of InputSize features.</param>
    /// <param name="h0">[NumLayers·D, N, HiddenSize] in the order in which the sequences were given; zeros when
    /// null.</param>
    /// <returns>The last layer's states, packed alike, and every layer's state after each sequence's last
    /// step.</returns>
    /// <exception cref="ShapeException">The input or the state has another shape.</exception>
    public (PackedSequence Output, Tensor HN) Forward(PackedSequence input, Tensor? h0 = null)
    {
        (PackedSequence output, Tensor hn, _) = Run(input, h0, c: null, nameof(h0));
        return (output, hn);
    }

    /// <summary>Throws when the activation of an Elman network is none of the known ones.</summary>
    internal static void CheckDefined(Module owner, Nonlinearity nonlinearity)
    {
        if (!Enum.IsDefined(nonlinearity))
            throw new ArgumentOutOfRangeException(
                nameof(nonlinearity), $"{owner.GetType().Name}: nonlinearity must be Tanh or Relu but was {nonlinearity}.");
    }
}
