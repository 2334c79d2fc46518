namespace Recur.Nn;

/// <summary>max(x, 0), as torch.nn.ReLU.</summary>
public sealed class Relu : UnaryModule
{
    /// <summary>Applies the function.</summary>
    /// <param name="input">Of any shape.</param>
    /// <returns>Of the same shape.</returns>
    public override Tensor Forward(Tensor input) => input.Relu();
}
