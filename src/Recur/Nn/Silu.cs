namespace Recur.Nn;

/// <summary>x / (1 + e^-x), as torch.nn.SiLU.</summary>
/// <remarks>Elfwing, Uchibe and Doya 2018.</remarks>
public sealed class Silu : UnaryModule
{
    /// <summary>Applies the function.</summary>
    /// <param name="input">Of any shape.</param>
    /// <returns>Of the same shape.</returns>
    public override Tensor Forward(Tensor input) => input.Silu();
}
