using System.Runtime.CompilerServices;
using Recur.Kernels;

namespace Recur.Optim;

/// <summary>Adam that adapts its steps only once it has seen enough gradients; arithmetic and defaults as <see
/// href="https://pytorch.org/docs/stable/generated/torch.optim.RAdam.html">torch.optim.RAdam</see>.</summary>
/// <remarks>
/// <code>
/// g' = g + WeightDecay · p     (DecoupledWeightDecay: p = (1 - LearningRate · WeightDecay) p, g' = g)
/// m  = β1 m + (1-β1) g'        v = β2 v + (1-β2) g'²
/// ρ∞ = 2 / (1-β2) - 1          ρ = ρ∞ - 2 t β2ᵗ / (1-β2ᵗ)
/// r  = √((ρ-4)(ρ-2) ρ∞ / ((ρ∞-4)(ρ∞-2) ρ))
/// p  = p - LearningRate · m / (1-β1ᵗ) · r √(1-β2ᵗ) / (√v + ε)            when ρ > 5
/// p  = p - LearningRate · m / (1-β1ᵗ)                                    else
/// </code>
/// Liu et al. 2020. t counts the steps of each parameter; Maximize takes -g for g. State: <c>exp_avg</c> (m) and
/// <c>exp_avg_sq</c> (v).
/// </remarks>
public sealed class RAdam : Optimizer
{
    private StepCache<RAdamRule> cache;

    /// <summary>Prepares steps on the parameters.</summary>
    /// <param name="parameters">Leaves, at least one, none twice.</param>
    /// <param name="learningRate">The size of a step, 0 or greater.</param>
    /// <param name="beta1">How much of the mean gradient is kept, in [0, 1). A double like the next: 1 - 0.999 in
    /// float is off by 5e-5.</param>
    /// <param name="beta2">How much of the mean squared gradient is kept, in [0, 1).</param>
    /// <param name="eps">Added to the denominator, 0 or greater.</param>
    /// <param name="weightDecay">L2 penalty: this times the parameter is added to its gradient; 0 or greater.</param>
    /// <param name="decoupledWeightDecay">Whether weight decay shrinks the parameter
    /// instead, as in <see cref="AdamW"/>.</param>
    /// <param name="maximize">Whether to go up the gradient instead of down.</param>
    /// <exception cref="ArgumentException">An argument is out of its range, or the parameters are (see <see
    /// cref="Optimizer"/>).</exception>
    public RAdam(
        IEnumerable<Tensor> parameters, float learningRate = 1e-3f, double beta1 = 0.9, double beta2 = 0.999,
        double eps = 1e-8, double weightDecay = 0, bool decoupledWeightDecay = false, bool maximize = false)
        : this([new ParameterGroup(parameters)], learningRate, beta1, beta2, eps, weightDecay, decoupledWeightDecay,
        maximize)
    {
    }

    /// <summary>Prepares steps on groups of parameters, each of which may set LearningRate, Beta1, Beta2, Eps,
    /// WeightDecay, DecoupledWeightDecay and Maximize; the arguments are for those that do not.</summary>
    /// <inheritdoc cref="RAdam(IEnumerable{Tensor}, float, double, double, double, double, bool, bool)"/>
    [OverloadResolutionPriority(-1)] // an empty list is a list of parameters
    public RAdam(
        IReadOnlyList<ParameterGroup> groups, float learningRate = 1e-3f, double beta1 = 0.9, double beta2 = 0.999,
        double eps = 1e-8, double weightDecay = 0, bool decoupledWeightDecay = false, bool maximize = false)
        : this(groups, new ParameterGroup(
            nameof(RAdam),
            (OptimizerOption.LearningRate, learningRate), (OptimizerOption.Beta1, beta1),
            (OptimizerOption.Beta2, beta2), (OptimizerOption.Eps, eps), (OptimizerOption.WeightDecay, weightDecay),
            (OptimizerOption.DecoupledWeightDecay, decoupledWeightDecay ? 1 : 0),
            (OptimizerOption.Maximize, maximize ? 1 : 0)))
    {
    }

    private RAdam(IReadOnlyList<ParameterGroup> groups, ParameterGroup defaults)
        : base(groups, defaults, "exp_avg", "exp_avg_sq")
    {
    }

    /// <inheritdoc/>
    protected override void Update(int index, Span<float> parameter, ReadOnlySpan<float> gradient, long step)
    {
        ParameterGroup group = GroupOf(index);
        if (cache.IsStale(group, step)) cache.Numbers = Prepare(group, step);
        OptimizerKernels.Run(cache.Numbers, parameter, gradient, Buffer(0, index), Buffer(1, index));
    }

    private static RAdamRule Prepare(ParameterGroup group, long step)
    {
        double beta1 = group[OptimizerOption.Beta1], beta2 = group[OptimizerOption.Beta2];
        double power = Math.Pow(beta2, step);
        double longest = 2.0 / (1.0 - beta2) - 1.0, length = longest - 2.0 * step * power / (1.0 - power);
        bool isRectified = length > 5.0; // below, the variance of the size of a step is not finite
        return new RAdamRule
        {
            Decay = DecayOf(group, group.Is(OptimizerOption.DecoupledWeightDecay)),
            Beta1 = (float)beta1,
            OneMinusBeta1 = (float)(1.0 - beta1),
            Beta2 = (float)beta2,
            OneMinusBeta2 = (float)(1.0 - beta2),
            Bias1 = (float)(1.0 - Math.Pow(beta1, step)),
            Bias2Sqrt = (float)Math.Sqrt(1.0 - power),
            Eps = (float)group[OptimizerOption.Eps],
            Rate = (float)group[OptimizerOption.LearningRate],
            IsRectified = isRectified,
            Rectification = isRectified
                ? (float)Math.Sqrt(
                    (length - 4.0) * (length - 2.0) * longest / ((longest - 4.0) * (longest - 2.0) * length))
                : 1f,
        };
    }
}
