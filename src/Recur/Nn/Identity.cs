namespace Recur.Nn;

/// <summary>The input itself, as torch.nn.Identity.</summary>
public sealed class Identity : UnaryModule
{
    /// <summary>Applies the function.</summary>
    /// <param name="input">Of any shape.</param>
    /// <returns>Of the same shape.</returns>
    public override Tensor Forward(Tensor input) => input;
}
