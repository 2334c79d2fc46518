using Recur.Ops;

namespace Recur.Nn;

/// <summary>One step of a network of long short-term memory, for loops of the user's own; as
/// torch.nn.LSTMCell.</summary>
/// <remarks>
/// <code>
/// i  = σ(W_ii x + b_ii + W_hi h + b_hi)
/// f  = σ(W_if x + b_if + W_hf h + b_hf)
/// g  = tanh(W_ig x + b_ig + W_hg h + b_hg)
/// o  = σ(W_io x + b_io + W_ho h + b_ho)
/// c' = f * c + i * g
/// h' = o * tanh(c')
/// </code>
/// https://pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html. The rows of every matrix and bias are those of
/// i, f, g, o. Parameters start uniform in ±1/√HiddenSize. A whole sequence is much faster through <see cref="Lstm"/>.
/// </remarks>
public sealed class LstmCell : RecurrentCell
{
    /// <summary>Makes the cell with fresh parameters drawn from <see cref="Rng.Default"/>.</summary>
    /// <param name="inputSize">Features, at least 1.</param>
    /// <param name="hiddenSize">Hidden units, at least 1.</param>
    /// <param name="bias">Whether b_i· and b_h· exist.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size below 1.</exception>
    public LstmCell(int inputSize, int hiddenSize, bool bias = true)
        : base(CellType.Lstm, inputSize, hiddenSize, bias)
    {
    }

    /// <summary>Makes one step.</summary>
    /// <param name="input">[N, InputSize], or [InputSize] without a batch.</param>
    /// <param name="state">h and c, each [N, HiddenSize], or [HiddenSize]; zeros when null.</param>
    /// <returns>The next states, shaped as <paramref name="state"/>.</returns>
    /// <exception cref="ShapeException">The input or a state has another shape.</exception>
    public LstmState Forward(Tensor input, LstmState? state = null) =>
        Step(input, state?.H, state?.C, "state.H", "state.C");
}
