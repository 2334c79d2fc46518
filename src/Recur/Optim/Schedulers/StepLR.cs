namespace Recur.Optim;

/// <summary>Multiplies the rate by a factor every so many steps; as <see
/// href="https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.StepLR.html">StepLR</see>.</summary>
/// <remarks><code>rateₜ = gamma · rateₜ₋₁ when t is a multiple of stepSize, else rateₜ₋₁</code></remarks>
public sealed class StepLR : LRScheduler
{
    private readonly long stepSize;
    private readonly double gamma;

    /// <summary>Begins the schedule.</summary>
    /// <param name="optimizer">Whose rates are changed.</param>
    /// <param name="stepSize">Steps from one change to the next, at least 1.</param>
    /// <param name="gamma">The factor, 0 or greater.</param>
    /// <exception cref="ArgumentException">An argument is out of its range.</exception>
    public StepLR(Optimizer optimizer, long stepSize, double gamma = 0.1) : base(optimizer)
    {
        this.stepSize = CheckAtLeast1(nameof(stepSize), stepSize);
        this.gamma = CheckNotNegative(nameof(gamma), gamma);
        Begin();
    }

    /// <inheritdoc/>
    protected override double GetLearningRate(int group) =>
        LastEpoch == 0 || LastEpoch % stepSize != 0 ? CurrentRate(group) : CurrentRate(group) * gamma;
}
