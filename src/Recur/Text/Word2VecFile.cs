using Recur.IO;

namespace Recur.Text;

/// <summary>A <see cref="Word2Vec"/> as a safetensors file.</summary>
internal static unsafe class Word2VecFile
{
    private const string VersionKey = "recur_word2vec", Version = "1";

    public static void Save(Word2Vec model, string path)
    {
        Word2VecWeights w = model.Weights;
        var writer = new SafetensorsWriter();
        writer.AddMetadata(VersionKey, Version);
        writer.Add("vocabulary", ModelFields.VocabularyBytes(model.Vocabulary));
        WriteOptions(writer, model.Options);
        writer.Add("run.epochs", (long)model.Run.Epochs);
        writer.Add("run.before", (long)model.Run.Before);
        writer.Add("run.alpha", model.Run.Alpha);
        writer.Add("run.min_alpha", model.Run.MinAlpha);
        writer.Add("run.losses", [.. model.Losses]);
        Add("input", w.Input, w.Words);
        Add("output", w.Output, w.Words);
        Add("tree", w.Tree, w.Nodes);
        AtomicFile.Write(path, writer.WriteTo);

        void Add(string name, float* table, int rows)
        {
            if (table != null) writer.Add(name, Tensor.From(w.Copy(table, rows), [rows, w.VectorSize]));
        }
    }

    public static Word2Vec Load(string path) => ModelFields.Load(path, "word2vec", VersionKey, Version, Read);

    private static Word2Vec Read(SafetensorsFile file)
    {
        Word2VecOptions options = ReadOptions(file);
        Vocabulary vocabulary = ModelFields.ReadVocabulary(file);
        options.Check();
        // Before memory for the tables is taken, the file must be seen to have them.
        ModelFields.CheckShape(file, "input", vocabulary.Count, options.VectorSize);
        if (options.Negative > 0) ModelFields.CheckShape(file, "output", vocabulary.Count, options.VectorSize);
        if (options.HierarchicalSoftmax)
            ModelFields.CheckShape(file, "tree", Math.Max(1, vocabulary.Count - 1), options.VectorSize);

        double[] losses = file.ReadDouble("run.losses");
        int epochs = (int)ModelFields.Whole(file, "run.epochs", 1, int.MaxValue);
        if (losses.Length > epochs)
            throw new ArgumentException($"run.losses must have at most {epochs} values but has {losses.Length}.");
        var run = new Word2VecRun(
            epochs, ModelFields.Number(file, "run.alpha"), ModelFields.Number(file, "run.min_alpha"),
            (int)ModelFields.Whole(file, "run.before", 0, int.MaxValue / 2));
        Word2VecOptions.CheckAlpha(run.Alpha, nameof(options.Alpha));
        Word2VecOptions.CheckAlpha(run.MinAlpha, nameof(options.MinAlpha));

        var model = new Word2Vec(vocabulary, options, initialize: false);
        model.Restore(run, losses);
        Word2VecWeights w = model.Weights;
        Fill("input", w.Input, w.Words);
        Fill("output", w.Output, w.Words);
        Fill("tree", w.Tree, w.Nodes);
        return model;

        void Fill(string name, float* table, int rows)
        {
            if (table != null) w.Fill(table, rows, file.ReadTensor(name).Span);
        }
    }

    private static void WriteOptions(SafetensorsWriter writer, Word2VecOptions o)
    {
        writer.Add("options.min_count", o.MinCount);
        writer.Add("options.max_final_vocab", (long)(o.MaxFinalVocab ?? 0));
        writer.Add("options.sample", o.Sample);
        writer.Add("options.vector_size", (long)o.VectorSize);
        writer.Add("options.skip_gram", o.SkipGram ? 1L : 0);
        writer.Add("options.window", (long)o.Window);
        writer.Add("options.shrink_windows", o.ShrinkWindows ? 1L : 0);
        writer.Add("options.cbow_mean", o.CbowMean ? 1L : 0);
        writer.Add("options.hierarchical_softmax", o.HierarchicalSoftmax ? 1L : 0);
        writer.Add("options.negative", (long)o.Negative);
        writer.Add("options.ns_exponent", o.NsExponent);
        writer.Add("options.epochs", (long)o.Epochs);
        writer.Add("options.alpha", o.Alpha);
        writer.Add("options.min_alpha", o.MinAlpha);
        writer.Add("options.seed", unchecked((long)o.Seed));
        writer.Add("options.threads", (long)(o.Threads ?? 0));
    }

    private static Word2VecOptions ReadOptions(SafetensorsFile file)
    {
        int maxFinalVocab = Int("max_final_vocab"), threads = Int("threads");
        return new Word2VecOptions
        {
            MinCount = ModelFields.Whole(file, "options.min_count", 0, long.MaxValue),
            MaxFinalVocab = maxFinalVocab == 0 ? null : maxFinalVocab,
            Sample = ModelFields.Number(file, "options.sample"),
            VectorSize = Int("vector_size"),
            SkipGram = Int("skip_gram") != 0,
            Window = Int("window"),
            ShrinkWindows = Int("shrink_windows") != 0,
            CbowMean = Int("cbow_mean") != 0,
            HierarchicalSoftmax = Int("hierarchical_softmax") != 0,
            Negative = Int("negative"),
            NsExponent = ModelFields.Number(file, "options.ns_exponent"),
            Epochs = Int("epochs"),
            Alpha = ModelFields.Number(file, "options.alpha"),
            MinAlpha = ModelFields.Number(file, "options.min_alpha"),
            Seed = unchecked((ulong)ModelFields.Whole(file, "options.seed", long.MinValue, long.MaxValue)),
            Threads = threads == 0 ? null : threads,
        };

        int Int(string name) => (int)ModelFields.Whole(file, "options." + name, 0, int.MaxValue);
    }
}
