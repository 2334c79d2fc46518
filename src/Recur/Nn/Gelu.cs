namespace Recur.Nn;

/// <summary>x times the normal distribution function of x, as torch.nn.GELU.</summary>
/// <remarks>Hendrycks and Gimpel 2016.</remarks>
public sealed class Gelu : UnaryModule
{
    /// <summary>Creates the module.</summary>
    /// <param name="tanhApproximation">Whether to compute it from tanh: PyTorch's approximate="tanh".</param>
    public Gelu(bool tanhApproximation = false)
    {
        TanhApproximation = tanhApproximation;
    }

    /// <summary>Whether it is computed from tanh.</summary>
    public bool TanhApproximation { get; }

    /// <summary>Applies the function.</summary>
    /// <param name="input">Of any shape.</param>
    /// <returns>Of the same shape.</returns>
    public override Tensor Forward(Tensor input) => input.Gelu(TanhApproximation);
}
