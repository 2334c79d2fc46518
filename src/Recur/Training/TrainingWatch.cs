using Recur.Nn;

namespace Recur.Training;

/// <summary>What a trainer does besides training: it records gradients, warns, and writes the log.</summary>
/// <remarks>Changes no number of the run, and allocates nothing in a step of a shape seen before.</remarks>
internal sealed class TrainingWatch
{
    private readonly TrainOptions options;
    private readonly GradientFlow? recorder; // the user's
    private readonly GradientFlow flow;      // the same, or one that watches some steps only
    private readonly IReadOnlyList<(string Name, Tensor Value)> parameters;
    private readonly string[] valueTags, gradientTags;
    private readonly LogScalar[] scalars;
    private readonly List<TrainWarning> warnings = [];
    private GradientWatch gradients;
    private bool isMeasured;

    public TrainingWatch(Module model, TrainOptions options)
    {
        this.options = options;
        recorder = options.GradientFlow;
        flow = recorder ?? new GradientFlow(model, attach: false);
        gradients = new GradientWatch(flow, options.ClipGradNorm is not null);
        parameters = model.NamedParameters();
        valueTags = [.. parameters.Select(p => "parameters/" + p.Name)];
        gradientTags = [.. parameters.Select(p => "gradients/" + p.Name)];
        scalars = new LogScalar[3 + (recorder is null ? 0 : 1 + 2 * flow.Layers.Count + parameters.Count)];
    }

    /// <summary>The warnings of the running Fit.</summary>
    public IReadOnlyList<TrainWarning> Warnings => [.. warnings];

    public void Begin(long step)
    {
        warnings.Clear();
        gradients = new GradientWatch(flow, options.ClipGradNorm is not null);
        options.Log?.Begin(step);
    }

    public void BeginStep(long step)
    {
        isMeasured = recorder is not null || (options.WarnAboutGradients && gradients.IsDue(step));
        flow.Drop(); // what a step that diverged has told
        if (isMeasured && recorder is null) flow.Attach();
    }

    /// <summary>Looks at the gradients before they are clipped.</summary>
    public void AfterBackward(long step)
    {
        if (isMeasured && recorder is null) flow.Detach(keep: true);
        recorder?.MeasureParameters();
        if (options.Log is not { } log || !IsHistogramDue(step)) return;
        for (int i = 0; i < parameters.Count; i++)
        {
            log.Histogram(step, valueTags[i], parameters[i].Value.Span);
            if (parameters[i].Value.Grad is { } gradient) log.Histogram(step, gradientTags[i], gradient.Span);
        }
    }

    /// <summary>Ends a step.</summary>
    /// <param name="step">Its number, 1 for the first.</param>
    /// <param name="loss">Its loss.</param>
    /// <param name="norm">The norm of all gradients before clipping.</param>
    /// <param name="learningRate">Its learning rate.</param>
    public void EndStep(long step, float loss, float norm, float learningRate)
    {
        if (isMeasured) flow.EndStep(norm, options.ClipGradNorm);
        if (options.WarnAboutGradients && gradients.Look(step, norm, isMeasured) is { } warning) Warn(warning);
        if (options.Log is { } log && (step == 1 || step % options.LogEverySteps == 0))
            Write(log, step, loss, norm, learningRate);
    }

    public void EndEpoch(long step, EpochLoss epoch)
    {
        if (options.Log is not { } log) return;
        log.Scalars(step, [new LogScalar("epoch_loss", epoch.Loss)]);
        if (epoch.ValidationLoss is { } validation) log.Scalars(step, [new LogScalar("validation_loss", validation)]);
    }

    public void End(long step)
    {
        if (options.WarnAboutGradients && gradients.End(step) is { } warning) Warn(warning);
    }

    /// <summary>However the run ended.</summary>
    public void Close()
    {
        if (recorder is null) flow.Detach();
        options.Log?.Flush();
    }

    private bool IsHistogramDue(long step) =>
        options.HistogramsEverySteps is { } every && (step == 1 || step % every == 0);

    private void Write(ITrainingLog log, long step, float loss, float norm, float learningRate)
    {
        int n = 0;
        scalars[n++] = new LogScalar("loss", loss);
        scalars[n++] = new LogScalar("gradient_norm", norm);
        scalars[n++] = new LogScalar("learning_rate", learningRate);
        if (recorder is not null)
        {
            scalars[n++] = new LogScalar("clipped_fraction", recorder.ClippedFraction);
            ReadOnlySpan<float> norms = recorder.ParameterNorms;
            for (int i = 0; i < norms.Length; i++) scalars[n++] = new LogScalar(recorder.NormTags[i], norms[i]);
            for (int i = 0; i < flow.Layers.Count; i++)
            {
                scalars[n++] = new LogScalar(recorder.RemainingTags[i], flow.Layers[i].Remaining);
                scalars[n++] = new LogScalar(recorder.FactorTags[i], flow.Layers[i].FactorPerStep);
            }
        }

        log.Scalars(step, scalars);
    }

    private void Warn(TrainWarning warning)
    {
        warnings.Add(warning);
        options.Log?.Text(warning.Step, "warning", warning.Text);
        options.Warn?.Invoke(warning);
    }
}
