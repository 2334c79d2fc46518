using System.Runtime.CompilerServices;
using Recur.Kernels;

namespace Recur.Optim;

/// <summary>Adam by the largest instead of the mean squared gradient; arithmetic and defaults as <see
/// href="https://pytorch.org/docs/stable/generated/torch.optim.Adamax.html">torch.optim.Adamax</see>.</summary>
/// <remarks>
/// <code>
/// g' = g + WeightDecay · p                      (Maximize: -g + WeightDecay · p)
/// m  = β1 m + (1-β1) g'        u = max(β2 u, |g'| + ε)
/// p  = p - LearningRate / (1-β1ᵗ) · m / u
/// </code>
/// Kingma and Ba 2015, section 7. t counts the steps of each parameter. State: <c>exp_avg</c> (m) and <c>exp_inf</c>
/// (u).
/// </remarks>
public sealed class Adamax : Optimizer
{
    private StepCache<AdamaxRule> cache;

    /// <summary>Prepares steps on the parameters.</summary>
    /// <param name="parameters">Leaves, at least one, none twice.</param>
    /// <param name="learningRate">The size of a step, 0 or greater.</param>
    /// <param name="beta1">How much of the mean gradient is kept, in [0, 1). A double like the next: 1 - 0.999 in
    /// float is off by 5e-5.</param>
    /// <param name="beta2">How much of the mean squared gradient is kept, in [0, 1).</param>
    /// <param name="eps">Added to the denominator, 0 or greater.</param>
    /// <param name="weightDecay">L2 penalty: this times the parameter is added to its gradient; 0 or greater.</param>
    /// <param name="maximize">Whether to go up the gradient instead of down.</param>
    /// <exception cref="ArgumentException">An argument is out of its range, or the parameters are (see <see
    /// cref="Optimizer"/>).</exception>
    public Adamax(
        IEnumerable<Tensor> parameters, float learningRate = 2e-3f, double beta1 = 0.9, double beta2 = 0.999,
        double eps = 1e-8, double weightDecay = 0, bool maximize = false)
        : this([new ParameterGroup(parameters)], learningRate, beta1, beta2, eps, weightDecay, maximize)
    {
    }

    /// <summary>Prepares steps on groups of parameters, each of which may set LearningRate, Beta1, Beta2, Eps,
    /// WeightDecay and Maximize; the arguments are for those that do not.</summary>
    /// <inheritdoc cref="Adamax(IEnumerable{Tensor}, float, double, double, double, double, bool)"/>
    [OverloadResolutionPriority(-1)] // an empty list is a list of parameters
    public Adamax(
        IReadOnlyList<ParameterGroup> groups, float learningRate = 2e-3f, double beta1 = 0.9, double beta2 = 0.999,
        double eps = 1e-8, double weightDecay = 0, bool maximize = false)
        : this(groups, new ParameterGroup(
            nameof(Adamax),
            (OptimizerOption.LearningRate, learningRate), (OptimizerOption.Beta1, beta1),
            (OptimizerOption.Beta2, beta2), (OptimizerOption.Eps, eps), (OptimizerOption.WeightDecay, weightDecay),
            (OptimizerOption.Maximize, maximize ? 1 : 0)))
    {
    }

    private Adamax(IReadOnlyList<ParameterGroup> groups, ParameterGroup defaults)
        : base(groups, defaults, "exp_avg", "exp_inf")
    {
    }

    /// <inheritdoc/>
    protected override void Update(int index, Span<float> parameter, ReadOnlySpan<float> gradient, long step)
    {
        ParameterGroup group = GroupOf(index);
        if (cache.IsStale(group, step))
        {
            double beta1 = group[OptimizerOption.Beta1];
            cache.Numbers = new AdamaxRule
            {
                Decay = DecayOf(group),
                Beta1 = (float)beta1,
                OneMinusBeta1 = (float)(1.0 - beta1),
                Beta2 = (float)group[OptimizerOption.Beta2],
                Eps = (float)group[OptimizerOption.Eps],
                NegativeStepSize = (float)(-group[OptimizerOption.LearningRate] / (1.0 - Math.Pow(beta1, step))),
            };
        }

        OptimizerKernels.Run(cache.Numbers, parameter, gradient, Buffer(0, index), Buffer(1, index));
    }
}
