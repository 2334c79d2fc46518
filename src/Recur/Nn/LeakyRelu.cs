namespace Recur.Nn;

/// <summary>x above 0 and a fraction of x below, as torch.nn.LeakyReLU.</summary>
/// <remarks>Maas, Hannun and Ng 2013.</remarks>
public sealed class LeakyRelu : UnaryModule
{
    /// <summary>Creates the module.</summary>
    /// <param name="negativeSlope">The fraction.</param>
    /// <exception cref="ArgumentException">An argument is out of its range.</exception>
    public LeakyRelu(float negativeSlope = 0.01f)
    {
        if (!float.IsFinite(negativeSlope))
            throw new ArgumentException($"LeakyRelu: negativeSlope must be finite but was {negativeSlope}.");
        NegativeSlope = negativeSlope;
    }

    /// <summary>The fraction below 0.</summary>
    public float NegativeSlope { get; }

    /// <summary>Applies the function.</summary>
    /// <param name="input">Of any shape.</param>
    /// <returns>Of the same shape.</returns>
    public override Tensor Forward(Tensor input) => input.LeakyRelu(NegativeSlope);
}
