using System.Runtime.CompilerServices;
using Recur.Kernels;

namespace Recur.Optim;

/// <summary>Adam with Nesterov's momentum; arithmetic and defaults as <see
/// href="https://pytorch.org/docs/stable/generated/torch.optim.NAdam.html">torch.optim.NAdam</see>.</summary>
/// <remarks>
/// <code>
/// g' = g + WeightDecay · p     (DecoupledWeightDecay: p = (1 - LearningRate · WeightDecay) p, g' = g)
/// μₜ = β1 (1 - ½ · 0.96^(ψ t))                  ψ = MomentumDecay
/// m  = β1 m + (1-β1) g'        v = β2 v + (1-β2) g'²
/// p  = p - LearningRate · (μₜ₊₁ m / (1 - μ₁ ··· μₜ₊₁) + (1-μₜ) g' / (1 - μ₁ ··· μₜ)) / (√(v / (1-β2ᵗ)) + ε)
/// </code>
/// Dozat 2016. t counts the steps of each parameter; Maximize takes -g for g. State: <c>exp_avg</c> (m),
/// <c>exp_avg_sq</c> (v) and <c>mu_product</c> (μ₁ ··· μₜ, one number per parameter). PyTorch before 2.0 multiplied the
/// product of the first term once more by μₜ, against its own documentation; these are the numbers since.
/// </remarks>
public sealed class NAdam : Optimizer
{
    private readonly float[] products; // μ₁ ··· μₜ
    private StepCache<StepNumbers> cache;

    /// <summary>Prepares steps on the parameters.</summary>
    /// <param name="parameters">Leaves, at least one, none twice.</param>
    /// <param name="learningRate">The size of a step, 0 or greater.</param>
    /// <param name="beta1">How much of the mean gradient is kept, in [0, 1). A double like the next: 1 - 0.999 in
    /// float is off by 5e-5.</param>
    /// <param name="beta2">How much of the mean squared gradient is kept, in [0, 1).</param>
    /// <param name="eps">Added to the denominator, 0 or greater.</param>
    /// <param name="weightDecay">L2 penalty: this times the parameter is added to its gradient; 0 or greater.</param>
    /// <param name="momentumDecay">ψ, how fast the momentum rises to β1; 0 or greater.</param>
    /// <param name="decoupledWeightDecay">Whether weight decay shrinks the parameter
    /// instead, as in <see cref="AdamW"/>.</param>
    /// <param name="maximize">Whether to go up the gradient instead of down.</param>
    /// <exception cref="ArgumentException">An argument is out of its range, or the parameters are (see <see
    /// cref="Optimizer"/>).</exception>
    public NAdam(
        IEnumerable<Tensor> parameters, float learningRate = 2e-3f, double beta1 = 0.9, double beta2 = 0.999,
        double eps = 1e-8, double weightDecay = 0, double momentumDecay = 4e-3, bool decoupledWeightDecay = false,
        bool maximize = false)
        : this([new ParameterGroup(parameters)], learningRate, beta1, beta2, eps, weightDecay, momentumDecay,
        decoupledWeightDecay, maximize)
    {
    }

    /// <summary>Prepares steps on groups of parameters, each of which may set LearningRate, Beta1, Beta2, Eps,
    /// WeightDecay, MomentumDecay, DecoupledWeightDecay and Maximize; the arguments are for those that do
    /// not.</summary>
    /// <inheritdoc cref="NAdam(IEnumerable{Tensor}, float, double, double, double, double, double, bool, bool)"/>
    [OverloadResolutionPriority(-1)] // an empty list is a list of parameters
    public NAdam(
        IReadOnlyList<ParameterGroup> groups, float learningRate = 2e-3f, double beta1 = 0.9, double beta2 = 0.999,
        double eps = 1e-8, double weightDecay = 0, double momentumDecay = 4e-3, bool decoupledWeightDecay = false,
        bool maximize = false)
        : this(groups, new ParameterGroup(
            nameof(NAdam),
            (OptimizerOption.LearningRate, learningRate), (OptimizerOption.Beta1, beta1),
            (OptimizerOption.Beta2, beta2), (OptimizerOption.Eps, eps), (OptimizerOption.WeightDecay, weightDecay),
            (OptimizerOption.MomentumDecay, momentumDecay),
            (OptimizerOption.DecoupledWeightDecay, decoupledWeightDecay ? 1 : 0),
            (OptimizerOption.Maximize, maximize ? 1 : 0)))
    {
    }

    private NAdam(IReadOnlyList<ParameterGroup> groups, ParameterGroup defaults)
        : base(groups, defaults, "exp_avg", "exp_avg_sq")
    {
        products = AddNumbers("mu_product");
        Array.Fill(products, 1f);
    }

    /// <inheritdoc/>
    protected override void Update(int index, Span<float> parameter, ReadOnlySpan<float> gradient, long step)
    {
        ParameterGroup group = GroupOf(index);
        if (cache.IsStale(group, step)) cache.Numbers = Prepare(group, step);
        ref StepNumbers n = ref cache.Numbers;
        products[index] *= (float)n.Mu;
        double rate = group[OptimizerOption.LearningRate], product = products[index];
        NAdamRule rule = n.Rule with
        {
            NegativeGradientStep = (float)(-rate * (1.0 - n.Mu) / (1.0 - product)),
            NegativeMomentStep = (float)(-rate * n.NextMu / (1.0 - product * n.NextMu)),
        };
        OptimizerKernels.Run(rule, parameter, gradient, Buffer(0, index), Buffer(1, index));
    }

    private protected override void Reset(int index)
    {
        base.Reset(index);
        products[index] = 1f;
    }

    private static StepNumbers Prepare(ParameterGroup group, long step)
    {
        double beta1 = group[OptimizerOption.Beta1], beta2 = group[OptimizerOption.Beta2];
        double decay = group[OptimizerOption.MomentumDecay];
        return new StepNumbers
        {
            Rule = new NAdamRule
            {
                Decay = DecayOf(group, group.Is(OptimizerOption.DecoupledWeightDecay)),
                Beta1 = (float)beta1,
                OneMinusBeta1 = (float)(1.0 - beta1),
                Beta2 = (float)beta2,
                OneMinusBeta2 = (float)(1.0 - beta2),
                Bias2 = (float)(1.0 - Math.Pow(beta2, step)),
                Eps = (float)group[OptimizerOption.Eps],
            },
            Mu = beta1 * (1.0 - 0.5 * Math.Pow(0.96, step * decay)),
            NextMu = beta1 * (1.0 - 0.5 * Math.Pow(0.96, (step + 1) * decay)),
        };
    }

    // The two steps of the rule depend on the parameter's product, so they are not kept.
    private struct StepNumbers
    {
        public NAdamRule Rule;
        public double Mu, NextMu;
    }
}
