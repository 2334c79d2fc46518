namespace Recur.Optim;

/// <summary>Lets the rate fall to 0 along a power; as <see
/// href="https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.PolynomialLR.html">
/// PolynomialLR</see>.</summary>
/// <remarks>
/// <code>rateₜ = rate · (1 - min(t, totalIters) / totalIters)^power</code>
/// computed from rateₜ₋₁, so that other schedules can act beside it.
/// </remarks>
public sealed class PolynomialLR : LRScheduler
{
    private readonly double totalIters, power;

    /// <summary>Begins the schedule.</summary>
    /// <param name="optimizer">Whose rates are changed.</param>
    /// <param name="totalIters">The number of steps until 0, at least 1.</param>
    /// <param name="power">The exponent, 0 or greater; 1 for a line.</param>
    /// <exception cref="ArgumentException">An argument is out of its range.</exception>
    public PolynomialLR(Optimizer optimizer, long totalIters = 5, double power = 1.0) : base(optimizer)
    {
        this.totalIters = CheckAtLeast1(nameof(totalIters), totalIters);
        this.power = CheckNotNegative(nameof(power), power);
        Begin();
    }

    /// <inheritdoc/>
    protected override double GetLearningRate(int group)
    {
        if (LastEpoch == 0 || LastEpoch > totalIters) return CurrentRate(group);
        double left = (1.0 - LastEpoch / totalIters) / (1.0 - (LastEpoch - 1) / totalIters);
        return CurrentRate(group) * Math.Pow(left, power);
    }
}
