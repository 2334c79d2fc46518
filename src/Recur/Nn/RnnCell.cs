using Recur.Ops;

namespace Recur.Nn;

/// <summary>One step of an Elman network, for loops of the user's own; as torch.nn.RNNCell.</summary>
/// <remarks>
/// <code>
/// h' = f(W_ih x + b_ih + W_hh h + b_hh)        f = tanh or relu
/// </code>
/// https://pytorch.org/docs/stable/generated/torch.nn.RNNCell.html. Parameters start uniform in ±1/√HiddenSize. A whole sequence is much faster
/// through <see cref="Rnn"/>.
/// </remarks>
public sealed class RnnCell : Module
{
    private readonly RnnOptions options;
    private readonly Tensor[] weights;

    /// <summary>Makes the cell with fresh parameters drawn from <see cref="Rng.Default"/>.</summary>
    /// <param name="inputSize">Features, at least 1.</param>
    /// <param name="hiddenSize">Hidden units, at least 1.</param>
    /// <param name="bias">Whether b_ih and b_hh exist.</param>
    /// <param name="nonlinearity">The activation f.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size below 1.</exception>
    public RnnCell(int inputSize, int hiddenSize, bool bias = true, Nonlinearity nonlinearity = Nonlinearity.Tanh)
    {
        if (inputSize < 1) throw new ArgumentOutOfRangeException(nameof(inputSize), $"RnnCell: inputSize must be at least 1 but was {inputSize}.");
        if (hiddenSize < 1) throw new ArgumentOutOfRangeException(nameof(hiddenSize), $"RnnCell: hiddenSize must be at least 1 but was {hiddenSize}.");
        if (!Enum.IsDefined(nonlinearity))
            throw new ArgumentOutOfRangeException(nameof(nonlinearity), $"RnnCell: nonlinearity must be Tanh or Relu but was {nonlinearity}.");
        Nonlinearity = nonlinearity;
        options = new RnnOptions(inputSize, hiddenSize, 1, 1, nonlinearity == Nonlinearity.Relu, bias, BatchFirst: false, Dropout: 0f);
        Tensor wIh = Register("weight_ih", Init.UniformOverSqrt([hiddenSize, inputSize], hiddenSize));
        Tensor wHh = Register("weight_hh", Init.UniformOverSqrt([hiddenSize, hiddenSize], hiddenSize));
        weights = bias
            ? [wIh, wHh, Register("bias_ih", Init.UniformOverSqrt([hiddenSize], hiddenSize)), Register("bias_hh", Init.UniformOverSqrt([hiddenSize], hiddenSize))]
            : [wIh, wHh];
    }

    /// <summary>Features.</summary>
    public int InputSize => options.InputSize;

    /// <summary>Hidden units.</summary>
    public int HiddenSize => options.HiddenSize;

    /// <summary>Whether there are biases.</summary>
    public bool Bias => options.Bias;

    /// <summary>The activation.</summary>
    public Nonlinearity Nonlinearity { get; }

    /// <summary>Makes one step.</summary>
    /// <param name="input">[N, InputSize], or [InputSize] without a batch.</param>
    /// <param name="h">[N, HiddenSize], or [HiddenSize]; zeros when null.</param>
    /// <returns>The next state, shaped as <paramref name="h"/>.</returns>
    /// <exception cref="ShapeException">The input or the state has another shape.</exception>
    public Tensor Forward(Tensor input, Tensor? h = null)
    {
        Shape shape = input.Shape;
        if (shape.Rank is not (1 or 2) || shape[-1] != InputSize)
            ShapeException.Throw("RnnCell.Forward: input", $"[N, {InputSize}] or [{InputSize}] (InputSize = {InputSize})", shape);
        Shape stateShape = shape.With(-1, HiddenSize);
        if (h is { } given && given.Shape != stateShape)
            ShapeException.Throw("RnnCell.Forward: h", $"{stateShape} (HiddenSize = {HiddenSize})", given.Shape);
        return RnnOp.Apply(input, h ?? default, weights, options, t: 1, n: shape.Rank == 2 ? shape[0] : 1, stateShape, stateShape).Output;
    }
}
