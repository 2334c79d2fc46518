using Recur.IO;

namespace Recur.Text;

/// <summary>A <see cref="GloVe"/> as a safetensors file.</summary>
internal static unsafe class GloVeFile
{
    private const string VersionKey = "recur_glove", Version = "1";

    public static void Save(GloVe model, string path)
    {
        GloVeWeights w = model.Weights;
        var writer = new SafetensorsWriter();
        writer.AddMetadata(VersionKey, Version);
        writer.Add("vocabulary", ModelFields.VocabularyBytes(model.Vocabulary));
        WriteOptions(writer, model.Options);
        writer.Add("run.epochs", (long)model.Epochs);
        writer.Add("run.costs", [.. model.Costs]);
        Add("words", w.Words);
        Add("contexts", w.Contexts);
        AtomicFile.Write(path, writer.WriteTo);

        void Add(string name, float* table)
        {
            int count = w.Count, size = w.VectorSize;
            float[] vectors = new float[(long)count * size], biases = new float[count];
            float[] sums = new float[(long)count * size], biasSums = new float[count];
            for (int i = 0; i < count; i++)
            {
                ReadOnlySpan<float> row = w.Row(table, i), squares = w.Sums(table, i);
                row[..size].CopyTo(vectors.AsSpan(i * size));
                squares[..size].CopyTo(sums.AsSpan(i * size));
                (biases[i], biasSums[i]) = (row[size], squares[size]);
            }

            writer.Add(name, Tensor.From(vectors, [count, size]));
            writer.Add(name + ".bias", Tensor.From(biases, [count]));
            writer.Add(name + ".sums", Tensor.From(sums, [count, size]));
            writer.Add(name + ".bias_sums", Tensor.From(biasSums, [count]));
        }
    }

    public static GloVe Load(string path) => ModelFields.Load(path, "GloVe", VersionKey, Version, Read);

    private static GloVe Read(SafetensorsFile file)
    {
        GloVeOptions options = ReadOptions(file);
        options.Check();
        Vocabulary vocabulary = ModelFields.ReadVocabulary(file);
        int count = vocabulary.Count, size = options.VectorSize;
        // Before memory for the tables is taken, the file must be seen to have them.
        foreach (string name in new[] { "words", "contexts" })
        {
            ModelFields.CheckShape(file, name, count, size);
            ModelFields.CheckShape(file, name + ".bias", count);
            ModelFields.CheckShape(file, name + ".sums", count, size);
            ModelFields.CheckShape(file, name + ".bias_sums", count);
        }

        double[] costs = file.ReadDouble("run.costs");
        int epochs = (int)ModelFields.Whole(file, "run.epochs", 1, int.MaxValue);
        if (costs.Length > epochs)
            throw new ArgumentException($"run.costs must have at most {epochs} values but has {costs.Length}.");
        var model = new GloVe(vocabulary, options, initialize: false);
        model.Restore(epochs, costs);
        Fill("words", model.Weights.Words);
        Fill("contexts", model.Weights.Contexts);
        return model;

        void Fill(string name, float* table)
        {
            GloVeWeights w = model.Weights;
            const float any = float.MinValue;
            ReadOnlySpan<float> vectors = Numbers(name, any), biases = Numbers(name + ".bias", any);
            // They begin at 1 and grow; smaller ones would be divided by.
            ReadOnlySpan<float> sums = Numbers(name + ".sums", 1), biasSums = Numbers(name + ".bias_sums", 1);
            for (int i = 0; i < count; i++)
            {
                Span<float> row = w.Row(table, i), squares = w.Sums(table, i);
                vectors.Slice(i * size, size).CopyTo(row);
                sums.Slice(i * size, size).CopyTo(squares);
                (row[size], squares[size]) = (biases[i], biasSums[i]);
            }
        }

        ReadOnlySpan<float> Numbers(string name, float least)
        {
            ReadOnlySpan<float> values = file.ReadTensor(name).Span;
            foreach (float v in values)
                if (!(v >= least && float.IsFinite(v)))
                    throw new ArgumentException($"{name} must have finite numbers from {least} up but has {v}.");
            return values;
        }
    }

    // Where temporary files go and how much memory there is are matters of the machine, not of the model.
    private static void WriteOptions(SafetensorsWriter writer, GloVeOptions o)
    {
        writer.Add("options.min_count", o.MinCount);
        writer.Add("options.max_vocabulary", (long)(o.MaxVocabulary ?? 0));
        writer.Add("options.window", (long)o.Window);
        writer.Add("options.symmetric", o.Symmetric ? 1L : 0);
        writer.Add("options.memory_budget", o.MemoryBudget);
        writer.Add("options.vector_size", (long)o.VectorSize);
        writer.Add("options.x_max", o.XMax);
        writer.Add("options.alpha", o.Alpha);
        writer.Add("options.output", (long)o.Output);
        writer.Add("options.epochs", (long)o.Epochs);
        writer.Add("options.learning_rate", o.LearningRate);
        writer.Add("options.seed", unchecked((long)o.Seed));
        writer.Add("options.threads", (long)(o.Threads ?? 0));
    }

    private static GloVeOptions ReadOptions(SafetensorsFile file)
    {
        int maxVocabulary = Int("max_vocabulary"), threads = Int("threads");
        return new GloVeOptions
        {
            MinCount = ModelFields.Whole(file, "options.min_count", 0, long.MaxValue),
            MaxVocabulary = maxVocabulary == 0 ? null : maxVocabulary,
            Window = Int("window"),
            Symmetric = Int("symmetric") != 0,
            MemoryBudget = ModelFields.Whole(file, "options.memory_budget", 0, long.MaxValue),
            VectorSize = Int("vector_size"),
            XMax = ModelFields.Number(file, "options.x_max"),
            Alpha = ModelFields.Number(file, "options.alpha"),
            Output = (GloVeVectors)Int("output"),
            Epochs = Int("epochs"),
            LearningRate = ModelFields.Number(file, "options.learning_rate"),
            Seed = unchecked((ulong)ModelFields.Whole(file, "options.seed", long.MinValue, long.MaxValue)),
            Threads = threads == 0 ? null : threads,
        };

        int Int(string name) => (int)ModelFields.Whole(file, "options." + name, 0, int.MaxValue);
    }
}
