namespace Recur.Optim;

/// <summary>The curve between two rates of <see cref="OneCycleLR"/>.</summary>
public enum AnnealStrategy
{
    /// <summary>Half a cosine.</summary>
    Cos,

    /// <summary>A line.</summary>
    Linear,
}

/// <summary>One rise to a high rate and one fall far below the first one, with the momentum moving against it; as <see
/// href="https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html">
/// OneCycleLR</see>.</summary>
/// <remarks>
/// <code>
/// first = maxLearningRate / divFactor      last = first / finalDivFactor
/// first → max until step pctStart · totalSteps - 1, max → last until step totalSteps - 1
/// threePhase: first → max, max → first in as many steps, first → last
/// </code>
/// Smith and Topin 2018. A step is an update of the weights. The rate comes from maxLearningRate alone, whatever the
/// optimizer began with. The step after the last leaves the last rate; any further one is an error, as in PyTorch.
/// </remarks>
public sealed class OneCycleLR : LRScheduler
{
    private enum Point
    {
        First,
        Max,
        Last,
    }

    private readonly long totalSteps;
    private readonly AnnealStrategy annealStrategy;
    private readonly double finalDivFactor;
    private readonly double[] firstRates, maxRates;
    private readonly MomentumCycle? momentum;
    private readonly (double End, Point From, Point To)[] phases;

    /// <summary>Begins the schedule.</summary>
    /// <param name="optimizer">Whose rates are changed.</param>
    /// <param name="maxLearningRate">The highest rate, of all groups or of each.</param>
    /// <param name="totalSteps">The number of steps of the whole run (epochs times batches), at least 1.</param>
    /// <param name="pctStart">The share of the steps in which the rate rises, from 0 to 1.</param>
    /// <param name="annealStrategy">The curve between two rates.</param>
    /// <param name="cycleMomentum">Whether the momentum, or Adam's β1, moves against the rate.</param>
    /// <param name="baseMomentum">The momentum at the highest rate; 0.85 when null.</param>
    /// <param name="maxMomentum">The momentum at the first and the last rate; 0.95 when null.</param>
    /// <param name="divFactor">maxLearningRate over the first rate, above 0.</param>
    /// <param name="finalDivFactor">The first rate over the last one, above 0.</param>
    /// <param name="threePhase">Whether the rate goes back to the first one before it falls below.</param>
    /// <exception cref="ArgumentException">An argument is out of its range, or the optimizer's rule has no
    /// momentum.</exception>
    public OneCycleLR(
        Optimizer optimizer, GroupValues maxLearningRate, long totalSteps, double pctStart = 0.3,
        AnnealStrategy annealStrategy = AnnealStrategy.Cos, bool cycleMomentum = true, GroupValues? baseMomentum = null,
        GroupValues? maxMomentum = null, double divFactor = 25, double finalDivFactor = 1e4, bool threePhase = false)
        : base(optimizer)
    {
        this.totalSteps = CheckAtLeast1(nameof(totalSteps), totalSteps);
        CheckFactor(nameof(pctStart), pctStart, canBeZero: true);
        this.annealStrategy = annealStrategy;
        this.finalDivFactor = CheckDivisor(nameof(finalDivFactor), finalDivFactor);
        CheckDivisor(nameof(divFactor), divFactor);
        maxRates = CheckGroups(nameof(maxLearningRate), maxLearningRate);
        firstRates = [.. maxRates.Select(r => r / divFactor)];
        if (cycleMomentum)
            momentum = new MomentumCycle(
                Name, optimizer, CheckGroups(nameof(baseMomentum), baseMomentum ?? 0.85),
                CheckGroups(nameof(maxMomentum), maxMomentum ?? 0.95));
        double rise = pctStart * totalSteps - 1, end = totalSteps - 1;
        phases = threePhase
            ? [
                (rise, Point.First, Point.Max), (2 * pctStart * totalSteps - 2, Point.Max, Point.First),
                (end, Point.First, Point.Last),
            ]
            : [(rise, Point.First, Point.Max), (end, Point.Max, Point.Last)];
        SetBaseRates(firstRates, forOthers: true);
        Begin();
    }

    /// <inheritdoc/>
    protected override double GetLearningRate(int group)
    {
        if (LastEpoch > totalSteps)
            throw new InvalidOperationException(
                $"OneCycleLR.Step: step {LastEpoch} comes after totalSteps = {totalSteps}.");
        double begin = 0, step = Math.Min(LastEpoch, totalSteps - 1);
        int i = 0;
        while (i < phases.Length - 1 && step > phases[i].End) begin = phases[i++].End;
        (double end, Point from, Point to) = phases[i];
        double share = end > begin ? (step - begin) / (end - begin) : 1.0; // a run of one step has no phases
        momentum?.Set(group, Anneal(MomentumAt(from, group), MomentumAt(to, group), share));
        return Anneal(RateAt(from, group), RateAt(to, group), share);
    }

    private double RateAt(Point point, int group) => point switch
    {
        Point.First => firstRates[group],
        Point.Max => maxRates[group],
        _ => firstRates[group] / finalDivFactor,
    };

    private double MomentumAt(Point point, int group) =>
        point == Point.Max ? momentum!.Lowest[group] : momentum!.Highest[group];

    private double Anneal(double from, double to, double share) => annealStrategy == AnnealStrategy.Cos
        ? to + (from - to) / 2.0 * (Math.Cos(Math.PI * share) + 1.0)
        : (to - from) * share + from;

    private double CheckDivisor(string argument, double value)
    {
        if (!(value > 0 && double.IsFinite(value)))
            Throw($"{argument} must be finite and above 0 but was {OptionInfo.Show(value)}");
        return value;
    }
}
