namespace Recur.Nn;

/// <summary>The logarithm of the softmax along a dimension, as torch.nn.LogSoftmax.</summary>
public sealed class LogSoftmax : UnaryModule
{
    /// <summary>Creates the module.</summary>
    /// <param name="dim">The dimension; negative counts from the last.</param>
    public LogSoftmax(int dim)
    {
        Dim = dim;
    }

    /// <summary>The dimension.</summary>
    public int Dim { get; }

    /// <summary>Applies the function.</summary>
    /// <param name="input">Of any shape.</param>
    /// <returns>Of the same shape.</returns>
    public override Tensor Forward(Tensor input) => input.LogSoftmax(Dim);
}
