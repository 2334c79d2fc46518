using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Recur.IO;
using Recur.Nn;

namespace Recur.Forecasting;

/// <summary>Forecasters as safetensors files.</summary>
internal static class ForecastFile
{
    private const string KindKey = "recur_model", Kind = "forecaster", ConfigurationKey = "configuration";
    private const int Version = 1;

    public static void Save(Forecaster model, string path)
    {
        string configuration = Json(w =>
        {
            WritePlan(w, model.Plan);
            w.WriteNumber("trained_on", model.TrainedOn);
            WriteTail(w, model.History);
        });
        var metadata = new Dictionary<string, string> { [KindKey] = Kind, [ConfigurationKey] = configuration };
        model.Ensemble.Save(path, metadata);
    }

    public static Forecaster Load(string path)
    {
        OrderedDictionary<string, Tensor> tensors =
            Safetensors.Load(path, out IReadOnlyDictionary<string, string> metadata);
        string file = Path.GetFileName(path);
        string? configuration = metadata.GetValueOrDefault(ConfigurationKey);
        if (metadata.GetValueOrDefault(KindKey) != Kind || configuration is null)
            throw new ModelFormatException(
                $"{file}: this is a safetensors file but not a forecaster (its metadata has no {KindKey} = {Kind}).");
        try
        {
            using JsonDocument document = JsonDocument.Parse(configuration);
            JsonElement root = document.RootElement;
            if (root.GetProperty("version").GetInt32() is var version && version != Version)
                throw new ModelFormatException(
                    $"{file}: the forecaster has version {version} but this program knows version {Version}.");
            ForecastPlan plan = ReadPlan(root);
            TimeSeries tail = ReadTail(root);
            if (tail.Length < plan.Needed)
                throw new FormatException($"the tail has {tail.Length} values but {plan.Needed} are needed");
            CheckSize(plan, tensors);
            ForecastEnsemble ensemble;
            using (new LentRng(0)) ensemble = new ForecastEnsemble(plan.Model, plan.Lags, plan.Anchor);
            ensemble.LoadStateDict(tensors, source: file);
            return new Forecaster(plan, ensemble, tail, root.GetProperty("trained_on").GetInt32(), training: null);
        }
        catch (Exception e) when (
            e is JsonException or IndexOutOfRangeException or KeyNotFoundException or FormatException
            or InvalidOperationException or ArgumentException)
        {
            throw new ModelFormatException($"{file}: the forecaster cannot be read: {e.Message.TrimEnd('.')}.", e);
        }
    }

    /// <summary>A text that differs between trainings that may not continue one another.</summary>
    public static string Identity(ForecastPlan plan, TrainingOptions training, TimeSeries series) => Json(w =>
    {
        WritePlan(w, plan);
        w.WriteNumber("teacher_forced_steps", training.TeacherForcedSteps);
        w.WriteNumber("free_running_steps", training.FreeRunningSteps);
        w.WriteNumber("batch_size", training.BatchSize);
        w.WriteNumber("learning_rate", training.LearningRate);
        w.WriteNumber("weight_decay", training.WeightDecay);
        w.WriteNumber("clip_grad_norm", training.ClipGradNorm);
        w.WriteNumber("validation_length", training.ValidationLength);
        w.WriteNumber("patience", training.Patience);
        w.WriteNumber("seed", training.Seed);
        w.WriteString("series_sha256", Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(series.Values))));
    });

    private static string Json(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteNumber("version", Version);
            write(writer);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void WritePlan(Utf8JsonWriter w, ForecastPlan plan)
    {
        w.WriteString("cell", plan.Model.Cell.ToString());
        w.WriteNumber("hidden_size", plan.Model.HiddenSize);
        w.WriteNumber("num_layers", plan.Model.NumLayers);
        w.WriteNumber("dropout", plan.Model.Dropout);
        w.WriteNumber("members", plan.Model.Members);
        w.WriteNumber("season", plan.Season);
        w.WriteStartArray("lags");
        foreach (Lag lag in plan.Lags)
        {
            w.WriteStartArray();
            w.WriteNumberValue(lag.First);
            w.WriteNumberValue(lag.Last);
            w.WriteEndArray();
        }

        w.WriteEndArray();
        w.WriteNumber("context", plan.Context);
        w.WriteNumber("horizon", plan.Horizon);
        w.WriteString("transform", plan.Transform.ToString());
        w.WriteNumber("mean", plan.Scaler.Mean);
        w.WriteNumber("deviation", plan.Scaler.Deviation);
        w.WriteNumber("level_length", plan.LevelLength);
    }

    private static ForecastPlan ReadPlan(JsonElement root)
    {
        var plan = new ForecastPlan
        {
            Season = Positive(root, "season"),
            Lags = [
                .. root.GetProperty("lags").EnumerateArray().Select(l => new Lag(l[0].GetInt32(), l[1].GetInt32()))],
            Context = Positive(root, "context"),
            Horizon = Positive(root, "horizon"),
            Transform = Word<Transform>(root, "transform"),
            Scaler =
                new StandardScaler(root.GetProperty("mean").GetDouble(), root.GetProperty("deviation").GetDouble()),
            LevelLength = root.GetProperty("level_length").GetInt32(),
            Model = new ModelOptions
            {
                Cell = Word<CellKind>(root, "cell"),
                HiddenSize = Positive(root, "hidden_size"),
                NumLayers = Positive(root, "num_layers"),
                Dropout = root.GetProperty("dropout").GetSingle(),
                Members = Positive(root, "members"),
            },
        };
        new ForecastOptions { Model = plan.Model }.Check();
        if (plan.Lags.Length == 0 || plan.Lags.Any(l => l.First < 1 || l.Last < l.First))
            throw new FormatException("lags must be 1 or more");
        if (plan.LevelLength < 0 || plan.LevelLength > plan.Context)
            throw new FormatException($"level_length must be from 0 to {plan.Context} but is {plan.LevelLength}");
        if (!(plan.Scaler.Deviation > 0 && double.IsFinite(plan.Scaler.Deviation) && double.IsFinite(plan.Scaler.Mean)))
            throw new FormatException($"deviation must be greater than 0 but is {plan.Scaler.Deviation}");
        return plan;
    }

    /// <summary>Sizes in the JSON text are checked against the tensors before a network of that size is made.</summary>
    private static void CheckSize(ForecastPlan plan, OrderedDictionary<string, Tensor> tensors)
    {
        long recurrent =
            (long)plan.Model.HiddenSize * plan.Model.HiddenSize * plan.Model.NumLayers * plan.Model.Members;
        long stored = tensors.Values.Sum(t => (long)t.Length);
        if (recurrent > stored)
            throw new FormatException(
                $"the configuration needs at least {recurrent} weights but the file has {stored}");
    }

    private static void WriteTail(Utf8JsonWriter w, TimeSeries tail)
    {
        w.WriteString("series", tail.Name);
        w.WriteString("frequency_unit", tail.Frequency.Unit.ToString());
        w.WriteNumber("frequency_count", tail.Frequency.Count);
        if (tail.Start is { } start) w.WriteString("tail_start", start.ToString("O"));
        w.WriteNumber("tail_number", tail.FirstNumber);
        w.WriteStartArray("tail");
        foreach (double v in tail.Values) w.WriteNumberValue(v);
        w.WriteEndArray();
    }

    private static TimeSeries ReadTail(JsonElement root)
    {
        DateTime? start = root.TryGetProperty("tail_start", out JsonElement text)
            ? DateTime.ParseExact(text.GetString() ?? "", "O", CultureInfo.InvariantCulture,
                DateTimeStyles.RoundtripKind)
            : null;
        var frequency = new Frequency(Word<FrequencyUnit>(root, "frequency_unit"), Positive(root, "frequency_count"));
        double[] values = [.. root.GetProperty("tail").EnumerateArray().Select(v => v.GetDouble())];
        return new TimeSeries(root.GetProperty("series").GetString() ?? "", values, start, frequency,
            root.GetProperty("tail_number").GetInt32());
    }

    private static int Positive(JsonElement root, string name)
    {
        int value = root.GetProperty(name).GetInt32();
        return value >= 1 ? value : throw new FormatException($"{name} must be at least 1 but is {value}");
    }

    private static T Word<T>(JsonElement root, string name) where T : struct, Enum
    {
        string? word = root.GetProperty(name).GetString();
        return Enum.TryParse(word, out T value) && Enum.IsDefined(value)
            ? value
            : throw new FormatException($"{name} is {word}, which is not known");
    }
}
