using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Recur.Autograd;
using Recur.Data;
using Recur.IO;
using Recur.Nn;
using Recur.Optim;

namespace Recur.Training;

/// <summary>Runs the steps of training in their order: batch, loss, backward, clip, update; validation, checkpoints and
/// progress between.</summary>
/// <remarks>
/// <code>
/// Rng.Seed(0);
/// var model = new Sequential(new Linear(8, 32), new Dropout(0.1f), new Linear(32, 1));
/// var trainer = new Trainer&lt;Batch&gt;(
///     model,
///     new Adam(model.Parameters(), learningRate: 1e-3f),
///     batch => Losses.Mse(model.Forward(batch.Input), batch.Target),
///     new TrainOptions
///     {
///         Epochs = 100, ClipGradNorm = 1f, EarlyStopping = new(), CheckpointPath = "run.safetensors",
///     });
/// if (File.Exists("run.safetensors")) trainer.Resume("run.safetensors");
/// TrainResult result = trainer.Fit(
///     new TensorBatches(inputs, targets, batchSize: 32),
///     validate: () => Losses.Mse(model.Forward(validationInputs), validationTargets).Item());
/// </code>
/// <para>A run that was stopped at any moment and resumed from its checkpoint gives bit for bit the numbers of one that
/// never stopped, provided that the loss function depends on nothing but the batch, the model,
/// <see cref="Rng.Default"/> and tensors given to <see cref="Keep"/>. A step allocates nothing beyond what the loss
/// function and the batch source do.</para>
/// <para>Not thread safe; one call of <see cref="Fit"/> at a time.</para>
/// </remarks>
/// <typeparam name="TBatch">What the loss function takes, such as <see cref="Batch"/>.</typeparam>
public sealed class Trainer<TBatch>
{
    private readonly Module model;
    private readonly Optimizer optimizer;
    private readonly Func<TBatch, Tensor> loss;
    private readonly TrainOptions options;
    private readonly Rng rng;
    private readonly Tensor[] parameters;
    private readonly List<(string Name, Tensor Value)> extra = [];
    private readonly List<(string Name, Tensor Value)> best = [];
    private readonly TrainingWatch watch;
    private Checkpoint? resumed;

    // Of the running Fit.
    private RunState run = new();
    private RngStates? epochBegin;
    private long startTime, lastReport, startStep, savedStep;

    /// <summary>Prepares a run; nothing is trained yet.</summary>
    /// <param name="model">The module; it is switched to training mode for steps and to evaluation mode for validation
    /// and at the end.</param>
    /// <param name="optimizer">Changes the parameters; its gradients are the ones that are clipped and
    /// measured.</param>
    /// <param name="loss">Computes the loss of a batch, one number, from the model; what it computes is
    /// differentiated.</param>
    /// <param name="options">How long and how.</param>
    /// <param name="rng">Where the batch source draws its order from; <see cref="Rng.Default"/> when null.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public Trainer(Module model, Optimizer optimizer, Func<TBatch, Tensor> loss, TrainOptions options, Rng? rng = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(optimizer);
        ArgumentNullException.ThrowIfNull(loss);
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        this.model = model;
        this.optimizer = optimizer;
        this.loss = loss;
        this.options = options;
        this.rng = rng ?? Rng.Default;
        parameters = [.. optimizer.Parameters];
        watch = new TrainingWatch(model, options);
    }

    /// <summary>Puts a tensor that steps change, such as a hidden state carried from batch to batch, into the
    /// checkpoints.</summary>
    /// <param name="name">Its name there; call this in the same way before <see cref="Resume(Checkpoint)"/>.</param>
    /// <param name="tensor">A leaf that is written in place, with <see cref="Tensor.CopyFrom(Tensor)"/>.</param>
    /// <exception cref="ArgumentException">The name comes twice, or the tensor is the result of a recorded
    /// operation.</exception>
    public void Keep(string name, Tensor tensor)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!tensor.IsLeaf)
            throw new ArgumentException(
                $"Trainer.Keep: {name} is the result of a recorded operation; keep a leaf and copy into it.");
        if (extra.Exists(e => e.Name == name))
            throw new ArgumentException($"Trainer.Keep: the name {name} comes twice.");
        extra.Add((name, tensor));
    }

    /// <summary>Makes the next <see cref="Fit"/> go on where the file's run stopped.</summary>
    /// <inheritdoc cref="Resume(Checkpoint)"/>
    public void Resume(string path) => Resume(Checkpoint.Load(path));

    /// <summary>Makes the next <see cref="Fit"/> go on where the checkpoint's run stopped.</summary>
    /// <remarks>Parameters and optimizer, its learning rate too, are set at once, the random generators when Fit
    /// begins. The limits in <see cref="TrainOptions"/> count from the run's first beginning: a finished run is
    /// prolonged by a larger one.</remarks>
    /// <exception cref="ModelFormatException">The file is no checkpoint of a run with this model, optimizer and kept
    /// tensors.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    public void Resume(Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        IReadOnlyDictionary<string, Tensor> tensors = checkpoint.Tensors;
        CheckExtra(checkpoint);
        if (checkpoint.Now.Own is null != ReferenceEquals(rng, Rng.Default))
            throw new ModelFormatException(
                $"{checkpoint.FileName}: the run {(checkpoint.Now.Own is null ? "had no" : "had a")} generator of " +
                $"its own but the trainer {(checkpoint.Now.Own is null ? "has one" : "has none")}.");
        checkpoint.LoadInto(model);
        Checkpoint.Translate(() => optimizer.LoadState(tensors, checkpoint.FileName, Checkpoint.OptimizerPrefix));
        foreach ((string name, Tensor value) in extra) value.CopyFrom(tensors[Checkpoint.ExtraPrefix + name]);
        resumed = checkpoint;
    }

    /// <summary>Trains until a limit is reached, the validation loss stops falling, or cancellation is asked
    /// for.</summary>
    /// <param name="batches">The batches of every epoch.</param>
    /// <param name="validate">Computes the validation loss after each epoch; runs in evaluation mode and records
    /// nothing.</param>
    /// <param name="progress">Told now and then where the run stands, on this thread unless it decides
    /// otherwise.</param>
    /// <param name="cancellationToken">Stops after the running step; a checkpoint is written when a path for it is
    /// set.</param>
    /// <returns>How it ended. The model is in evaluation mode, with the best epoch's parameters when
    /// <see cref="EarlyStopping.RestoreBest"/> is set.</returns>
    /// <exception cref="TrainingDivergedException">A loss or a gradient is not finite; the parameters are those from
    /// before that step.</exception>
    /// <exception cref="ArgumentException">Early stopping without a validation function, or a source without
    /// batches.</exception>
    /// <exception cref="IOException">A checkpoint cannot be written.</exception>
    public TrainResult Fit(
        IBatchSource<TBatch> batches, Func<double>? validate = null, IProgress<TrainProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batches);
        if (options.EarlyStopping is not null && validate is null)
            throw new ArgumentException("TrainOptions.EarlyStopping needs a validation function but none was given.");
        bool inEpoch = Begin(batches);
        watch.Begin(run.Step);
        model.Train();
        try
        {
            StopReason? reason;
            while ((reason = ReasonToStop(cancellationToken)) is null)
            {
                if (!inEpoch) BeginEpoch(batches);
                TakeStep(batches);
                inEpoch = run.Batch < run.BatchCount;
                if (!inEpoch) EndEpoch(validate);
                if (IsCheckpointDue(inEpoch)) SaveCheckpoint();
                if (progress is not null) Report(progress, isEpochEnd: !inEpoch);
            }

            // The last step, not the best epoch: a run that goes on later must go on from here.
            if (options.CheckpointPath is not null && savedStep != run.Step) SaveCheckpoint();
            RestoreBest();
            watch.End(run.Step);
            bool hasBest = run.BestEpoch > 0;
            return new TrainResult(
                reason.Value, run.Step, run.LastLoss, hasBest ? run.BestLoss : null, hasBest ? run.BestEpoch : null,
                run.History, Stopwatch.GetElapsedTime(startTime))
            {
                Warnings = watch.Warnings,
            };
        }
        finally
        {
            watch.Close();
            model.Eval();
        }
    }

    /// <summary>Sets the state of the run, new or resumed.</summary>
    /// <returns>Whether it stands in the middle of an epoch.</returns>
    private bool Begin(IBatchSource<TBatch> batches)
    {
        run = resumed?.State.Copy() ?? new RunState(); // the caller may resume from the same checkpoint again
        epochBegin = null;
        best.Clear();
        bool inEpoch = run.Batch > 0;
        if (resumed is { } checkpoint)
        {
            resumed = null; // its state is used up
            if (inEpoch)
            {
                // The order of the epoch is drawn again from where it was drawn first.
                epochBegin = checkpoint.EpochBegin
                    ?? throw new ModelFormatException(
                        $"{checkpoint.FileName}: the state of the generator at the epoch's beginning is missing.");
                epochBegin.Restore(rng);
                batches.BeginEpoch(run.Epoch, rng);
                if (batches.BatchCount != run.BatchCount)
                    throw new ModelFormatException(
                        $"{checkpoint.FileName}: the run had {run.BatchCount} batches per epoch but there are " +
                        $"{batches.BatchCount} now.");
            }

            checkpoint.Now.Restore(rng);
            TakeBest(checkpoint);
        }

        startTime = Stopwatch.GetTimestamp();
        lastReport = long.MinValue;
        startStep = run.Step;
        savedStep = -1;
        return inEpoch;
    }

    private StopReason? ReasonToStop(CancellationToken cancellationToken)
    {
        if (run.Step >= options.Steps || run.Epoch >= options.Epochs) return StopReason.Completed;
        if (run.EpochsWithoutBest >= options.EarlyStopping?.Patience && run.Batch == 0) return StopReason.StoppedEarly;
        return cancellationToken.IsCancellationRequested ? StopReason.Canceled : null;
    }

    private void BeginEpoch(IBatchSource<TBatch> batches)
    {
        if (options.CheckpointPath is not null) epochBegin = RngStates.Capture(rng);
        batches.BeginEpoch(run.Epoch, rng);
        run.Batch = 0;
        run.BatchCount = batches.BatchCount;
        run.LossSum = 0;
        if (run.BatchCount < 1)
            throw new ArgumentException($"Trainer: an epoch must have at least 1 batch but has {run.BatchCount}.");
    }

    private void TakeStep(IBatchSource<TBatch> batches)
    {
        TBatch batch = batches.GetBatch(run.Batch);
        model.ZeroGrad(); // parameters that the optimizer does not know would otherwise add up for ever
        optimizer.ZeroGrad();
        if (options.LearningRateSchedule is { } schedule) optimizer.LearningRate = schedule(run.Step + 1);

        watch.BeginStep(run.Step + 1);
        Tensor result = loss(batch);
        if (result.Length != 1) ShapeException.Throw("Trainer: the loss", "of one element", result.Shape);
        float value = result.Item();
        if (!float.IsFinite(value)) ThrowLossNotFinite(value);
        result.Backward();
        watch.AfterBackward(run.Step + 1);
        float norm = GradientClipping.ClipNorm(parameters.AsSpan(), options.ClipGradNorm ?? float.PositiveInfinity);
        if (!float.IsFinite(norm)) ThrowGradientNotFinite(value, norm);
        optimizer.Step();
        watch.EndStep(run.Step + 1, value, norm, optimizer.LearningRate);

        run.Step++;
        run.Batch++;
        run.LossSum += value;
        run.LastLoss = value;
        run.LastGradientNorm = norm;
    }

    private void EndEpoch(Func<double>? validate)
    {
        double meanLoss = run.LossSum / run.BatchCount;
        double? validationLoss = null;
        if (validate is not null)
        {
            model.Eval();
            using (GradMode.NoGrad()) validationLoss = validate();
            model.Train();
            if (!double.IsFinite(validationLoss.Value))
                throw new TrainingDivergedException(
                    $"Trainer: validation loss became {validationLoss} after epoch {run.Epoch + 1}, step {run.Step} " +
                    $"(training loss {Short(meanLoss)}).", run.Step);
        }

        run.History.Add(new EpochLoss(meanLoss, validationLoss));
        watch.EndEpoch(run.Step, run.History[^1]);
        run.Batch = 0;
        epochBegin = null;
        if (validationLoss is not { } current) return;
        if (current < run.BestLoss - (options.EarlyStopping?.MinDelta ?? 0))
        {
            run.BestLoss = current;
            run.BestEpoch = run.Epoch;
            run.EpochsWithoutBest = 0;
            RememberBest();
        }
        else
        {
            run.EpochsWithoutBest++;
        }
    }

    // ---- The best epoch's parameters -----------------------------------------------------------------------------

    private bool KeepsBest => options.EarlyStopping is { RestoreBest: true };

    private void RememberBest()
    {
        if (!KeepsBest) return;
        IReadOnlyDictionary<string, Tensor> state = model.StateDict();
        if (best.Count == 0)
            foreach ((string name, Tensor value) in state) best.Add((name, value.Detach()));
        else
            foreach ((string name, Tensor value) in best) value.CopyFrom(state[name]);
    }

    private void TakeBest(Checkpoint checkpoint)
    {
        if (!KeepsBest || run.BestEpoch == 0) return;
        foreach ((string name, Tensor value) in model.StateDict())
        {
            if (checkpoint.Tensors.TryGetValue(Checkpoint.BestPrefix + name, out Tensor saved)
                && saved.Shape == value.Shape)
            {
                best.Add((name, saved.Detach()));
                continue;
            }

            // The run did not keep them then, so the best epoch to restore can only be one that comes.
            best.Clear();
            run.BestLoss = double.PositiveInfinity;
            run.BestEpoch = run.EpochsWithoutBest = 0;
            return;
        }
    }

    private void RestoreBest()
    {
        if (best.Count == 0) return;
        IReadOnlyDictionary<string, Tensor> state = model.StateDict();
        foreach ((string name, Tensor value) in best) state[name].CopyFrom(value);
    }

    // ---- Checkpoints ---------------------------------------------------------------------------------------------

    private bool IsCheckpointDue(bool inEpoch) => options.CheckpointPath is not null
        && ((!inEpoch && run.Epoch % options.CheckpointEveryEpochs == 0)
            || run.Step % options.CheckpointEverySteps == 0);

    private void SaveCheckpoint()
    {
        IEnumerable<(string, Tensor)> tensors =
        [
            .. model.StateDict().Select(t => (Checkpoint.ModelPrefix + t.Key, t.Value)),
            .. optimizer.State().Select(t => (Checkpoint.OptimizerPrefix + t.Name, t.Value)),
            .. best.Select(t => (Checkpoint.BestPrefix + t.Name, t.Value)),
            .. extra.Select(t => (Checkpoint.ExtraPrefix + t.Name, t.Value)),
        ];
        Checkpoint.Write(
            options.CheckpointPath!, options.Configuration, run, RngStates.Capture(rng),
            run.Batch > 0 ? epochBegin : null, tensors);
        savedStep = run.Step;
    }

    private void CheckExtra(Checkpoint checkpoint)
    {
        foreach ((string name, Tensor value) in extra)
        {
            if (!checkpoint.Tensors.TryGetValue(Checkpoint.ExtraPrefix + name, out Tensor saved))
                throw new ModelFormatException($"{checkpoint.FileName}: {Checkpoint.ExtraPrefix}{name} is missing.");
            if (saved.Shape != value.Shape)
                throw new ModelFormatException(
                    $"{checkpoint.FileName}: {Checkpoint.ExtraPrefix}{name} must be {value.Shape} but the file has " +
                    $"{saved.Shape}.");
        }

        string? unknown = checkpoint.Tensors.Keys.FirstOrDefault(n =>
            n.StartsWith(Checkpoint.ExtraPrefix, StringComparison.Ordinal)
            && !extra.Exists(e => Checkpoint.ExtraPrefix + e.Name == n));
        if (unknown is not null)
            throw new ModelFormatException(
                $"{checkpoint.FileName}: {unknown} is unknown; give it to Trainer.Keep before Resume.");
    }

    // ---- Reports -------------------------------------------------------------------------------------------------

    private void Report(IProgress<TrainProgress> progress, bool isEpochEnd)
    {
        long now = Stopwatch.GetTimestamp();
        bool isLast = run.Step >= options.Steps;
        if (!isEpochEnd && !isLast && lastReport != long.MinValue
            && Stopwatch.GetElapsedTime(lastReport, now) < options.ProgressInterval) return;
        lastReport = now;
        TimeSpan elapsed = Stopwatch.GetElapsedTime(startTime, now);
        long? steps = options.Steps;
        if (options.Epochs is { } epochs)
        {
            long byEpochs = run.Step + ((long)epochs - run.Epoch) * run.BatchCount - run.Batch;
            steps = Math.Min(steps ?? long.MaxValue, byEpochs);
        }

        TimeSpan? left = steps is { } s ? elapsed / (run.Step - startStep) * (s - run.Step) : null;
        EpochLoss? ended = run.Epoch > 0 ? run.History[^1] : null;
        progress.Report(new TrainProgress(
            isEpochEnd ? run.Epoch : run.Epoch + 1, options.Epochs, run.Step, steps,
            isEpochEnd ? ended!.Value.Loss : run.LastLoss, run.LastGradientNorm, optimizer.LearningRate,
            ended?.ValidationLoss, isEpochEnd, elapsed, left));
    }

    [DoesNotReturn]
    private void ThrowLossNotFinite(float value)
    {
        ForgetGradients();
        throw new TrainingDivergedException(
            run.Step == 0
                ? $"Trainer: loss is {value} at step 1, before any update. Look for NaN or huge values in the data."
                : $"Trainer: loss became {value} at step {run.Step + 1} " +
                  $"(last finite {Short(run.LastLoss)}, gradient norm {Short(run.LastGradientNorm)}). {Advice}",
            run.Step + 1);
    }

    [DoesNotReturn]
    private void ThrowGradientNotFinite(float value, float norm)
    {
        ForgetGradients();
        throw new TrainingDivergedException(
            run.Step == 0
                ? $"Trainer: gradient norm is {norm} at step 1 (loss {Short(value)}), before any update. " +
                  "Look for huge values in the data."
                : $"Trainer: gradient norm became {norm} at step {run.Step + 1} " +
                  $"(loss {Short(value)}, last finite norm {Short(run.LastGradientNorm)}). {Advice}",
            run.Step + 1);
    }

    private string Advice => options.ClipGradNorm is null ? "Try ClipGradNorm." : "Try a smaller learning rate.";

    /// <summary>Otherwise a caller who goes on after the error would meet the bad gradients again.</summary>
    private void ForgetGradients()
    {
        model.ZeroGrad();
        optimizer.ZeroGrad();
    }

    private static string Short(double value) => value.ToString("G3").Replace('E', 'e');
}
