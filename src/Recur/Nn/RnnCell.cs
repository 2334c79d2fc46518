using Recur.Ops;

namespace Recur.Nn;

/// <summary>One step of an Elman network, for loops of the user's own; as torch.nn.RNNCell.</summary>
/// <remarks>
/// <code>
/// h' = f(W_ih x + b_ih + W_hh h + b_hh)        f = tanh or relu
/// </code>
/// https://pytorch.org/docs/stable/generated/torch.nn.RNNCell.html. Parameters start uniform in ±1/√HiddenSize. A whole
/// sequence is much faster
/// through <see cref="Rnn"/>.
/// </remarks>
public sealed class RnnCell : RecurrentCell
{
    /// <summary>Makes the cell with fresh parameters drawn from <see cref="Rng.Default"/>.</summary>
    /// <param name="inputSize">Features, at least 1.</param>
    /// <param name="hiddenSize">Hidden units, at least 1.</param>
    /// <param name="bias">Whether b_ih and b_hh exist.</param>
    /// <param name="nonlinearity">The activation f.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size below 1.</exception>
    public RnnCell(int inputSize, int hiddenSize, bool bias = true, Nonlinearity nonlinearity = Nonlinearity.Tanh)
        : base(CellType.Rnn(nonlinearity == Nonlinearity.Relu), inputSize, hiddenSize, bias)
    {
        Rnn.CheckDefined(this, nonlinearity);
        Nonlinearity = nonlinearity;
    }

    /// <summary>The activation.</summary>
    public Nonlinearity Nonlinearity { get; }

    /// <summary>Makes one step.</summary>
    /// <param name="input">[N, InputSize], or [InputSize] without a batch.</param>
    /// <param name="h">[N, HiddenSize], or [HiddenSize]; zeros when null.</param>
    /// <returns>The next state, shaped as <paramref name="h"/>.</returns>
    /// <exception cref="ShapeException">The input or the state has another shape.</exception>
    public Tensor Forward(Tensor input, Tensor? h = null) => Step(input, h, c: null, nameof(h)).H;
}
