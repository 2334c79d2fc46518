namespace Recur.Optim;

/// <summary>Multiplies the rate by a factor at given steps; as <see
/// href="https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiStepLR.html">
/// MultiStepLR</see>.</summary>
/// <remarks><code>rateₜ = gamma · rateₜ₋₁ when t is a milestone, else rateₜ₋₁</code>A milestone given twice counts
/// twice.</remarks>
public sealed class MultiStepLR : LRScheduler
{
    private readonly Dictionary<long, int> milestones = [];
    private readonly double gamma;

    /// <summary>Begins the schedule.</summary>
    /// <param name="optimizer">Whose rates are changed.</param>
    /// <param name="milestones">The steps, in any order.</param>
    /// <param name="gamma">The factor, 0 or greater.</param>
    /// <exception cref="ArgumentException">An argument is out of its range.</exception>
    public MultiStepLR(Optimizer optimizer, IEnumerable<long> milestones, double gamma = 0.1) : base(optimizer)
    {
        ArgumentNullException.ThrowIfNull(milestones);
        foreach (long m in milestones) this.milestones[m] = this.milestones.GetValueOrDefault(m) + 1;
        this.gamma = CheckNotNegative(nameof(gamma), gamma);
        Begin();
    }

    /// <inheritdoc/>
    protected override double GetLearningRate(int group) =>
        milestones.TryGetValue(LastEpoch, out int count)
            ? CurrentRate(group) * Math.Pow(gamma, count)
            : CurrentRate(group);
}
