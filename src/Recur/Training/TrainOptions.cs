using Recur.Optim;

namespace Recur.Training;

/// <summary>How long and how a <see cref="Trainer{TBatch}"/> trains.</summary>
public sealed record TrainOptions
{
    // ---- Length ----

    /// <summary>The number of epochs, counted from the beginning of the run, resumed or not; null for no
    /// limit.</summary>
    public int? Epochs { get; init; }

    /// <summary>The number of steps, counted from the beginning of the run; null for no limit. The earlier limit ends
    /// the run.</summary>
    public long? Steps { get; init; }

    /// <summary>Stops when the validation loss no longer falls; null to go on to the end.</summary>
    public EarlyStopping? EarlyStopping { get; init; }

    // ---- Steps ----

    /// <summary>The largest norm of all gradients together; longer ones are scaled down. Null to leave them as they
    /// are.</summary>
    public float? ClipGradNorm { get; init; }

    /// <summary>The learning rate of every step as a function of the step's number, 1 at first; null to leave the
    /// optimizer's own.</summary>
    /// <remarks>It should depend on nothing else, so that a resumed run goes on in the same way.</remarks>
    public Func<long, float>? LearningRateSchedule { get; init; }

    /// <summary>Changes the learning rates of the trainer's optimizer; null to leave them. Its state is in the
    /// checkpoints.</summary>
    /// <remarks>One that <see cref="LRScheduler.NeedsMetric">needs a metric</see> is given the validation
    /// loss.</remarks>
    public LRScheduler? Scheduler { get; init; }

    /// <summary>After what <see cref="Scheduler"/> goes a step. <see cref="OneCycleLR"/>, <see cref="CyclicLR"/> and a
    /// warm-up are usually counted in steps.</summary>
    public SchedulerInterval SchedulerInterval { get; init; } = SchedulerInterval.Epoch;

    // ---- Checkpoints ----

    /// <summary>The file that holds the state of the run, to be given to <see cref="Trainer{TBatch}.Resume(string)"/>;
    /// null for none.</summary>
    /// <remarks>It is replaced by every checkpoint, whole or not at all, and written at the end of the run and on
    /// cancellation too.</remarks>
    public string? CheckpointPath { get; init; }

    /// <summary>A checkpoint after every so many epochs.</summary>
    public int CheckpointEveryEpochs { get; init; } = 1;

    /// <summary>A checkpoint after every so many steps besides, in the middle of epochs; null for none.</summary>
    public long? CheckpointEverySteps { get; init; }

    /// <summary>A text to keep in the checkpoint, usually the model's configuration as JSON:
    /// <see cref="Checkpoint.Configuration"/>.</summary>
    public string? Configuration { get; init; }

    // ---- Progress ----

    /// <summary>The shortest time between two reports within an epoch; zero to report every step. The end of an epoch
    /// is always reported.</summary>
    public TimeSpan ProgressInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    // ---- Gradients and logs ----

    /// <summary>Records the gradients of every step; null for nothing. It must watch the trainer's model.</summary>
    public GradientFlow? GradientFlow { get; init; }

    /// <summary>Whether to look for gradients that explode or vanish: at the norm of every step, and at those of the states of
    /// recurrent layers in every 20th. Each is told once in a run, with its numbers and the cure.</summary>
    public bool WarnAboutGradients { get; init; } = true;

    /// <summary>Is told a warning when it comes up; all are in <see cref="TrainResult.Warnings"/> and in the log
    /// too.</summary>
    public Action<TrainWarning>? Warn { get; init; }

    /// <summary>Where the numbers of the run are written; flushed at the end but left open. Null for nowhere.</summary>
    public ITrainingLog? Log { get; init; }

    /// <summary>Steps from one line of the log to the next; the first step has one always.</summary>
    public long LogEverySteps { get; init; } = 10;

    /// <summary>Steps between histograms of all parameters and gradients (before clipping) in the log; null for none.</summary>
    public long? HistogramsEverySteps { get; init; }

    internal void Check()
    {
        if (Epochs is null && Steps is null && EarlyStopping is null)
            throw new ArgumentException(
                "TrainOptions: one of Epochs, Steps and EarlyStopping must be set, otherwise training has no end.");
        if (Epochs < 1) Fail(nameof(Epochs), "at least 1", Epochs);
        if (Steps < 1) Fail(nameof(Steps), "at least 1", Steps);
        if (ClipGradNorm is { } clip && !(clip > 0f && float.IsFinite(clip)))
            Fail(nameof(ClipGradNorm), "finite and greater than 0", clip);
        if (Scheduler is not null && LearningRateSchedule is not null)
            throw new ArgumentException("TrainOptions: only one of LearningRateSchedule and Scheduler can be set.");
        if (Scheduler is { NeedsMetric: true } s && SchedulerInterval == SchedulerInterval.Step)
            throw new ArgumentException(
                $"TrainOptions.SchedulerInterval must be Epoch for {s.GetType().Name}, which needs a validation loss.");
        if (CheckpointEveryEpochs < 1) Fail(nameof(CheckpointEveryEpochs), "at least 1", CheckpointEveryEpochs);
        if (CheckpointEverySteps < 1) Fail(nameof(CheckpointEverySteps), "at least 1", CheckpointEverySteps);
        if (CheckpointEverySteps is not null && CheckpointPath is null)
            throw new ArgumentException("TrainOptions.CheckpointEverySteps needs a CheckpointPath but there is none.");
        if (CheckpointPath is "") throw new ArgumentException("TrainOptions.CheckpointPath must not be empty.");
        if (ProgressInterval < TimeSpan.Zero) Fail(nameof(ProgressInterval), "0 or greater", ProgressInterval);
        if (LogEverySteps < 1) Fail(nameof(LogEverySteps), "at least 1", LogEverySteps);
        if (HistogramsEverySteps < 1) Fail(nameof(HistogramsEverySteps), "at least 1", HistogramsEverySteps);
        if (EarlyStopping is { Patience: < 1 } p)
            Fail($"{nameof(EarlyStopping)}.{nameof(p.Patience)}", "at least 1", p.Patience);
        if (EarlyStopping is { } e && !(e.MinDelta >= 0 && double.IsFinite(e.MinDelta)))
            Fail($"{nameof(EarlyStopping)}.{nameof(e.MinDelta)}", "finite and 0 or greater", e.MinDelta);
    }

    private static void Fail(string name, string expected, object? value) =>
        throw new ArgumentException($"TrainOptions.{name} must be {expected} but was {value}.");
}

/// <summary>After what the scheduler of a run goes a step.</summary>
public enum SchedulerInterval
{
    /// <summary>After every epoch and its validation.</summary>
    Epoch,

    /// <summary>After every update of the weights.</summary>
    Step,
}

/// <summary>When training has gone on long enough, judged by the validation loss after each epoch.</summary>
public sealed record EarlyStopping
{
    /// <summary>Stop after so many epochs in a row without a new best loss.</summary>
    public int Patience { get; init; } = 10;

    /// <summary>By how much a loss must be below the best one to count as better, in units of the loss.</summary>
    public double MinDelta { get; init; }

    /// <summary>Whether the model gets the parameters of its best epoch back when training ends, for whatever
    /// reason.</summary>
    public bool RestoreBest { get; init; } = true;
}
