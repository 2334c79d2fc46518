namespace Recur.Nn;

/// <summary>The logistic function 1 / (1 + e^-x), as torch.nn.Sigmoid.</summary>
public sealed class Sigmoid : UnaryModule
{
    /// <summary>Applies the function.</summary>
    /// <param name="input">Of any shape.</param>
    /// <returns>Of the same shape.</returns>
    public override Tensor Forward(Tensor input) => input.Sigmoid();
}
