using System.Diagnostics.CodeAnalysis;
using Recur.IO;
using Recur.Nn;

namespace Recur.Training;

/// <summary>The whole state of a training run in one safetensors file: what <see cref="Trainer{TBatch}"/> writes and
/// resumes from.</summary>
/// <remarks>
/// <code>
/// var checkpoint = Checkpoint.Load("run.safetensors");
/// var model = Build(checkpoint.Configuration);                    // the text given as TrainOptions.Configuration
/// var trainer = new Trainer&lt;Batch&gt;(model, optimizer, loss, options);
/// trainer.Resume(checkpoint);
/// TrainResult result = trainer.Fit(batches);
/// </code>
/// <para>In the file: the parameters (<c>model.</c>), the optimizer (<c>optimizer.</c>), the scheduler of learning
/// rates (<c>scheduler.</c>), the parameters of the best epoch (<c>best.</c>), tensors given to <see
/// cref="Trainer{TBatch}.Keep"/> (<c>extra.</c>), counters as I64 and losses as F64 (<c>trainer.</c>), the states of the
/// random generators (<c>rng.</c>) and the configuration in the metadata. All of it is exact, so that a resumed run gives
/// bit for bit the numbers of one that was never interrupted.</para>
/// </remarks>
public sealed class Checkpoint
{
    internal const string ModelPrefix = "model.", OptimizerPrefix = "optimizer.";
    internal const string SchedulerPrefix = "scheduler.";
    internal const string BestPrefix = "best.", ExtraPrefix = "extra.";
    private const string VersionKey = "recur_checkpoint", Version = "2", ConfigurationKey = "configuration";

    private Checkpoint(string fileName, RunState state, OrderedDictionary<string, Tensor> tensors, RngStates now)
    {
        FileName = fileName;
        State = state;
        Tensors = tensors;
        Now = now;
    }

    /// <summary>The file's name, as error texts say it.</summary>
    internal string FileName { get; }

    /// <summary>The text given as <see cref="TrainOptions.Configuration"/>; null when there was none.</summary>
    public string? Configuration { get; private init; }

    /// <summary>The number of complete epochs.</summary>
    public int Epoch => State.Epoch;

    /// <summary>The number of steps done.</summary>
    public long Step => State.Step;

    /// <summary>The losses of the complete epochs.</summary>
    public IReadOnlyList<EpochLoss> History => State.History;

    /// <summary>The lowest validation loss so far; null without one.</summary>
    public double? BestValidationLoss => State.BestEpoch > 0 ? State.BestLoss : null;

    /// <summary>Whether the parameters of the best epoch are in the file.</summary>
    public bool HasBest { get; private init; }

    internal RunState State { get; }

    /// <summary>All float32 tensors, by their full names.</summary>
    internal OrderedDictionary<string, Tensor> Tensors { get; }

    /// <summary>The generators when the checkpoint was written.</summary>
    internal RngStates Now { get; }

    /// <summary>The generators at the beginning of the epoch that was running; null between epochs.</summary>
    internal RngStates? EpochBegin { get; private init; }

    /// <summary>Copies the parameters of the last step, or of the best epoch, into a module.</summary>
    /// <param name="model">A module of the same structure.</param>
    /// <param name="best">Whether to take the best epoch's parameters; the last step's are taken when the file has no
    /// best ones.</param>
    /// <exception cref="ModelFormatException">The file's names or shapes are not the module's; the module is
    /// unchanged.</exception>
    public void LoadInto(Module model, bool best = false)
    {
        ArgumentNullException.ThrowIfNull(model);
        string prefix = best && HasBest ? BestPrefix : ModelPrefix;
        Translate(() => model.LoadStateDict(Tensors, source: FileName, prefix: prefix));
    }

    /// <summary>Reads a checkpoint.</summary>
    /// <exception cref="ModelFormatException">The file breaks a rule of its format, or is no checkpoint.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    public static Checkpoint Load(string path)
    {
        using var file = SafetensorsFile.Open(path);
        if (!file.Metadata.TryGetValue(VersionKey, out string? version))
            throw new ModelFormatException(
                $"{file.FileName}: this is not a checkpoint of a training run (there is no {VersionKey} in its " +
                "metadata).");
        if (version != Version)
            throw new ModelFormatException(
                $"{file.FileName}: the checkpoint has version {version} but this program knows version {Version}.");

        var tensors = new OrderedDictionary<string, Tensor>();
        foreach (SafetensorsEntry entry in file.Entries)
            if (entry.DataType == SafetensorsDataType.F32) tensors.Add(entry.Name, file.ReadTensor(entry.Name));
        return new Checkpoint(file.FileName, ReadState(file), tensors, RngStates.Read(file, "rng.now."))
        {
            Configuration = file.Metadata.GetValueOrDefault(ConfigurationKey),
            HasBest = tensors.Keys.Any(n => n.StartsWith(BestPrefix, StringComparison.Ordinal)),
            EpochBegin = file.Contains("rng.epoch.default") ? RngStates.Read(file, "rng.epoch.") : null,
        };
    }

    internal static void Write(
        string path, string? configuration, RunState state, RngStates now, RngStates? epochBegin,
        IEnumerable<(string Name, Tensor Value)> tensors)
    {
        var writer = new SafetensorsWriter();
        writer.AddMetadata(VersionKey, Version);
        if (configuration is not null) writer.AddMetadata(ConfigurationKey, configuration);
        writer.Add("trainer.batch", (long)state.Batch);
        writer.Add("trainer.batch_count", (long)state.BatchCount);
        writer.Add("trainer.step", state.Step);
        writer.Add("trainer.best_epoch", (long)state.BestEpoch);
        writer.Add("trainer.epochs_without_best", (long)state.EpochsWithoutBest);
        writer.Add("trainer.loss_sum", state.LossSum);
        writer.Add("trainer.last_loss", (double)state.LastLoss);
        writer.Add("trainer.last_gradient_norm", (double)state.LastGradientNorm);
        writer.Add("trainer.best_loss", state.BestLoss);
        writer.Add("trainer.epoch_losses", [.. state.History.Select(h => h.Loss)]);
        // A validation loss is never NaN (training stops there), so NaN can say that there was none.
        writer.Add("trainer.epoch_validation_losses", [.. state.History.Select(h => h.ValidationLoss ?? double.NaN)]);
        now.Write(writer, "rng.now.");
        epochBegin?.Write(writer, "rng.epoch.");
        foreach ((string name, Tensor value) in tensors) writer.Add(name, value);
        AtomicFile.Write(path, writer.WriteTo);
    }

    private static RunState ReadState(SafetensorsFile file)
    {
        const string lossesName = "trainer.epoch_losses", validationName = "trainer.epoch_validation_losses";
        double[] losses = file.ReadDouble(lossesName), validationLosses = file.ReadDouble(validationName);
        if (losses.Length != validationLosses.Length)
            Fail(file, validationName, $"must have {losses.Length} values but has {validationLosses.Length}");
        var history = new List<EpochLoss>(losses.Length);
        for (int i = 0; i < losses.Length; i++)
            history.Add(new EpochLoss(losses[i], double.IsNaN(validationLosses[i]) ? null : validationLosses[i]));
        int batchCount = (int)ReadCount(file, "trainer.batch_count", int.MaxValue);
        long step = ReadCount(file, "trainer.step", long.MaxValue);
        return new RunState
        {
            BatchCount = batchCount,
            Batch = (int)ReadCount(file, "trainer.batch", Math.Min(Math.Max(0, batchCount - 1), step)),
            Step = step,
            BestEpoch = (int)ReadCount(file, "trainer.best_epoch", losses.Length),
            EpochsWithoutBest = (int)ReadCount(file, "trainer.epochs_without_best", losses.Length),
            LossSum = ReadNumber(file, "trainer.loss_sum"),
            LastLoss = (float)ReadNumber(file, "trainer.last_loss"),
            LastGradientNorm = (float)ReadNumber(file, "trainer.last_gradient_norm"),
            BestLoss = ReadNumber(file, "trainer.best_loss"),
            History = history,
        };
    }

    private static long ReadCount(SafetensorsFile file, string name, long max)
    {
        long[] values = file.ReadInt64(name);
        if (values.Length != 1) Fail(file, name, $"must be one number but there are {values.Length}");
        if (values[0] < 0 || values[0] > max) Fail(file, name, $"must be from 0 to {max} but is {values[0]}");
        return values[0];
    }

    private static double ReadNumber(SafetensorsFile file, string name)
    {
        double[] values = file.ReadDouble(name);
        if (values.Length != 1) Fail(file, name, $"must be one number but there are {values.Length}");
        return values[0];
    }

    [DoesNotReturn]
    private static void Fail(SafetensorsFile file, string name, string problem) =>
        throw new ModelFormatException($"{file.FileName}: {name} {problem}.");

    /// <summary>Names and shapes that do not fit are a fault of the file, not of an argument.</summary>
    internal static void Translate(Action load)
    {
        try
        {
            load();
        }
        catch (ArgumentException e)
        {
            throw new ModelFormatException(e.Message, e);
        }
    }
}
