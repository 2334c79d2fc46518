using System.Runtime.CompilerServices;

namespace Recur.Optim;

/// <summary>Adam with weight decay in the gradient; arithmetic and defaults as <see
/// href="https://pytorch.org/docs/stable/generated/torch.optim.Adam.html">torch.optim.Adam</see>.</summary>
/// <remarks>
/// <code>
/// g' = g + WeightDecay · p                      (Maximize: -g + WeightDecay · p)
/// m  = β1 m + (1-β1) g'        v = β2 v + (1-β2) g'²        u = v    (Amsgrad: u = max(u, v))
/// p  = p - LearningRate / (1-β1ᵗ) · m / (√u / √(1-β2ᵗ) + ε)
/// </code>
/// Kingma and Ba 2015; Reddi, Kale and Kumar 2018 for Amsgrad. t counts the steps of each parameter. State:
/// <c>exp_avg</c> (m), <c>exp_avg_sq</c> (v) and, with Amsgrad, <c>max_exp_avg_sq</c> (u).
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
    /// <param name="amsgrad">Whether to divide by the largest mean square so far.</param>
    /// <param name="maximize">Whether to go up the gradient instead of down.</param>
    /// <exception cref="ArgumentException">An argument is out of its range, or the parameters are (see <see
    /// cref="Optimizer"/>).</exception>
    public Adam(
        IEnumerable<Tensor> parameters, float learningRate = 1e-3f, double beta1 = 0.9, double beta2 = 0.999,
        double eps = 1e-8, double weightDecay = 0, bool amsgrad = false, bool maximize = false)
        : this([new ParameterGroup(parameters)], learningRate, beta1, beta2, eps, weightDecay, amsgrad, maximize)
    {
    }

    /// <summary>Prepares steps on groups of parameters, each of which may set LearningRate, Beta1, Beta2, Eps,
    /// WeightDecay, Amsgrad and Maximize; the arguments are for those that do not.</summary>
    /// <inheritdoc cref="Adam(IEnumerable{Tensor}, float, double, double, double, double, bool, bool)"/>
    [OverloadResolutionPriority(-1)] // an empty list is a list of parameters
    public Adam(
        IReadOnlyList<ParameterGroup> groups, float learningRate = 1e-3f, double beta1 = 0.9, double beta2 = 0.999,
        double eps = 1e-8, double weightDecay = 0, bool amsgrad = false, bool maximize = false)
        : base(
            groups, Defaults(nameof(Adam), learningRate, beta1, beta2, eps, weightDecay, amsgrad, maximize),
            decoupled: false)
    {
    }
}
