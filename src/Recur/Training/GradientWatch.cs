namespace Recur.Training;

/// <summary>Decides when a trainer warns that gradients explode or vanish; docs/gradients.md gives the
/// reasons.</summary>
/// <remarks>
/// Exploding, only without clipping, which is the cure: the norm of all gradients is more than 100 times the median of
/// the last steps (a step of Adam remembers the square: a norm k times as long as usual holds its denominator up for
/// some 1000 steps by k/√1000, so 100 is three times what it forgives; a step of SGD goes as far as 100 usual ones);
/// or, in a recurrent layer, norms grow over T time steps by more than 100·T (carried unchanged and added up from a
/// loss at every time step they grow by T at most).
/// <para>Vanishing: in a recurrent layer the norm at the far end is less than 2⁻²⁴ of the largest one, so that float32,
/// of 24 bits, loses it when it is added; and that in ten measurements in a row, 200 steps, or in all of a shorter run.
/// Layers with gates have 1000 steps, because gates need time to open: on the adding problem of 200 time steps a GRU
/// has its gradients vanish for some 900 steps, and solves it then.</para>
/// </remarks>
internal sealed class GradientWatch
{
    public const int EverySteps = 20; // a measurement costs one pass over the gradients of the states
    public const int Patience = 10, PatienceWithGates = 50, LeastMeasurements = 2;
    public const double MostTimesMedian = 100, MostGrowthPerStep = 100, LeastRemaining = 1.0 / (1 << 24);
    private const int Window = 64, LeastSteps = 20;

    private readonly bool clips;
    private readonly GradientFlow flow;
    private readonly float[] recent = new float[Window], sorted = new float[Window];
    private readonly int[] vanished; // measurements in a row, by layer
    private long steps, measurements;
    private bool explodes, vanishes;

    public GradientWatch(GradientFlow flow, bool clips)
    {
        this.flow = flow;
        this.clips = clips;
        vanished = new int[flow.Layers.Count];
    }

    /// <summary>Whether the gradients of the states of the next step are wanted.</summary>
    public bool IsDue(long step) =>
        flow.Layers.Count > 0 && !(vanishes && (explodes || clips)) && (measurements == 0 || step % EverySteps == 0);

    /// <summary>Looks at a step.</summary>
    /// <param name="step">Its number, 1 for the first.</param>
    /// <param name="norm">The norm of all gradients before clipping.</param>
    /// <param name="isMeasured">Whether the flow holds the gradients of its states.</param>
    public TrainWarning? Look(long step, float norm, bool isMeasured)
    {
        if (!clips && !explodes && Exploded(step, norm, isMeasured) is { } text)
        {
            explodes = true;
            return new TrainWarning(GradientProblem.Exploding, step, text);
        }

        if (!isMeasured || vanishes) return null;
        measurements++;
        for (int i = 0; i < vanished.Length; i++)
        {
            vanished[i] = flow.Layers[i].Remaining < LeastRemaining ? vanished[i] + 1 : 0;
            int patience = flow.Layers[i].IsGated ? PatienceWithGates : Patience;
            if (vanished[i] >= patience) return Vanished(step, flow.Layers[i]);
        }

        return null;
    }

    /// <summary>Looks back on a run that ends.</summary>
    public TrainWarning? End(long step)
    {
        if (vanishes || measurements < LeastMeasurements) return null;
        int layer = Array.FindIndex(vanished, v => v >= measurements);
        return layer < 0 ? null : Vanished(step, flow.Layers[layer]);
    }

    private string? Exploded(long step, float norm, bool isMeasured)
    {
        int known = (int)Math.Min(steps, Window);
        double median = known < LeastSteps ? double.PositiveInfinity : MedianIfBelow(norm / MostTimesMedian, known);
        recent[steps++ % Window] = norm;
        if (norm > MostTimesMedian * median)
            return $"Trainer: gradients explode: their norm was {Short(norm)} at step {step}, " +
                $"{norm / median:0} times the median of the {known} steps before ({Short(median)}). Cure: clip them " +
                $"by norm (TrainOptions.ClipGradNorm, for example {Short(median)}), or take a smaller learning rate.";
        for (int i = 0; isMeasured && i < vanished.Length; i++)
        {
            StateGradientFlow layer = flow.Layers[i];
            int t = layer.Norms.Length;
            double factor = layer.FactorPerStep, growth = Math.Pow(factor, t - 1);
            if (growth > MostGrowthPerStep * t)
                return $"Trainer: gradients explode: at step {step} those of the states of {layer.Name} grow by a " +
                    $"factor of {factor:0.000} per time step, {Short(growth)} over {t}. Cure: clip them by norm " +
                    "(TrainOptions.ClipGradNorm = 1), and begin with smaller or orthogonal recurrent weights.";
        }

        return null;
    }

    // The median where it is below a limit; else infinite, which most steps know after one look at the smallest.
    private double MedianIfBelow(double limit, int known)
    {
        bool any = false;
        for (int i = 0; i < known; i++) any |= recent[i] < limit;
        if (!any) return double.PositiveInfinity;
        recent.AsSpan(0, known).CopyTo(sorted);
        sorted.AsSpan(0, known).Sort();
        return sorted[known / 2] > 0f ? sorted[known / 2] : double.PositiveInfinity;
    }

    private TrainWarning Vanished(long step, StateGradientFlow layer)
    {
        vanishes = true;
        ReadOnlySpan<float> norms = layer.Norms;
        int far = layer.IsReverse ? norms.Length : 1, near = norms.IndexOf((float)layer.Largest) + 1;
        string remains = layer.FarEnd > 0 ? Short(layer.FarEnd) : "0";
        string cure = layer.IsGated
            ? "begin with gates that keep the state (bias of an LSTM's forget gate 1 or more)"
            : "take a Lstm or Gru, or begin with orthogonal recurrent weights";
        return new TrainWarning(GradientProblem.Vanishing, step,
            $"Trainer: gradients vanish: at step {step} that of the states of {layer.Name} is " +
            $"{Short(layer.Largest)} at time step {near} but {remains} at time step {far} (a factor of " +
            $"{layer.FactorPerStep:0.000} per time step), less than float32 can add. Cure: {cure}; or shorter " +
            "windows, or a loss at every time step.");
    }

    private static string Short(double value) => value.ToString("G3").Replace('E', 'e');
}
