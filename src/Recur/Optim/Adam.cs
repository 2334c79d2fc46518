namespace Recur.Optim;

/// <summary>Adam with weight decay in the gradient; arithmetic and defaults as torch.optim.Adam.</summary>
/// <remarks>
/// <code>
/// g' = g + WeightDecay · p
/// m  = β1 m + (1-β1) g'        v = β2 v + (1-β2) g'²
/// p  = p - LearningRate / (1-β1ᵗ) · m / (√v / √(1-β2ᵗ) + ε)
/// </code>
/// Kingma and Ba 2015. t counts the steps of each parameter. State: <c>exp_avg</c> (m) and <c>exp_avg_sq</c> (v).
/// </remarks>
public sealed class Adam : AdamBase
{
    /// <summary>Prepares steps on the parameters.</summary>
    /// <param name="parameters">Leaves, at least one, none twice.</param>
    /// <param name="learningRate">The size of a step, 0 or greater.</param>
    /// <param name="beta1">How much of the mean gradient is kept, in [0, 1). A double like the next: 1 - 0.999 in
    /// float is off by 5e-5.</param>
    /// <param name="beta2">How much of the mean squared gradient is kept, in [0, 1).</param>
    /// <param name="eps">Added to the denominator, 0 or greater.</param>
    /// <param name="weightDecay">L2 penalty: this times the parameter is added to its gradient; 0 or greater.</param>
    /// <exception cref="ArgumentException">An argument is out of its range, or the parameters are (see <see
    /// cref="Optimizer"/>).</exception>
    public Adam(
        IEnumerable<Tensor> parameters, float learningRate = 1e-3f,
        double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weightDecay = 0)
        : base(parameters, learningRate, beta1, beta2, eps, weightDecay, decoupled: false)
    {
    }
}
