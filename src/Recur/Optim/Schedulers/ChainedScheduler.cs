namespace Recur.Optim;

/// <summary>Several schedules at once, each acting on the rate the others leave; as <see
/// href="https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ChainedScheduler.html">
/// ChainedScheduler</see>.</summary>
/// <remarks>Schedules that set the rate from the base rate (LambdaLR, OneCycleLR, CyclicLR and
/// CosineAnnealingWarmRestarts) undo what stands before them. A CosineAnnealingLR whose lowest rate is not 0 can meet a
/// rate below it and then come out negative, which is an error here (PyTorch goes on uphill).</remarks>
public sealed class ChainedScheduler : LRScheduler
{
    private readonly LRScheduler[] schedulers;

    /// <summary>Joins schedules that have begun.</summary>
    /// <param name="schedulers">Schedules of one optimizer, at least one; they are not to be stepped any more.</param>
    /// <exception cref="ArgumentException">There are none, or one belongs to another optimizer.</exception>
    public ChainedScheduler(params IReadOnlyList<LRScheduler> schedulers) : base(FirstOf(schedulers).Optimizer) =>
        this.schedulers = CheckParts(schedulers);

    private static LRScheduler FirstOf(IReadOnlyList<LRScheduler> schedulers)
    {
        ArgumentNullException.ThrowIfNull(schedulers);
        return schedulers.Count > 0
            ? schedulers[0]
            : throw new ArgumentException("ChainedScheduler: the list of schedulers is empty.");
    }

    /// <inheritdoc/>
    public override bool NeedsMetric => Array.Exists(schedulers, s => s.NeedsMetric);

    /// <inheritdoc/>
    protected override double GetLearningRate(int group) => CurrentRate(group); // its parts have set it

    internal override void Start()
    {
        foreach (LRScheduler s in schedulers) s.Start();
        base.Start();
    }

    internal override void Undo()
    {
        foreach (LRScheduler s in schedulers) s.Undo();
        base.Undo();
    }

    internal override void Advance(double metric)
    {
        foreach (LRScheduler s in schedulers) s.Advance(metric);
        base.Advance(metric);
    }

    private protected override IReadOnlyList<LRScheduler> Parts => schedulers;
}
