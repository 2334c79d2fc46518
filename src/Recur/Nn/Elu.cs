namespace Recur.Nn;

/// <summary>x above 0 and Alpha (e^x - 1) below, as torch.nn.ELU.</summary>
/// <remarks>Clevert, Unterthiner and Hochreiter 2016.</remarks>
public sealed class Elu : UnaryModule
{
    /// <summary>Creates the module.</summary>
    /// <param name="alpha">Minus the value far below 0.</param>
    /// <exception cref="ArgumentException">An argument is out of its range.</exception>
    public Elu(float alpha = 1f)
    {
        if (!float.IsFinite(alpha))
            throw new ArgumentException($"Elu: alpha must be finite but was {alpha}.");
        Alpha = alpha;
    }

    /// <summary>Minus the value far below 0.</summary>
    public float Alpha { get; }

    /// <summary>Applies the function.</summary>
    /// <param name="input">Of any shape.</param>
    /// <returns>Of the same shape.</returns>
    public override Tensor Forward(Tensor input) => input.Elu(Alpha);
}
