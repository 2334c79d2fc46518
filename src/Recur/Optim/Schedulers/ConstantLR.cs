namespace Recur.Optim;

/// <summary>Multiplies the rate by a factor for the first steps only; as <see
/// href="https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ConstantLR.html">
/// ConstantLR</see>.</summary>
/// <remarks><code>rateₜ = factor · rate for t &lt; totalIters, then rate</code></remarks>
public sealed class ConstantLR : LRScheduler
{
    private readonly double factor;
    private readonly long totalIters;

    /// <summary>Begins the schedule.</summary>
    /// <param name="optimizer">Whose rates are changed.</param>
    /// <param name="factor">The factor, above 0 and at most 1.</param>
    /// <param name="totalIters">The number of steps with the factor, at least 1.</param>
    /// <exception cref="ArgumentException">An argument is out of its range.</exception>
    public ConstantLR(Optimizer optimizer, double factor = 1.0 / 3, long totalIters = 5) : base(optimizer)
    {
        this.factor = CheckFactor(nameof(factor), factor);
        this.totalIters = CheckAtLeast1(nameof(totalIters), totalIters);
        Begin();
    }

    /// <inheritdoc/>
    protected override double GetLearningRate(int group)
    {
        if (LastEpoch == 0) return CurrentRate(group) * factor;
        return LastEpoch == totalIters ? CurrentRate(group) * (1.0 / factor) : CurrentRate(group);
    }
}
