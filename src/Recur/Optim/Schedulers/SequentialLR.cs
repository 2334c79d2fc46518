namespace Recur.Optim;

/// <summary>One schedule after the other; as <see
/// href="https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.SequentialLR.html">
/// SequentialLR</see>.</summary>
/// <remarks>Each begins at its milestone with the rates the optimizer began with, as if it were new.</remarks>
public sealed class SequentialLR : LRScheduler
{
    private readonly LRScheduler[] schedulers;
    private readonly long[] milestones;

    /// <summary>Begins the first schedule; the others wait.</summary>
    /// <param name="optimizer">Whose rates are changed.</param>
    /// <param name="schedulers">Schedules of this optimizer, at least one, in their order.</param>
    /// <param name="milestones">The steps at which the second and further ones begin, rising; one fewer than
    /// schedules.</param>
    /// <exception cref="ArgumentException">A schedule belongs to another optimizer, or the milestones do not
    /// fit.</exception>
    public SequentialLR(Optimizer optimizer, IEnumerable<LRScheduler> schedulers, IEnumerable<long> milestones)
        : base(optimizer)
    {
        ArgumentNullException.ThrowIfNull(milestones);
        this.schedulers = CheckParts(schedulers);
        this.milestones = [.. milestones];
        if (this.milestones.Length != this.schedulers.Length - 1)
            Throw($"{this.schedulers.Length} schedulers need {this.schedulers.Length - 1} milestones but there are " +
                $"{this.milestones.Length}");
        for (int i = 0; i < this.milestones.Length; i++)
            if (this.milestones[i] < 1 || (i > 0 && this.milestones[i] <= this.milestones[i - 1]))
                Throw($"milestones must be at least 1 and rise but milestone {i} is {this.milestones[i]}");
        foreach (ParameterGroup group in optimizer.Groups) group.LearningRate = group.InitialLearningRate;
        Begin();
    }

    /// <summary>Lets the rate rise to its full value before another schedule begins: a <see cref="LinearLR"/> and
    /// then that one.</summary>
    /// <param name="after">The schedule after the warm-up; it is not to be stepped any more.</param>
    /// <param name="steps">Steps of the warm-up, at least 1.</param>
    /// <param name="startFactor">The first rate as a share of the full one, above 0 and at most 1.</param>
    /// <returns>Both as one.</returns>
    /// <exception cref="ArgumentException">An argument is out of its range.</exception>
    public static SequentialLR WarmUp(LRScheduler after, long steps, double startFactor = 1.0 / 3)
    {
        ArgumentNullException.ThrowIfNull(after);
        var rise = new LinearLR(after.Optimizer, startFactor, totalIters: steps);
        return new SequentialLR(after.Optimizer, [rise, after], [steps]);
    }

    /// <inheritdoc/>
    public override bool NeedsMetric => Array.Exists(schedulers, s => s.NeedsMetric);

    /// <inheritdoc/>
    protected override double GetLearningRate(int group) => CurrentRate(group); // its parts have set it

    internal override void Start()
    {
        foreach (LRScheduler s in schedulers) s.Undo();
        schedulers[0].Start();
        base.Start();
    }

    internal override void Undo()
    {
        foreach (LRScheduler s in schedulers) s.Undo();
        base.Undo();
    }

    internal override void Advance(double metric)
    {
        int i = 0;
        while (i < milestones.Length && milestones[i] <= LastEpoch + 1) i++;
        if (i > 0 && milestones[i - 1] == LastEpoch + 1) schedulers[i].Restart();
        else schedulers[i].Advance(metric);
        base.Advance(metric);
    }

    private protected override IReadOnlyList<LRScheduler> Parts => schedulers;
}
