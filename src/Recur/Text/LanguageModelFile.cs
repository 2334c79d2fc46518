using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Recur.IO;
using Recur.Nn;

namespace Recur.Text;

public sealed partial class LanguageModel
{
    /// <summary>Writes the model as one safetensors file, with configuration and vocabulary as JSON in the metadata;
    /// the file appears complete or not at all.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path) => LanguageModelFile.Save(this, path);

    /// <summary>Reads a model that <see cref="Save"/> wrote.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tokenizer">The model's tokenizer, when it is not one of Recur's own.</param>
    /// <exception cref="ModelFormatException">The file is damaged or is not a language model.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    public static LanguageModel Load(string path, ITokenizer? tokenizer = null) =>
        LanguageModelFile.Load(path, tokenizer);
}

/// <summary>Language models as safetensors files.</summary>
internal static class LanguageModelFile
{
    private const string KindKey = "recur_model", Kind = "language_model", ConfigurationKey = "configuration",
        VocabularyKey = "vocabulary";
    private const int Version = 1;

    public static void Save(LanguageModel model, string path)
    {
        var metadata = new Dictionary<string, string>
        {
            [KindKey] = Kind,
            [ConfigurationKey] = Json(w =>
            {
                w.WriteStartObject();
                WriteModel(w, model);
                w.WriteEndObject();
            }),
            [VocabularyKey] = Json(model.Vocabulary.WriteTo),
        };
        Safetensors.Save(path, model.StateDict(), metadata);
    }

    public static LanguageModel Load(string path, ITokenizer? tokenizer)
    {
        OrderedDictionary<string, Tensor> tensors =
            Safetensors.Load(path, out IReadOnlyDictionary<string, string> metadata);
        string file = Path.GetFileName(path);
        string? configuration = metadata.GetValueOrDefault(ConfigurationKey);
        string? words = metadata.GetValueOrDefault(VocabularyKey);
        if (metadata.GetValueOrDefault(KindKey) != Kind || configuration is null || words is null)
            throw new ModelFormatException(
                $"{file}: this is a safetensors file but not a language model (its metadata has no {KindKey} = "
                + $"{Kind}).");
        try
        {
            using JsonDocument document = JsonDocument.Parse(configuration);
            JsonElement root = document.RootElement;
            if (Get(root, "version").GetInt32() is var version && version != Version)
                throw new ModelFormatException(
                    $"{file}: the language model has version {version} but this program knows version {Version}.");
            Vocabulary vocabulary = ReadVocabulary(words);
            LanguageModelOptions options = ReadOptions(root);
            CheckSize(vocabulary, options, tensors);
            string rule = Get(root, "tokenizer").GetString() ?? "";
            if (tokenizer is not null && tokenizer.Name != rule)
                throw new FormatException($"its tokenizer is {rule}, not {tokenizer.Name}");
            byte[] state = Rng.Default.GetState();
            var model = new LanguageModel(vocabulary, tokenizer ?? Tokenizers.FromName(rule), options);
            Rng.Default.SetState(state); // what was drawn for the fresh parameters is given back
            model.LoadStateDict(tensors, source: file);
            model.Eval();
            return model;
        }
        catch (Exception e) when (
            e is JsonException or FormatException or InvalidOperationException or ArgumentException)
        {
            throw new ModelFormatException($"{file}: the language model cannot be read: {e.Message.TrimEnd('.')}.", e);
        }
    }

    /// <summary>A text that differs between trainings that may not continue one another.</summary>
    public static string Identity(LanguageModel model, LanguageModelTraining training, int[] ids) => Json(w =>
    {
        w.WriteStartObject();
        WriteModel(w, model);
        w.WriteNumber("validation_share", training.ValidationShare);
        w.WriteNumber("epochs", training.Epochs);
        w.WriteNumber("batch_size", training.BatchSize);
        w.WriteNumber("steps", training.Steps);
        w.WriteString("optimizer", training.Optimizer.ToString());
        w.WriteNumber("learning_rate", training.LearningRate);
        w.WriteNumber("weight_decay", training.WeightDecay);
        w.WriteNumber("clip_grad_norm", training.ClipGradNorm ?? 0);
        w.WriteString("schedule", training.Schedule.ToString());
        w.WriteString("ids_sha256", Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(ids.AsSpan()))));
        w.WriteEndObject();
    });

    private static void WriteModel(Utf8JsonWriter w, LanguageModel model)
    {
        LanguageModelOptions o = model.Options;
        w.WriteNumber("version", Version);
        w.WriteString("tokenizer", model.Tokenizer.Name);
        w.WriteString("cell", o.Cell.ToString());
        w.WriteNumber("embedding_size", o.VectorSize);
        w.WriteNumber("hidden_size", o.HiddenSize);
        w.WriteNumber("num_layers", o.NumLayers);
        w.WriteNumber("dropout", o.Dropout);
        w.WriteBoolean("tied", o.Tied);
    }

    private static LanguageModelOptions ReadOptions(JsonElement root)
    {
        string? word = Get(root, "cell").GetString();
        if (!Enum.TryParse(word, out CellKind cell) || !Enum.IsDefined(cell))
            throw new FormatException($"cell is {word}, which is not known");
        var options = new LanguageModelOptions
        {
            Cell = cell,
            EmbeddingSize = Get(root, "embedding_size").GetInt32(),
            HiddenSize = Get(root, "hidden_size").GetInt32(),
            NumLayers = Get(root, "num_layers").GetInt32(),
            Dropout = Get(root, "dropout").GetSingle(),
            Tied = Get(root, "tied").GetBoolean(),
        };
        options.Check();
        return options;
    }

    private static Vocabulary ReadVocabulary(string words)
    {
        var json = new Utf8JsonReader(Encoding.UTF8.GetBytes(words));
        json.Read();
        return VocabularyJson.Read(ref json);
    }

    /// <summary>Sizes in the JSON text are checked against the tensors before a network of that size is made.</summary>
    private static void CheckSize(
        Vocabulary vocabulary, LanguageModelOptions o, OrderedDictionary<string, Tensor> tensors)
    {
        double needed = ((double)vocabulary.Count * o.VectorSize) + ((double)o.HiddenSize * o.HiddenSize * o.NumLayers);
        long stored = tensors.Values.Sum(t => (long)t.Length);
        if (needed > stored)
            throw new FormatException(
                $"the configuration needs at least {needed:#,0} weights but the file has {stored:#,0}");
    }

    private static JsonElement Get(JsonElement root, string name) =>
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty(name, out JsonElement value)
            ? value
            : throw new FormatException($"its configuration has no {name}");

    private static string Json(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer)) write(writer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
