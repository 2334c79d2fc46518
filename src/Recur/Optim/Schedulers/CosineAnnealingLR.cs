namespace Recur.Optim;

/// <summary>Lets the rate fall along half a cosine, and rise again after it; as <see
/// href="https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html">
/// CosineAnnealingLR</see>.</summary>
/// <remarks>
/// <code>rateₜ = etaMin + ½ (rate - etaMin) (1 + cos(π t / tMax))</code>
/// computed from rateₜ₋₁, so that other schedules can act beside it. Loshchilov and Hutter 2017.
/// </remarks>
public sealed class CosineAnnealingLR : LRScheduler
{
    private readonly double tMax, etaMin;

    /// <summary>Begins the schedule.</summary>
    /// <param name="optimizer">Whose rates are changed.</param>
    /// <param name="tMax">Steps until the lowest rate, at least 1.</param>
    /// <param name="etaMin">The lowest rate, 0 or greater.</param>
    /// <exception cref="ArgumentException">An argument is out of its range.</exception>
    public CosineAnnealingLR(Optimizer optimizer, long tMax, double etaMin = 0) : base(optimizer)
    {
        this.tMax = CheckAtLeast1(nameof(tMax), tMax);
        this.etaMin = CheckNotNegative(nameof(etaMin), etaMin);
        Begin();
    }

    /// <inheritdoc/>
    protected override double GetLearningRate(int group)
    {
        double rate = CurrentRate(group);
        if (LastEpoch == 0) return rate;
        if ((LastEpoch - 1 - tMax) % (2 * tMax) == 0) // the quotient below would be 0 / 0
            return rate + (BaseLearningRates[group] - etaMin) * (1.0 - Math.Cos(Math.PI / tMax)) / 2.0;
        return (1.0 + Math.Cos(Math.PI * LastEpoch / tMax)) / (1.0 + Math.Cos(Math.PI * (LastEpoch - 1) / tMax))
            * (rate - etaMin) + etaMin;
    }
}
