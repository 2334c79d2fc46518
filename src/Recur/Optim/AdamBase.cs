using Recur.Kernels;

namespace Recur.Optim;

/// <summary>What <see cref="Adam"/> and <see cref="AdamW"/> share: all but the place of the weight decay.</summary>
public abstract class AdamBase : Optimizer
{
    private const int LargestSquare = 2; // the buffer that only amsgrad has

    private readonly bool decoupled;
    private StepCache<AdamRule<Off>> plain;
    private StepCache<AdamRule<On>> amsgrad;

    private protected AdamBase(IReadOnlyList<ParameterGroup> groups, ParameterGroup defaults, bool decoupled)
        : base(
            groups, defaults,
            Any(groups, defaults, OptimizerOption.Amsgrad)
                ? ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"]
                : ["exp_avg", "exp_avg_sq"]) => this.decoupled = decoupled;

    /// <summary>The numbers of the rule's groups.</summary>
    private protected static ParameterGroup Defaults(
        string rule, float learningRate, double beta1, double beta2, double eps, double weightDecay, bool amsgrad,
        bool maximize) => new(
            rule, (OptimizerOption.LearningRate, learningRate), (OptimizerOption.Beta1, beta1),
            (OptimizerOption.Beta2, beta2), (OptimizerOption.Eps, eps), (OptimizerOption.WeightDecay, weightDecay),
            (OptimizerOption.Amsgrad, amsgrad ? 1 : 0), (OptimizerOption.Maximize, maximize ? 1 : 0));

    /// <inheritdoc/>
    protected override void Update(int index, Span<float> parameter, ReadOnlySpan<float> gradient, long step)
    {
        ParameterGroup group = GroupOf(index);
        Span<float> m = Buffer(0, index), v = Buffer(1, index);
        if (group.Is(OptimizerOption.Amsgrad))
            OptimizerKernels.Run(
                Rule(ref amsgrad, group, step), parameter, gradient, m, v, Buffer(LargestSquare, index));
        else
            OptimizerKernels.Run(Rule(ref plain, group, step), parameter, gradient, m, v);
    }

    private protected override bool Uses(int kind, ParameterGroup group) =>
        kind != LargestSquare || group.Is(OptimizerOption.Amsgrad);

    private ref readonly AdamRule<TAmsgrad> Rule<TAmsgrad>(
        ref StepCache<AdamRule<TAmsgrad>> cache, ParameterGroup group, long step) where TAmsgrad : unmanaged, IFlag
    {
        if (!cache.IsStale(group, step)) return ref cache.Numbers;
        double beta1 = group[OptimizerOption.Beta1], beta2 = group[OptimizerOption.Beta2];
        cache.Numbers = new AdamRule<TAmsgrad>
        {
            Decay = DecayOf(group, decoupled),
            Beta1 = (float)beta1,
            OneMinusBeta1 = (float)(1.0 - beta1),
            Beta2 = (float)beta2,
            OneMinusBeta2 = (float)(1.0 - beta2),
            Bias2Sqrt = (float)Math.Sqrt(1.0 - Math.Pow(beta2, step)),
            Eps = (float)group[OptimizerOption.Eps],
            NegativeStepSize = (float)(-group[OptimizerOption.LearningRate] / (1.0 - Math.Pow(beta1, step))),
        };
        return ref cache.Numbers;
    }
}
