using Recur.IO;
using Recur.Optim;
using Recur.Training;

namespace Recur.Text;

public sealed partial class LanguageModel
{
    private const double WarmUp = 0.02, LowestRate = 0.05;

    /// <summary>How training went; null for a model that was loaded.</summary>
    public TrainResult? Training { get; private set; }

    /// <summary>Trains a model on a text.</summary>
    /// <remarks>The text is read as <see cref="LanguageModelTraining.BatchSize"/> streams side by side; the state is
    /// carried from step to step and gradients stop between them (truncated back-propagation, Williams and Peng 1990).
    /// The last part of the text is for validation, after each epoch; its words do not get into the vocabulary by
    /// themselves. Where tokens are not characters, <c>&lt;eos&gt;</c> stands at each line's end and <c>&lt;unk&gt;</c>
    /// for what is not in the vocabulary. Draws from <see cref="Rng.Default"/>.</remarks>
    /// <param name="text">The text.</param>
    /// <param name="tokenizer">How it is cut into tokens.</param>
    /// <param name="options">The model; the defaults when null.</param>
    /// <param name="training">The training; the defaults when null.</param>
    /// <param name="progress">Told now and then how far training is.</param>
    /// <param name="cancel">Stops after the running step; a checkpoint is written when a path for it is set.</param>
    /// <returns>The model with the parameters of the epoch of the lowest validation loss, in evaluation mode.</returns>
    /// <exception cref="TextFormatException">The text is not UTF-8 or too short.</exception>
    /// <exception cref="TrainingDivergedException">A loss is not finite.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was asked for.</exception>
    /// <exception cref="ModelFormatException">The checkpoint belongs to another training.</exception>
    public static LanguageModel Fit(
        TextSource text, ITokenizer tokenizer, LanguageModelOptions? options = null,
        LanguageModelTraining? training = null, IProgress<TrainProgress>? progress = null,
        CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(tokenizer);
        options ??= new LanguageModelOptions();
        training ??= new LanguageModelTraining();
        options.Check();
        training.Check();
        (Vocabulary vocabulary, int[] ids, int trainLength) = TokenStream.Read(
            text, tokenizer, training.ValidationShare, training.MinCount, training.MaxVocabulary, cancel);
        var batches = new TokenBatches(text.Name, ids[..trainLength], training.BatchSize, training.Steps);
        if (vocabulary.Count == vocabulary.SpecialCount)
            throw new TextFormatException(
                $"{text.Name}: no token gets into the vocabulary (MinCount {training.MinCount:#,0}, MaxVocabulary "
                + $"{training.MaxVocabulary?.ToString("#,0") ?? "none"}), so there is nothing to learn.");
        int[] validation = ids[trainLength..];
        if (training.ValidationShare > 0 && validation.Length < 2)
            throw new TextFormatException(
                $"{text.Name}: the text must leave at least 2 tokens for validation but {trainLength:#,0} of "
                + $"{ids.Length:#,0} are for training.");
        var model = new LanguageModel(vocabulary, tokenizer, options);
        Trainer<TokenBatch> trainer = model.CreateTrainer(batches, ids, training);
        int streams = Math.Clamp(validation.Length / (4 * EvaluationSteps), 1, training.BatchSize);
        Func<double>? validate =
            validation.Length == 0 ? null : () => model.Evaluate(validation, streams, null, cancel).Loss;
        TrainResult result = trainer.Fit(batches, validate, progress, cancel);
        if (result.Reason == StopReason.Canceled) throw new OperationCanceledException(cancel);
        model.Training = result;
        return model;
    }

    private Trainer<TokenBatch> CreateTrainer(TokenBatches batches, int[] ids, LanguageModelTraining training)
    {
        Optimizer optimizer = training.Optimizer == LanguageModelOptimizer.AdamW
            ? new AdamW(Parameters(), training.LearningRate, weightDecay: training.WeightDecay)
            : new Sgd(Parameters(), training.LearningRate, weightDecay: training.WeightDecay);
        long steps = (long)training.Epochs * batches.MostBatches;
        string configuration = LanguageModelFile.Identity(this, training, ids);
        // Two states, taken in turn: a step's graph still needs the one before when the one after is written.
        LanguageModelState even = CreateState(training.BatchSize), odd = CreateState(training.BatchSize);
        var trainer = new Trainer<TokenBatch>(
            this, optimizer,
            batch =>
            {
                (LanguageModelState before, LanguageModelState after) =
                    batch.Index % 2 == 0 ? (even, odd) : (odd, even);
                if (batch.Index == 0) before.Reset();
                return Loss(batch.Inputs, batch.Targets, before, after);
            },
            new TrainOptions
            {
                Epochs = training.Epochs,
                EarlyStopping =
                    training.ValidationShare > 0 ? new() { Patience = training.Patience ?? int.MaxValue } : null,
                ClipGradNorm = training.ClipGradNorm,
                LearningRateSchedule = training.Schedule == LanguageModelSchedule.Cosine
                    ? step => training.LearningRate * CosineFactor(step, steps)
                    : null,
                Scheduler = training.Schedule == LanguageModelSchedule.Plateau
                    ? new ReduceLROnPlateau(optimizer, factor: 0.25, patience: 0)
                    : null,
                CheckpointPath = training.CheckpointPath,
                CheckpointEverySteps = training.CheckpointPath is null ? null : training.CheckpointEverySteps,
                Configuration = configuration,
                Log = training.Log,
            });
        Keep(trainer, "even", even);
        Keep(trainer, "odd", odd);
        if (training is { Resume: true, CheckpointPath: { } path } && File.Exists(path))
        {
            Checkpoint checkpoint = Checkpoint.Load(path);
            if (checkpoint.Configuration != configuration)
                throw new ModelFormatException(
                    $"{path}: this checkpoint belongs to a training on another text or with other options.");
            trainer.Resume(checkpoint);
        }

        return trainer;
    }

    private static void Keep(Trainer<TokenBatch> trainer, string name, LanguageModelState state)
    {
        trainer.Keep($"{name}.h", state.H);
        if (state.C is { } c) trainer.Keep($"{name}.c", c);
    }

    private static float CosineFactor(long step, long steps)
    {
        double warmUp = Math.Max(1, WarmUp * steps);
        if (step < warmUp) return (float)(step / warmUp);
        double done = Math.Min(1, (step - warmUp) / Math.Max(1, steps - warmUp));
        return (float)(LowestRate + (1 - LowestRate) * 0.5 * (1 + Math.Cos(Math.PI * done)));
    }
}
