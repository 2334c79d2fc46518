namespace Recur.Nn;

/// <summary>The hyperbolic tangent, as torch.nn.Tanh.</summary>
public sealed class Tanh : UnaryModule
{
    /// <summary>Applies the function.</summary>
    /// <param name="input">Of any shape.</param>
    /// <returns>Of the same shape.</returns>
    public override Tensor Forward(Tensor input) => input.Tanh();
}
