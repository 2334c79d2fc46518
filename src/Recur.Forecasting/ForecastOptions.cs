using Recur.Nn;
using Recur.Training;

namespace Recur.Forecasting;

/// <summary>How a <see cref="Forecaster"/> sees the series, what it is made of and how it learns.</summary>
/// <remarks>How the defaults were chosen, on which series they help and where seasonal naive stays better:
/// docs/decisions/0003-forecaster-defaults.md.</remarks>
public sealed record ForecastOptions
{
    /// <summary>What the series is like.</summary>
    public SeriesOptions Series { get; init; } = new();

    /// <summary>What happens to values before the model sees them.</summary>
    public PreprocessingOptions Preprocessing { get; init; } = new();

    /// <summary>The network.</summary>
    public ModelOptions Model { get; init; } = new();

    /// <summary>The training.</summary>
    public TrainingOptions Training { get; init; } = new();

    internal void Check()
    {
        if (Series.Season is < 1) Fail("Series.Season", "at least 1", Series.Season);
        if (Series.Horizon is < 1) Fail("Series.Horizon", "at least 1", Series.Horizon);
        if (Preprocessing.Context is < 1) Fail("Preprocessing.Context", "at least 1", Preprocessing.Context);
        if (!Enum.IsDefined(Preprocessing.Transform))
            Fail("Preprocessing.Transform", "a Transform", Preprocessing.Transform);
        if (!Enum.IsDefined(Model.Cell)) Fail("Model.Cell", "a CellKind", Model.Cell);
        if (Model.HiddenSize < 1) Fail("Model.HiddenSize", "at least 1", Model.HiddenSize);
        if (Model.NumLayers < 1) Fail("Model.NumLayers", "at least 1", Model.NumLayers);
        if (!(Model.Dropout is >= 0 and < 1)) Fail("Model.Dropout", "in [0, 1)", Model.Dropout);
        if (Model.Dropout > 0 && Model.NumLayers == 1)
            Fail("Model.Dropout", "0 with NumLayers = 1 (it acts between layers)", Model.Dropout);
        if (Model.Members < 1) Fail("Model.Members", "at least 1", Model.Members);
        if (Training.TeacherForcedSteps < 0)
            Fail("Training.TeacherForcedSteps", "at least 0", Training.TeacherForcedSteps);
        if (Training.FreeRunningSteps < 0) Fail("Training.FreeRunningSteps", "at least 0", Training.FreeRunningSteps);
        if (Training.TeacherForcedSteps + Training.FreeRunningSteps < 1)
            throw new ArgumentException(
                "ForecastOptions.Training: there must be at least 1 step, teacher-forced or free-running.");
        if (Training.BatchSize < 1) Fail("Training.BatchSize", "at least 1", Training.BatchSize);
        if (!(Training.LearningRate > 0 && float.IsFinite(Training.LearningRate)))
            Fail("Training.LearningRate", "greater than 0", Training.LearningRate);
        if (!(Training.WeightDecay >= 0 && float.IsFinite(Training.WeightDecay)))
            Fail("Training.WeightDecay", "0 or greater", Training.WeightDecay);
        if (!(Training.ClipGradNorm > 0)) Fail("Training.ClipGradNorm", "greater than 0", Training.ClipGradNorm);
        if (Training.ValidationLength < 0) Fail("Training.ValidationLength", "at least 0", Training.ValidationLength);
        if (Training.Patience < 1) Fail("Training.Patience", "at least 1", Training.Patience);
        if (Training.CheckpointEverySteps < 1)
            Fail("Training.CheckpointEverySteps", "at least 1", Training.CheckpointEverySteps);
    }

    private static void Fail(string name, string expected, object? value) =>
        throw new ArgumentException($"ForecastOptions.{name} must be {expected} but was {value}.");
}

/// <summary>What the series is like.</summary>
public sealed record SeriesOptions
{
    /// <summary>The period in steps; 1 for none; null finds it in the training part.</summary>
    public int? Season { get; init; }

    /// <summary>How many steps ahead the model learns to run freely; null for two seasons, or 24 steps without one.
    /// Forecasts may be longer.</summary>
    public int? Horizon { get; init; }
}

/// <summary>What happens to values before the model sees them.</summary>
public sealed record PreprocessingOptions
{
    /// <summary>What makes swings comparable.</summary>
    public Transform Transform { get; init; } = Transform.Auto;

    /// <summary>Whether each window is seen relative to the mean of its last known season, so that a level never seen
    /// before means nothing new; null for where there is a season.</summary>
    public bool? RelativeToLevel { get; init; }

    /// <summary>How many known values the network reads before it runs freely; null for a season, at least
    /// 24.</summary>
    public int? Context { get; init; }
}

/// <summary>The network.</summary>
public sealed record ModelOptions
{
    /// <summary>The cell.</summary>
    public CellKind Cell { get; init; } = CellKind.Rnn;

    /// <summary>Hidden units per layer.</summary>
    public int HiddenSize { get; init; } = 32;

    /// <summary>Layers.</summary>
    public int NumLayers { get; init; } = 1;

    /// <summary>Dropout between layers in training, 0 to 1.</summary>
    public float Dropout { get; init; }

    /// <summary>How many networks with different beginnings are trained together; a forecast is their mean.</summary>
    public int Members { get; init; } = 3;
}

/// <summary>The training.</summary>
public sealed record TrainingOptions
{
    /// <summary>Steps in which the network sees the true value before each one it predicts.</summary>
    public int TeacherForcedSteps { get; init; } = 300;

    /// <summary>Steps after those in which it runs freely over the horizon, as it will in use, and learns from its own
    /// drift.</summary>
    public int FreeRunningSteps { get; init; } = 50;

    /// <summary>Windows per step.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>The first step's learning rate (AdamW); it falls to zero along a half cosine.</summary>
    public float LearningRate { get; init; } = 5e-3f;

    /// <summary>AdamW's decay of all weights.</summary>
    public float WeightDecay { get; init; } = 1e-2f;

    /// <summary>The largest norm of the gradients of one member; longer ones are scaled down.</summary>
    public float ClipGradNorm { get; init; } = 1f;

    /// <summary>How many last values are kept from training to stop it early; 0 trains on all values for all
    /// steps.</summary>
    public int ValidationLength { get; init; }

    /// <summary>Stops after so many validations (one every 10 steps) in a row without improvement; needs <see
    /// cref="ValidationLength"/>.</summary>
    public int Patience { get; init; } = 8;

    /// <summary>Decides initial weights and the order of windows: the same seed gives the same forecasts, bit for
    /// bit.</summary>
    public ulong Seed { get; init; }

    /// <summary>A file that keeps the state of training; null for none.</summary>
    public string? CheckpointPath { get; init; }

    /// <summary>Steps between checkpoints.</summary>
    public int CheckpointEverySteps { get; init; } = 50;

    /// <summary>Goes on from <see cref="CheckpointPath"/> when that file exists; the result is bit for bit that of an
    /// uninterrupted training.</summary>
    public bool Resume { get; init; }

    /// <summary>Where the numbers of training are written; null for nowhere. It is left open.</summary>
    public ITrainingLog? Log { get; init; }

    /// <summary>Steps from one line of the log to the next.</summary>
    public int LogEverySteps { get; init; } = 1;

    /// <summary>Steps between histograms of parameters and gradients in the log; null for none.</summary>
    public int? HistogramsEverySteps { get; init; } = 50;
}
