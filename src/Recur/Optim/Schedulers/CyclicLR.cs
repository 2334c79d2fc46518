namespace Recur.Optim;

/// <summary>How the cycles of <see cref="CyclicLR"/> change.</summary>
public enum CyclicMode
{
    /// <summary>All are alike.</summary>
    Triangular,

    /// <summary>Each is half as high as the one before.</summary>
    Triangular2,

    /// <summary>They shrink by gamma in every step.</summary>
    ExpRange,
}

/// <summary>What <see cref="CyclicLR"/>'s scale function is a function of.</summary>
public enum CyclicScaleMode
{
    /// <summary>The number of the cycle, 1 at first.</summary>
    Cycle,

    /// <summary>The step since the beginning.</summary>
    Iterations,
}

/// <summary>The rate rises and falls between two bounds, with the momentum moving against it; as <see
/// href="https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CyclicLR.html">CyclicLR</see>.</summary>
/// <remarks>
/// <code>
/// rateₜ = base + (max - base) · height · scale
/// height: 0 → 1 in stepSizeUp steps, 1 → 0 in stepSizeDown steps, and so on
/// </code>
/// Smith 2017. A step is an update of the weights. The rate comes from baseLearningRate and maxLearningRate alone.
/// </remarks>
public sealed class CyclicLR : LRScheduler
{
    private readonly double[] lowRates, maxRates;
    private readonly double totalSize, stepRatio;
    private readonly Func<double, double> scale;
    private readonly CyclicScaleMode scaleMode;
    private readonly MomentumCycle? momentum;

    /// <summary>Begins the schedule.</summary>
    /// <param name="optimizer">Whose rates are changed.</param>
    /// <param name="baseLearningRate">The lowest rate, of all groups or of each.</param>
    /// <param name="maxLearningRate">The highest rate, of all groups or of each.</param>
    /// <param name="stepSizeUp">Steps of a rise, at least 1.</param>
    /// <param name="stepSizeDown">Steps of a fall, at least 1; as many as of a rise when null.</param>
    /// <param name="mode">How the cycles change; not looked at when there is a scale function.</param>
    /// <param name="gamma">The factor of every step in <see cref="CyclicMode.ExpRange"/>, 0 or greater.</param>
    /// <param name="scaleFunction">A factor from 0 to 1 of the height of cycles; null to take the mode's.</param>
    /// <param name="scaleMode">What the scale function is a function of.</param>
    /// <param name="cycleMomentum">Whether the momentum, or Adam's β1, moves against the rate.</param>
    /// <param name="baseMomentum">The momentum at the highest rate; 0.8 when null.</param>
    /// <param name="maxMomentum">The momentum at the lowest rate; 0.9 when null.</param>
    /// <exception cref="ArgumentException">An argument is out of its range, or the optimizer's rule has no
    /// momentum.</exception>
    public CyclicLR(
        Optimizer optimizer, GroupValues baseLearningRate, GroupValues maxLearningRate, long stepSizeUp = 2000,
        long? stepSizeDown = null, CyclicMode mode = CyclicMode.Triangular, double gamma = 1,
        Func<double, double>? scaleFunction = null, CyclicScaleMode scaleMode = CyclicScaleMode.Cycle,
        bool cycleMomentum = true, GroupValues? baseMomentum = null, GroupValues? maxMomentum = null) : base(optimizer)
    {
        lowRates = CheckGroups(nameof(baseLearningRate), baseLearningRate);
        maxRates = CheckGroups(nameof(maxLearningRate), maxLearningRate);
        double up = CheckAtLeast1(nameof(stepSizeUp), stepSizeUp);
        totalSize = up + CheckAtLeast1(nameof(stepSizeDown), stepSizeDown ?? stepSizeUp);
        stepRatio = up / totalSize;
        CheckNotNegative(nameof(gamma), gamma);
        scale = scaleFunction ?? mode switch
        {
            CyclicMode.Triangular => static _ => 1.0,
            CyclicMode.Triangular2 => static cycle => 1.0 / Math.Pow(2.0, cycle - 1),
            _ => step => Math.Pow(gamma, step),
        };
        this.scaleMode = scaleFunction is null && mode == CyclicMode.ExpRange ? CyclicScaleMode.Iterations : scaleMode;
        if (cycleMomentum)
            momentum = new MomentumCycle(
                Name, optimizer, CheckGroups(nameof(baseMomentum), baseMomentum ?? 0.8),
                CheckGroups(nameof(maxMomentum), maxMomentum ?? 0.9));
        SetBaseRates(lowRates, forOthers: IsFirst);
        Begin();
    }

    /// <inheritdoc/>
    protected override double GetLearningRate(int group)
    {
        double cycle = Math.Floor(1 + LastEpoch / totalSize);
        double x = 1.0 + LastEpoch / totalSize - cycle;
        double height = x <= stepRatio ? x / stepRatio : (x - 1) / (stepRatio - 1);
        double factor = scale(scaleMode == CyclicScaleMode.Cycle ? cycle : LastEpoch);
        if (momentum is { } m)
            m.Set(group, m.Highest[group] - (m.Highest[group] - m.Lowest[group]) * height * factor);
        return lowRates[group] + (maxRates[group] - lowRates[group]) * height * factor;
    }
}
