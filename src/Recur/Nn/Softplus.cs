namespace Recur.Nn;

/// <summary>ln(1 + e^(Beta x)) / Beta, a smooth max(x, 0), as torch.nn.Softplus.</summary>
public sealed class Softplus : UnaryModule
{
    /// <summary>Creates the module.</summary>
    /// <param name="beta">How sharp the bend is; not 0.</param>
    /// <param name="threshold">The result is x itself where beta x is above this.</param>
    /// <exception cref="ArgumentException">An argument is out of its range.</exception>
    public Softplus(float beta = 1f, float threshold = 20f)
    {
        if (!float.IsFinite(beta) || beta == 0f)
            throw new ArgumentException($"Softplus: beta must be finite and not 0 but was {beta}.");
        if (float.IsNaN(threshold))
            throw new ArgumentException($"Softplus: threshold must be a number but was {threshold}.");
        Beta = beta;
        Threshold = threshold;
    }

    /// <summary>How sharp the bend is.</summary>
    public float Beta { get; }

    /// <summary>Where the result becomes x itself.</summary>
    public float Threshold { get; }

    /// <summary>Applies the function.</summary>
    /// <param name="input">Of any shape.</param>
    /// <returns>Of the same shape.</returns>
    public override Tensor Forward(Tensor input) => input.Softplus(Beta, Threshold);
}
