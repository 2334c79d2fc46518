namespace Recur.Optim;

/// <summary>Multiplies the rate by a factor in every step; as <see
/// href="https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ExponentialLR.html">
/// ExponentialLR</see>.</summary>
/// <remarks><code>rateₜ = gamma · rateₜ₋₁</code></remarks>
public sealed class ExponentialLR : LRScheduler
{
    private readonly double gamma;

    /// <summary>Begins the schedule.</summary>
    /// <param name="optimizer">Whose rates are changed.</param>
    /// <param name="gamma">The factor, 0 or greater.</param>
    /// <exception cref="ArgumentException">An argument is out of its range.</exception>
    public ExponentialLR(Optimizer optimizer, double gamma) : base(optimizer)
    {
        this.gamma = CheckNotNegative(nameof(gamma), gamma);
        Begin();
    }

    /// <inheritdoc/>
    protected override double GetLearningRate(int group) =>
        LastEpoch == 0 ? CurrentRate(group) : CurrentRate(group) * gamma;
}
