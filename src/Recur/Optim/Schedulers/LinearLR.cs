namespace Recur.Optim;

/// <summary>Moves the rate along a line from one factor to another; as <see
/// href="https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LinearLR.html">LinearLR</see>.</summary>
/// <remarks>
/// <code>rateₜ = rate · (startFactor + (endFactor - startFactor) · min(t, totalIters) / totalIters)</code>
/// computed from rateₜ₋₁, so that other schedules can act beside it. The usual warm-up: <see
/// cref="SequentialLR.WarmUp"/>.
/// </remarks>
public sealed class LinearLR : LRScheduler
{
    private readonly double startFactor, endFactor;
    private readonly long totalIters;

    /// <summary>Begins the schedule.</summary>
    /// <param name="optimizer">Whose rates are changed.</param>
    /// <param name="startFactor">The first factor, above 0 and at most 1.</param>
    /// <param name="endFactor">The last factor, from 0 to 1.</param>
    /// <param name="totalIters">Steps from the first to the last, at least 1.</param>
    /// <exception cref="ArgumentException">An argument is out of its range.</exception>
    public LinearLR(Optimizer optimizer, double startFactor = 1.0 / 3, double endFactor = 1.0, long totalIters = 5)
        : base(optimizer)
    {
        this.startFactor = CheckFactor(nameof(startFactor), startFactor);
        this.endFactor = CheckFactor(nameof(endFactor), endFactor, canBeZero: true);
        this.totalIters = CheckAtLeast1(nameof(totalIters), totalIters);
        Begin();
    }

    /// <inheritdoc/>
    protected override double GetLearningRate(int group)
    {
        double rate = CurrentRate(group);
        if (LastEpoch == 0) return rate * startFactor;
        if (LastEpoch > totalIters) return rate;
        double change = endFactor - startFactor;
        return rate * (1.0 + change / (totalIters * startFactor + (LastEpoch - 1) * change));
    }
}
