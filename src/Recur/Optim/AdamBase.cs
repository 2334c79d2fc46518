using Recur.Kernels;

namespace Recur.Optim;

/// <summary>What <see cref="Adam"/> and <see cref="AdamW"/> share: all but the place of the weight decay.</summary>
public abstract class AdamBase : Optimizer
{
    private readonly bool decoupled;
    private OptimizerKernels.AdamStep constants;
    private long constantsStep;
    private float constantsRate;

    private protected AdamBase(
        IEnumerable<Tensor> parameters, float learningRate, double beta1, double beta2, double eps, double weightDecay,
        bool decoupled)
        : base(parameters, learningRate, "exp_avg", "exp_avg_sq")
    {
        Beta1 = CheckDecay(nameof(beta1), beta1);
        Beta2 = CheckDecay(nameof(beta2), beta2);
        Eps = CheckNotNegative(nameof(eps), eps);
        WeightDecay = CheckNotNegative(nameof(weightDecay), weightDecay);
        this.decoupled = decoupled;
    }

    /// <summary>How much of the mean gradient a step keeps.</summary>
    public double Beta1 { get; }

    /// <summary>How much of the mean squared gradient a step keeps.</summary>
    public double Beta2 { get; }

    /// <summary>Added to the denominator.</summary>
    public double Eps { get; }

    /// <summary>The weight decay.</summary>
    public double WeightDecay { get; }

    /// <inheritdoc/>
    protected override void Update(int index, Span<float> parameter, ReadOnlySpan<float> gradient, long step)
    {
        // Usually all parameters are at the same step, so that the powers are computed once for all of them.
        if (step != constantsStep || LearningRate != constantsRate) SetConstants(step);
        OptimizerKernels.Adam(parameter, gradient, Buffer(0, index), Buffer(1, index), constants);
    }

    private void SetConstants(long step)
    {
        double rate = LearningRate;
        constants = new OptimizerKernels.AdamStep
        {
            Beta1 = (float)Beta1,
            OneMinusBeta1 = (float)(1.0 - Beta1),
            Beta2 = (float)Beta2,
            OneMinusBeta2 = (float)(1.0 - Beta2),
            WeightDecay = decoupled ? 0f : (float)WeightDecay,
            Shrink = decoupled ? (float)(1.0 - rate * WeightDecay) : 1f,
            Bias2Sqrt = (float)Math.Sqrt(1.0 - Math.Pow(Beta2, step)),
            Eps = (float)Eps,
            NegativeStepSize = (float)(-rate / (1.0 - Math.Pow(Beta1, step))),
        };
        constantsStep = step;
        constantsRate = LearningRate;
    }
}
