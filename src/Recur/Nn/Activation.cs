namespace Recur.Nn;

/// <summary>What follows a layer, for <see cref="Init.CalculateGain"/>.</summary>
public enum Activation
{
    /// <summary>Nothing, or a convolution.</summary>
    Linear,

    /// <summary>The logistic function.</summary>
    Sigmoid,

    /// <summary>The hyperbolic tangent.</summary>
    Tanh,

    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>x above 0 and a fraction of x below.</summary>
    LeakyRelu,

    /// <summary>The self-normalizing unit of Klambauer et al. 2017.</summary>
    Selu,
}
