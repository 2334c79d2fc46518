using Recur.Ops;

namespace Recur.Nn;

/// <summary>What a loss does with its values per element.</summary>
public enum Reduction
{
    /// <summary>Keeps them: the result has the shape of the input.</summary>
    None,

    /// <summary>Divides their sum by the number of elements.</summary>
    Mean,

    /// <summary>Adds them up.</summary>
    Sum,
}

/// <summary>Loss functions; names and definitions as in torch.nn.functional.</summary>
public static class Losses
{
    /// <summary>The mean squared error, as torch.nn.functional.mse_loss.</summary>
    /// <remarks><code>loss = Σ (input - target)² / Length      dLoss/dInput = 2 (input - target) /
    /// Length</code></remarks>
    /// <param name="input">Predictions, of any shape.</param>
    /// <param name="target">What they should be, of the same shape (nothing is broadcast: that hides mistakes).</param>
    /// <param name="reduction">Mean (the default), sum, or one value per element.</param>
    /// <returns>A scalar, or the input's shape for <see cref="Reduction.None"/>.</returns>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    public static Tensor Mse(Tensor input, Tensor target, Reduction reduction = Reduction.Mean)
    {
        if (target.Shape != input.Shape)
            ShapeException.Throw("Losses.Mse: target", $"{input.Shape} (the shape of input)", target.Shape);
        return reduction switch
        {
            Reduction.Mean => MseOp.Apply(input, target, input.Length),
            Reduction.Sum => MseOp.Apply(input, target, 1f),
            Reduction.None => SquaredDifferenceOp.Apply(input, target),
            _ => throw new ArgumentOutOfRangeException(nameof(reduction), $"Losses.Mse: {reduction} is not a Reduction."),
        };
    }
}
