namespace Recur.Optim;

/// <summary>Whether <see cref="ReduceLROnPlateau"/> waits for a number to fall or to rise.</summary>
public enum PlateauMode
{
    /// <summary>Less is better, as for a loss.</summary>
    Min,

    /// <summary>More is better, as for an accuracy.</summary>
    Max,
}

/// <summary>How <see cref="ReduceLROnPlateau"/> measures an improvement.</summary>
public enum ThresholdMode
{
    /// <summary>By a share of the best number.</summary>
    Relative,

    /// <summary>By a difference.</summary>
    Absolute,
}

/// <summary>Multiplies the rate by a factor when a metric has stopped improving; as <see
/// href="https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html">
/// ReduceLROnPlateau</see>.</summary>
/// <remarks>
/// <code>
/// better:  metric &lt; best (1 - threshold)   or, absolute, metric &lt; best - threshold        (Max: &gt; and +)
/// after more than patience epochs in a row without a better one:
///          rate = max(factor · rate, minLearningRate), unless that is less than eps away; then cooldown epochs of rest
/// </code>
/// </remarks>
public sealed class ReduceLROnPlateau : LRScheduler
{
    private readonly PlateauMode mode;
    private readonly ThresholdMode thresholdMode;
    private readonly double factor, threshold, eps;
    private readonly double[] minRates;
    private readonly long patience, cooldown;
    private long badEpochs, cooldownLeft;
    private bool reduces;

    /// <summary>Begins the schedule.</summary>
    /// <param name="optimizer">Whose rates are changed.</param>
    /// <param name="mode">Whether less or more is better.</param>
    /// <param name="factor">What the rate is multiplied by, from 0 to below 1.</param>
    /// <param name="patience">How many epochs in a row may pass without a better metric, 0 or greater.</param>
    /// <param name="threshold">By how much a metric must be better to count, 0 or greater.</param>
    /// <param name="thresholdMode">What the threshold is measured in.</param>
    /// <param name="cooldown">Epochs after a reduction in which nothing counts as bad, 0 or greater.</param>
    /// <param name="minLearningRate">The lowest rate, of all groups or of each; 0 when null.</param>
    /// <param name="eps">Smaller reductions are left out, 0 or greater.</param>
    /// <exception cref="ArgumentException">An argument is out of its range.</exception>
    public ReduceLROnPlateau(
        Optimizer optimizer, PlateauMode mode = PlateauMode.Min, double factor = 0.1, long patience = 10,
        double threshold = 1e-4, ThresholdMode thresholdMode = ThresholdMode.Relative, long cooldown = 0,
        GroupValues? minLearningRate = null, double eps = 1e-8) : base(optimizer)
    {
        this.mode = mode;
        this.thresholdMode = thresholdMode;
        if (!(factor is >= 0 and < 1))
            Throw($"{nameof(factor)} must be from 0 to below 1 but was {OptionInfo.Show(factor)}");
        this.factor = factor;
        this.threshold = CheckNotNegative(nameof(threshold), threshold);
        this.eps = CheckNotNegative(nameof(eps), eps);
        this.patience = (long)CheckNotNegative(nameof(patience), patience);
        this.cooldown = (long)CheckNotNegative(nameof(cooldown), cooldown);
        minRates = CheckGroups(nameof(minLearningRate), minLearningRate ?? 0.0);
        Begin();
    }

    /// <summary>The best metric so far; infinite before the first.</summary>
    public double Best { get; private set; }

    /// <inheritdoc/>
    public override bool NeedsMetric => true;

    /// <inheritdoc/>
    protected override double GetLearningRate(int group)
    {
        double rate = CurrentRate(group), lower = Math.Max(rate * factor, minRates[group]);
        return reduces && rate - lower > eps ? lower : rate;
    }

    internal override void Start()
    {
        Best = mode == PlateauMode.Min ? double.PositiveInfinity : double.NegativeInfinity;
        badEpochs = cooldownLeft = 0;
        base.Start();
    }

    internal override void Advance(double metric)
    {
        if (IsBetter(metric))
        {
            Best = metric;
            badEpochs = 0;
        }
        else
        {
            badEpochs++;
        }

        if (cooldownLeft > 0)
        {
            cooldownLeft--;
            badEpochs = 0;
        }

        reduces = badEpochs > patience;
        if (reduces)
        {
            cooldownLeft = cooldown;
            badEpochs = 0;
        }

        base.Advance(metric);
        reduces = false;
    }

    private bool IsBetter(double metric) => (mode, thresholdMode) switch
    {
        (PlateauMode.Min, ThresholdMode.Relative) => metric < Best * (1.0 - threshold),
        (PlateauMode.Min, _) => metric < Best - threshold,
        (_, ThresholdMode.Relative) => metric > Best * (threshold + 1.0),
        _ => metric > Best + threshold,
    };

    /// <inheritdoc/>
    protected override int StateLength => 3;

    /// <inheritdoc/>
    protected override void SaveState(Span<double> state) =>
        (state[0], state[1], state[2]) = (Best, badEpochs, cooldownLeft);

    /// <inheritdoc/>
    protected override void RestoreState(ReadOnlySpan<double> state) =>
        (Best, badEpochs, cooldownLeft) = (state[0], (long)state[1], (long)state[2]);
}
