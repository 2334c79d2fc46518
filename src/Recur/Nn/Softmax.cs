namespace Recur.Nn;

/// <summary>e^x / Σ e^x along a dimension, as torch.nn.Softmax.</summary>
public sealed class Softmax : UnaryModule
{
    /// <summary>Creates the module.</summary>
    /// <param name="dim">The dimension; negative counts from the last.</param>
    public Softmax(int dim)
    {
        Dim = dim;
    }

    /// <summary>The dimension.</summary>
    public int Dim { get; }

    /// <summary>Applies the function.</summary>
    /// <param name="input">Of any shape.</param>
    /// <returns>Of the same shape.</returns>
    public override Tensor Forward(Tensor input) => input.Softmax(Dim);
}
