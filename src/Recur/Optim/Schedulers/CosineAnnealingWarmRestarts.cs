namespace Recur.Optim;

/// <summary>Lets the rate fall along half a cosine again and again, in periods that may grow; as <see
/// href="https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingWarmRestarts.html">
/// CosineAnnealingWarmRestarts</see>.</summary>
/// <remarks>
/// <code>rate = etaMin + ½ (base rate - etaMin) (1 + cos(π s / T))</code>
/// after s steps since the last restart, in a period of T.
/// Loshchilov and Hutter 2017 (SGDR). It sets the rate from the base rate, so nothing else can act beside it.
/// </remarks>
public sealed class CosineAnnealingWarmRestarts : LRScheduler
{
    private readonly long t0, tMult;
    private readonly double etaMin;
    private double current, period;

    /// <summary>Begins the schedule.</summary>
    /// <param name="optimizer">Whose rates are changed.</param>
    /// <param name="t0">The first period in steps, at least 1.</param>
    /// <param name="tMult">By how much each period is longer than the one before, at least 1.</param>
    /// <param name="etaMin">The lowest rate, 0 or greater.</param>
    /// <exception cref="ArgumentException">An argument is out of its range.</exception>
    public CosineAnnealingWarmRestarts(Optimizer optimizer, long t0, long tMult = 1, double etaMin = 0)
        : base(optimizer)
    {
        this.t0 = CheckAtLeast1(nameof(t0), t0);
        this.tMult = CheckAtLeast1(nameof(tMult), tMult);
        this.etaMin = CheckNotNegative(nameof(etaMin), etaMin);
        Begin();
    }

    /// <summary>Sets the rates of a moment that may lie within an epoch, such as epoch + batch / batches.</summary>
    /// <param name="epoch">Steps or epochs since the beginning, 0 or greater.</param>
    /// <exception cref="ArgumentException">It is negative or not finite.</exception>
    public void StepTo(double epoch)
    {
        CheckNotNegative(nameof(epoch), epoch);
        (current, period) = (epoch, t0);
        if (epoch >= t0 && tMult == 1)
        {
            current = epoch % t0;
        }
        else if (epoch >= t0)
        {
            int n = (int)Math.Log(epoch / t0 * (tMult - 1) + 1, tMult); // complete periods
            current = epoch - t0 * (Math.Pow(tMult, n) - 1) / (tMult - 1);
            period = t0 * Math.Pow(tMult, n);
        }

        LastEpoch = (long)Math.Floor(epoch);
        Apply();
    }

    /// <inheritdoc/>
    protected override double GetLearningRate(int group) =>
        etaMin + (BaseLearningRates[group] - etaMin) * (1.0 + Math.Cos(Math.PI * current / period)) / 2.0;

    internal override void Start()
    {
        (current, period) = (0, t0);
        base.Start();
    }

    internal override void Advance(double metric)
    {
        current++;
        if (current >= period)
        {
            current -= period;
            period *= tMult;
        }

        base.Advance(metric);
    }

    /// <inheritdoc/>
    protected override int StateLength => 2;

    /// <inheritdoc/>
    protected override void SaveState(Span<double> state) => (state[0], state[1]) = (current, period);

    /// <inheritdoc/>
    protected override void RestoreState(ReadOnlySpan<double> state) => (current, period) = (state[0], state[1]);
}
