using Recur.Ops;

namespace Recur.Nn;

/// <summary>One step of a network of gated recurrent units, for loops of the user's own; as torch.nn.GRUCell.</summary>
/// <remarks>
/// <code>
/// r  = σ(W_ir x + b_ir + W_hr h + b_hr)
/// z  = σ(W_iz x + b_iz + W_hz h + b_hz)
/// n  = tanh(W_in x + b_in + r * (W_hn h + b_hn))
/// h' = (1 - z) * n + z * h
/// </code>
/// https://pytorch.org/docs/stable/generated/torch.nn.GRUCell.html. The rows of every matrix and bias are those of
/// r, z, n. Parameters start uniform in ±1/√HiddenSize. A whole sequence is much faster through <see cref="Gru"/>.
/// </remarks>
public sealed class GruCell : RecurrentCell
{
    /// <summary>Makes the cell with fresh parameters drawn from <see cref="Rng.Default"/>.</summary>
    /// <param name="inputSize">Features, at least 1.</param>
    /// <param name="hiddenSize">Hidden units, at least 1.</param>
    /// <param name="bias">Whether b_i· and b_h· exist.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size below 1.</exception>
    public GruCell(int inputSize, int hiddenSize, bool bias = true)
        : base(CellType.Gru, inputSize, hiddenSize, bias)
    {
    }

    /// <summary>Makes one step.</summary>
    /// <param name="input">[N, InputSize], or [InputSize] without a batch.</param>
    /// <param name="h">[N, HiddenSize], or [HiddenSize]; zeros when null.</param>
    /// <returns>The next state, shaped as <paramref name="h"/>.</returns>
    /// <exception cref="ShapeException">The input or the state has another shape.</exception>
    public Tensor Forward(Tensor input, Tensor? h = null) => Step(input, h, c: null, nameof(h)).H;
}
