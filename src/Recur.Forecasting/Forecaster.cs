using Recur.Autograd;
using Recur.IO;
using Recur.Optim;
using Recur.Training;

namespace Recur.Forecasting;

/// <summary>Learns one series with a recurrent network and continues it.</summary>
/// <remarks>
/// <code>
/// TimeSeries series = CsvSeries.Read("sunspots_monthly.csv");
/// ForecastEvaluation check = Forecaster.Evaluate(series, horizon: 132);      // trained without the last 132 values
/// Forecaster model = Forecaster.Fit(series);
/// TimeSeries next = model.Predict(132);                                     // with dates
/// model.Save("sunspots.safetensors");
/// </code>
/// The network sees lagged values (1, season, season + 1, twice the season), standardised after an optional square root
/// or logarithm. It first learns the next value with teacher forcing, then to run freely over the horizon, with the
/// mean absolute error as loss. See docs/decisions/0003-forecaster-defaults.md. Not thread safe.
/// </remarks>
public sealed class Forecaster
{
    private const int StepsPerEpoch = 10; // between validations

    private readonly ForecastPlan plan;
    private readonly ForecastEnsemble ensemble;
    private readonly TimeSeries tail;

    internal Forecaster(ForecastPlan plan, ForecastEnsemble ensemble, TimeSeries tail, int trainedOn,
        TrainResult? training)
    {
        this.plan = plan;
        this.ensemble = ensemble;
        this.tail = tail;
        TrainedOn = trainedOn;
        Training = training;
        ensemble.Eval();
    }

    /// <summary>What the values are.</summary>
    public string Name => tail.Name;

    /// <summary>The spacing of the values.</summary>
    public Frequency Frequency => tail.Frequency;

    /// <summary>The period in steps; 1 for none.</summary>
    public int Season => plan.Season;

    /// <summary>What is done to values before scaling.</summary>
    public Transform Transform => plan.Transform;

    /// <summary>What the model is made of.</summary>
    public ModelOptions Model => plan.Model;

    /// <summary>Values that <see cref="Predict(TimeSeries, int)"/> needs to start from.</summary>
    public int NeededHistory => plan.Needed;

    /// <summary>The number of values it was trained on.</summary>
    public int TrainedOn { get; }

    /// <summary>How training went; null for a model from a file.</summary>
    public TrainResult? Training { get; }

    internal ForecastPlan Plan => plan;

    internal ForecastEnsemble Ensemble => ensemble;

    /// <summary>The last values of the series it was trained on: where <see cref="Predict(int)"/> starts from.</summary>
    public TimeSeries History => tail;

    /// <summary>Trains a model on a series.</summary>
    /// <param name="series">At least 10 values, not all equal; with a season of m at least 2 m + 10.</param>
    /// <param name="options">What differs from the defaults.</param>
    /// <param name="progress">Told now and then how far training is.</param>
    /// <param name="cancellationToken">Stops after the running step; a checkpoint is written when a path for it is
    /// set.</param>
    /// <exception cref="ArgumentException">The series is constant or too short, a transform does not fit its values, or
    /// an option is out of its range.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was asked for.</exception>
    /// <exception cref="TrainingDivergedException">A loss or gradient was not finite.</exception>
    /// <exception cref="ModelFormatException">The checkpoint to go on from belongs to another training.</exception>
    /// <exception cref="IOException">The checkpoint cannot be read or written.</exception>
    public static Forecaster Fit(
        TimeSeries series, ForecastOptions? options = null, IProgress<TrainProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(series);
        options ??= new ForecastOptions();
        options.Check();
        TrainingOptions training = options.Training;
        int validation = training.ValidationLength;
        if (validation >= series.Length)
            throw new ArgumentException(
                "ForecastOptions.Training.ValidationLength must be less than the length of the series " +
                $"({series.Length}) but was {validation}.");
        TimeSeries learnt = series.SplitLast(validation).Head;
        ForecastPlan made = ForecastPlan.Make(learnt, options);
        float[] scaled = made.Scale(series.Values);

        Windows windows = made.Cut(
            scaled.AsSpan(0, learnt.Length), made.Horizon, training.BatchSize, StepsPerEpoch,
            training.TeacherForcedSteps);
        Func<ForecastEnsemble, TrainResult> train = e => NewTrainer(made, options, e, series).Fit(
            windows,
            validation == 0 ? null : () => ValidationLoss(made, e, scaled, validation),
            progress,
            cancellationToken);

        // Initial weights (and dropout, and the states in checkpoints) come from Rng.Default: it is lent and given back
        // unchanged. Trainings without dropout and checkpoints need it only at first and may run side by side.
        bool drawsInTraining = made.Model.Dropout > 0 || training.CheckpointPath is not null;
        ForecastEnsemble networks;
        TrainResult? result = null;
        using (new LentRng(training.Seed))
        {
            networks = new ForecastEnsemble(made.Model, made.Lags, made.Anchor);
            if (drawsInTraining) result = train(networks);
        }

        result ??= train(networks);
        if (result.Reason == StopReason.Canceled) throw new OperationCanceledException(cancellationToken);
        TimeSeries last = series.Slice(series.Length - made.Needed, made.Needed);
        return new Forecaster(made, networks, last, learnt.Length, result);
    }

    private static Trainer<WindowBatch> NewTrainer(ForecastPlan made, ForecastOptions options,
        ForecastEnsemble networks, TimeSeries series)
    {
        TrainingOptions training = options.Training;
        int steps = training.TeacherForcedSteps + training.FreeRunningSteps;
        string identity = ForecastFile.Identity(made, training, series);
        var trainer = new Trainer<WindowBatch>(
            networks,
            new AdamW(networks.Parameters(), training.LearningRate, weightDecay: training.WeightDecay),
            batch => networks.Loss(batch, made.Context, made.Horizon),
            new TrainOptions
            {
                Steps = steps,
                // The members' gradients are independent, so together they are √members times as long.
                ClipGradNorm = training.ClipGradNorm * MathF.Sqrt(made.Model.Members),
                LearningRateSchedule =
                    step => training.LearningRate * 0.5f * (1f + MathF.Cos(MathF.PI * (step - 1) / steps)),
                EarlyStopping =
                    training.ValidationLength > 0 ? new EarlyStopping { Patience = training.Patience } : null,
                CheckpointPath = training.CheckpointPath,
                CheckpointEverySteps = training.CheckpointPath is null ? null : training.CheckpointEverySteps,
                CheckpointEveryEpochs = int.MaxValue,
                Configuration = identity,
                Log = training.Log,
                LogEverySteps = training.LogEverySteps,
                HistogramsEverySteps = training.Log is null ? null : training.HistogramsEverySteps,
            },
            new Rng(training.Seed));
        if (training is { Resume: true, CheckpointPath: { } path } && File.Exists(path))
        {
            Checkpoint checkpoint = Checkpoint.Load(path);
            if (checkpoint.Configuration != identity)
                throw new ModelFormatException(
                    $"{path}: this checkpoint belongs to a training on another series or with other options.");
            trainer.Resume(checkpoint);
        }

        return trainer;
    }

    private static double ValidationLoss(ForecastPlan made, ForecastEnsemble networks, float[] scaled, int length)
    {
        double[] forecast = made.FreeRun(networks, scaled.AsSpan(0, scaled.Length - length), length);
        double sum = 0;
        for (int i = 0; i < length; i++) sum += Math.Abs(forecast[i] - scaled[scaled.Length - length + i]);
        return sum / length;
    }

    /// <summary>Continues the series the model was trained on.</summary>
    /// <param name="horizon">How many values; may be more than the model was trained for.</param>
    /// <returns>Forecasts in the series' units, with the dates that follow it.</returns>
    public TimeSeries Predict(int horizon) => Predict(tail, horizon);

    /// <summary>Continues another stretch of the series, such as one with newer values.</summary>
    /// <param name="history">At least <see cref="NeededHistory"/> values; their dates decide the forecast's.</param>
    /// <param name="horizon">How many values.</param>
    /// <exception cref="ArgumentException">The history is too short, or has values that the model's transform cannot
    /// take.</exception>
    public TimeSeries Predict(TimeSeries history, int horizon)
    {
        ArgumentNullException.ThrowIfNull(history);
        if (horizon < 1)
            throw new ArgumentOutOfRangeException(
                nameof(horizon), $"Forecaster.Predict: horizon must be at least 1 but was {horizon}.");
        if (history.Length < plan.Needed)
            throw new ArgumentException(
                $"Forecaster.Predict: the model needs a history of at least {plan.Needed} values but " +
                $"\"{history.Name}\" has {history.Length}.");
        plan.Transform.Check(history);
        double[] forecast;
        using (GradMode.Inference()) forecast = plan.FreeRun(ensemble, plan.Scale(history.Values), horizon);
        for (int i = 0; i < horizon; i++)
        {
            forecast[i] = plan.Unscale(forecast[i]);
            if (!double.IsFinite(forecast[i]))
                throw new InvalidOperationException(
                    $"Forecaster.Predict: the forecast of \"{history.Name}\" grows beyond all numbers at step " +
                    $"{i + 1}; ask for a shorter horizon or use Transform.None.");
        }

        int end = history.Length;
        return new TimeSeries(history.Name, forecast, history.DateAt(end), history.Frequency,
            history.FirstNumber + end);
    }

    /// <summary>Trains on all but the last values, forecasts them and compares with the naive methods.</summary>
    /// <remarks>Nothing of the held-out values is seen: season, transform and scale come from the history
    /// too.</remarks>
    /// <param name="series">The series.</param>
    /// <param name="horizon">How many last values to hold out.</param>
    /// <param name="options">As for Fit; where no horizon is set, the model trains for this one. Checkpoints are left
    /// out.</param>
    /// <param name="progress">Told now and then how far training is.</param>
    /// <param name="cancellationToken">Stops after the running step.</param>
    /// <inheritdoc cref="Fit" path="/exception"/>
    public static ForecastEvaluation Evaluate(
        TimeSeries series, int horizon, ForecastOptions? options = null, IProgress<TrainProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(series);
        if (horizon < 1)
            throw new ArgumentOutOfRangeException(
                nameof(horizon), $"Forecaster.Evaluate: horizon must be at least 1 but was {horizon}.");
        if (horizon >= series.Length)
            throw new ArgumentException(
                $"Forecaster.Evaluate: {horizon} values are to be held out but \"{series.Name}\" has only " +
                $"{series.Length}.");
        options ??= new ForecastOptions();
        options = options with
        {
            Series = options.Series with { Horizon = options.Series.Horizon ?? horizon },
            Training = options.Training with { CheckpointPath = null },
        };
        (TimeSeries history, TimeSeries actual) = series.SplitLast(horizon);
        Forecaster model = Fit(history, options, progress, cancellationToken);
        ReadOnlySpan<double> past = history.Values;
        var scores = new List<ForecastScore>
        {
            ForecastScore.Of(model.Model.Cell.ToString().ToLowerInvariant(), history, actual,
                model.Predict(horizon).Values, model.Season),
            ForecastScore.Of("naive", history, actual, Baselines.Naive(past, horizon), model.Season),
        };
        if (model.Season > 1)
        {
            double[] repeated = Baselines.SeasonalNaive(past, horizon, model.Season);
            scores.Add(ForecastScore.Of("seasonal naive", history, actual, repeated, model.Season));
        }

        return new ForecastEvaluation(history, actual, model.Season, scores, model);
    }

    /// <summary>Writes the model as one safetensors file, with its configuration and the last values of the series as
    /// JSON in the metadata.</summary>
    /// <param name="path">The file; one that exists is replaced, whole or not at all.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path) => ForecastFile.Save(this, path);

    /// <summary>Reads a model that <see cref="Save"/> wrote; it gives the same forecasts, bit for bit.</summary>
    /// <exception cref="ModelFormatException">The file is damaged or is not a forecaster.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    public static Forecaster Load(string path) => ForecastFile.Load(path);
}
