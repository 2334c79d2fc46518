using System.CommandLine;
using System.Globalization;
using Recur.Cli.Output;
using Recur.Text;

namespace Recur.Cli.Commands;

/// <summary><c>recur embed train</c>: a text to word vectors.</summary>
internal static class EmbedTrainCommand
{
    private const string SkipGram = "skip-gram", Cbow = "cbow", GloVeModel = "glove";

    private sealed class Options
    {
        private static readonly Word2VecOptions Word2Vec = new();
        private static readonly GloVeOptions GloVe = new();

        public Argument<string[]> Texts { get; } = new("TEXT")
        {
            Description = "The text, UTF-8, a sentence or paragraph on each line; several files are read one after the "
                + "other.",
            Arity = ArgumentArity.OneOrMore,
        };

        public Option<string?> Output { get; } = new("--output", "-o")
        {
            Description = "The vectors to write: .txt, .vec or .bin (word2vec), .glove, .safetensors or .npz; default: the "
                + "first text's name with .vectors.safetensors, in this folder.",
            HelpName = "FILE",
        };

        public Option<string> Model { get; } = VerbCommand.Choice(
            "--model", SkipGram, "What learns the vectors: word2vec's skip-gram or CBOW, or GloVe.", SkipGram, Cbow, GloVeModel);

        public Option<string> Tokenizer { get; } = VerbCommand.Choice(
            "--tokenizer", "word", "What a word is: letters and digits in lower case, or what stands between white space.",
            "word", "whitespace");

        public Option<int> Phrases { get; } = new("--phrases")
        {
            Description = "Join words that come together into one, new_york, in so many passes; 1 for pairs, 2 for up to "
                + "four words.",
            HelpName = "N", DefaultValueFactory = _ => 0,
        };

        public Option<int> Size { get; } = new("--size")
        {
            Description = "Numbers of each vector.", HelpName = "N", DefaultValueFactory = _ => Word2Vec.VectorSize,
        };

        public Option<int?> Window { get; } = new("--window")
        {
            Description = $"Words on each side that count as neighbours; default: {Word2Vec.Window}, for glove {GloVe.Window}.",
            HelpName = "N",
        };

        public Option<int> MinCount { get; } =
            Count("--min-count", "Words that come more rarely are left out.", (int)Word2Vec.MinCount);

        public Option<int?> MaxVocabulary { get; } =
            new("--max-vocabulary") { Description = "The most words, the most frequent ones.", HelpName = "N" };

        public Option<int?> Epochs { get; } = new("--epochs")
        {
            Description = $"Passes over the text; default: {Word2Vec.Epochs}, for glove {GloVe.Epochs}.", HelpName = "N",
        };

        public Option<double?> Rate { get; } = new("--learning-rate")
        {
            Description = string.Create(CultureInfo.InvariantCulture,
                $"The first learning rate; default: {Word2Vec.Alpha}, for glove {GloVe.LearningRate}."),
            HelpName = "X",
        };

        public Option<int> Negative { get; } = new("--negative")
        {
            Description = "word2vec: words drawn at random against each true one; 0 for none.", HelpName = "N",
            DefaultValueFactory = _ => Word2Vec.Negative,
        };

        public Option<bool> Hierarchical { get; } =
            new("--hs") { Description = "word2vec: hierarchical softmax; --negative is 0 then, unless given." };

        public Option<double> Sample { get; } = Number(
            "--sample", "word2vec: sub-sampling of frequent words, 1e-5 to 1e-3; 0 for none.", Word2Vec.Sample);

        public Option<double> Exponent { get; } = Number(
            "--ns-exponent", "word2vec: negatives are drawn in proportion to count^X.", Word2Vec.NsExponent);

        public Option<double> XMax { get; } =
            Number("--x-max", "glove: pairs that come together so often, or more, have the full weight.", GloVe.XMax);

        public Option<double> Alpha { get; } =
            Number("--alpha", "glove: others the weight (count / x-max)^X.", GloVe.Alpha);

        public Option<int> Memory { get; } =
            Count("--memory", "glove: MiB to count in; beyond, temporary files help.", (int)(GloVe.MemoryBudget >> 20));

        public Option<string?> Checkpoint { get; } = new("--checkpoint")
        {
            Description = "A file that keeps the state of training, renewed after each epoch.", HelpName = "FILE",
        };

        public Option<bool> Resume { get; } =
            new("--resume") { Description = "Go on from the checkpoint, if there is one, with the options it has." };

        public IEnumerable<Option> All =>
        [
            Output, Model, Tokenizer, Phrases, Size, Window, MinCount, MaxVocabulary, Epochs, Rate, Negative, Hierarchical,
            Sample, Exponent, XMax, Alpha, Memory, Checkpoint, Resume,
        ];

        /// <summary>What the library would refuse is wrong usage, said before any text is read.</summary>
        public void AddChecks()
        {
            Phrases.Validators.Add(r => VerbCommand.CheckRange(r, "--phrases", 0, 10));
            Size.Validators.Add(r => VerbCommand.CheckRange(r, "--size", 1, 65536));
            Window.Validators.Add(r => VerbCommand.CheckRange(r, "--window", 1, 1000));
            MaxVocabulary.Validators.Add(r => VerbCommand.CheckRange(r, "--max-vocabulary", 1, int.MaxValue));
            Epochs.Validators.Add(r => VerbCommand.CheckRange(r, "--epochs", 1, int.MaxValue));
            Negative.Validators.Add(r => VerbCommand.CheckRange(r, "--negative", 0, 1000));
            AddCheck(Rate, "greater than 0", x => x > 0);
            AddCheck(Sample, "0 or greater", x => x >= 0);
            AddCheck(Exponent, "a finite number", _ => true);
            AddCheck(XMax, "greater than 0", x => x > 0);
            AddCheck(Alpha, "0 or greater", x => x >= 0);
        }

        private static void AddCheck(Option option, string expected, Predicate<float> isExpected) =>
            option.Validators.Add(r => VerbCommand.CheckNumber(
                r, option.Name, expected, x => float.IsFinite(x) && isExpected(x)));

        private static Option<int> Count(string name, string description, int usual)
        {
            var option = new Option<int>(name)
            {
                Description = description, HelpName = "N", DefaultValueFactory = _ => usual,
            };
            option.Validators.Add(r => VerbCommand.CheckRange(r, name, 1, int.MaxValue));
            return option;
        }

        private static Option<double> Number(string name, string description, double usual) =>
            new(name) { Description = description, HelpName = "X", DefaultValueFactory = _ => usual };
    }

    public static VerbCommand Create()
    {
        var options = new Options();
        options.AddChecks();
        var command = new VerbCommand(
            "train", "Learns word vectors from a text.", (parsed, terminal) => Run(options, parsed, terminal),
            seedHelp: "Seed of all random numbers: the same seed gives the same vectors, bit for bit; with skip-gram and "
                + "cbow only when --threads is 1.")
        {
            Details = """
                Words that stand in the same surroundings get vectors in the same direction. Options have
                gensim's names and presets. The loss of an epoch is the mean over all its predictions, in
                nats; the cost of glove is the mean of its weighted squares.
                """,
            Examples =
            [
                "recur embed train corpus.txt -o vectors.bin --threads 1 --seed 1",
                "recur embed train corpus.txt -o vectors.txt --model glove --window 5 --x-max 10",
            ],
        };
        command.Arguments.Add(options.Texts);
        foreach (Option option in options.All) command.Options.Add(option);
        return command;
    }

    private static int Run(Options options, ParseResult parsed, Terminal terminal)
    {
        string[] texts = parsed.GetRequiredValue(options.Texts);
        string path = parsed.GetValue(options.Output)
            ?? Path.GetFileNameWithoutExtension(texts[0]) + ".vectors.safetensors";
        string? checkpoint = parsed.GetValue(options.Checkpoint);
        if (parsed.GetValue(options.Resume) && checkpoint is null)
            throw new UsageException("--resume needs --checkpoint, which names the file to go on from.");
        if (parsed.GetValue(options.Model) != GloVeModel && !parsed.GetValue(options.Hierarchical)
            && parsed.GetValue(options.Negative) == 0)
            throw new UsageException("--negative must be at least 1, or --hs be given, otherwise nothing is learnt.");
        foreach (string text in texts) OutputFiles.CheckNotInput(text, path, checkpoint);
        if (checkpoint is null) OutputFiles.CheckWritable(path);
        else OutputFiles.CheckWritable(path, checkpoint);
        EmbedFiles.CheckFormat(path);

        TextSource source = TextSource.FromFiles(texts);
        ITokenizer tokenizer = parsed.GetValue(options.Tokenizer) == "word" ? new WordTokenizer() : new WhitespaceTokenizer();
        for (int pass = 0; pass < parsed.GetValue(options.Phrases); pass++)
            tokenizer = Reading(
                terminal, $"phrases {pass + 1}", source,
                bytes => Phrases.Learn(source, tokenizer, null, bytes, terminal.Cancel)).Over(tokenizer);

        string model = parsed.GetValue(options.Model)!;
        string? from = parsed.GetValue(options.Resume) && File.Exists(checkpoint) ? checkpoint : null;
        if (parsed.GetValue(options.Resume) && from is null)
            terminal.Note($"{checkpoint}: there is no checkpoint yet, so training starts from the beginning.");
        (WordVectors vectors, IReadOnlyList<double> losses, double seconds, long tokens) = model == GloVeModel
            ? TrainGloVe(options, parsed, source, tokenizer, from, checkpoint, terminal)
            : TrainWord2Vec(options, parsed, source, tokenizer, from, checkpoint, terminal);
        vectors.Save(path);

        terminal.Line($"text      {tokens:#,0} words, {vectors.Count:#,0} of them different and frequent enough");
        terminal.Table(["epoch", model == GloVeModel ? "cost" : "loss"], losses.Select((l, i) => (string[])
            [(i + 1).ToString(CultureInfo.InvariantCulture), ProgressText.Loss(l)]));
        terminal.Line($"training  {model}, {losses.Count} epochs in {seconds:0.0} s");
        terminal.Line($"wrote     {path}, {vectors.Count:#,0} x {vectors.VectorSize}");
        terminal.Json(json =>
        {
            json.WriteString("vectors", path);
            json.WriteString("model", model);
            json.WriteNumber("tokens", tokens);
            json.WriteNumber("words", vectors.Count);
            json.WriteNumber("size", vectors.VectorSize);
            json.WriteStartArray("losses");
            foreach (double loss in losses) json.WriteNumberValue(loss);
            json.WriteEndArray();
            json.WriteNumber("seconds", seconds);
        });
        return ExitCode.Done;
    }

    private static (WordVectors, IReadOnlyList<double>, double, long) TrainWord2Vec(
        Options options, ParseResult parsed, TextSource source, ITokenizer tokenizer, string? from,
        string? checkpoint, Terminal terminal)
    {
        var usual = new Word2VecOptions();
        bool hierarchical = parsed.GetValue(options.Hierarchical);
        var chosen = new Word2VecOptions
        {
            SkipGram = parsed.GetValue(options.Model) == SkipGram,
            VectorSize = parsed.GetValue(options.Size),
            Window = parsed.GetValue(options.Window) ?? usual.Window,
            MinCount = parsed.GetValue(options.MinCount),
            MaxFinalVocab = parsed.GetValue(options.MaxVocabulary),
            Epochs = parsed.GetValue(options.Epochs) ?? usual.Epochs,
            Alpha = parsed.GetValue(options.Rate) ?? usual.Alpha,
            HierarchicalSoftmax = hierarchical,
            Negative = hierarchical && parsed.GetResult(options.Negative) is null or { Implicit: true }
                ? 0 : parsed.GetValue(options.Negative),
            Sample = parsed.GetValue(options.Sample),
            NsExponent = parsed.GetValue(options.Exponent),
            Seed = terminal.Seed,
        };
        Word2Vec model = from is not null
            ? Word2Vec.Load(from)
            : new Word2Vec(
                Reading(terminal, "words", source,
                    bytes => Word2Vec.BuildVocabulary(source, tokenizer, chosen, bytes, terminal.Cancel)), chosen);
        EncodedCorpus corpus = Encode(terminal, source, tokenizer, model.Vocabulary);
        double seconds = 0;
        terminal.WithProgress("training", display =>
        {
            var progress = new Reports<Word2VecProgress>(p =>
            {
                if (p.IsEpochEnd) seconds += p.Elapsed.TotalSeconds;
                display.Report(new WorkProgress(
                    (p.Epoch - 1) * p.TotalWords + p.Words, p.Epochs * p.TotalWords, "words", p.Loss, p.Alpha));
            });
            while (model.TrainEpoch(corpus, progress, terminal.Cancel))
                if (checkpoint is not null) model.Save(checkpoint);
            return true;
        });
        return (model.Vectors, model.Losses, seconds, corpus.TokenCount);
    }

    private static (WordVectors, IReadOnlyList<double>, double, long) TrainGloVe(
        Options options, ParseResult parsed, TextSource source, ITokenizer tokenizer, string? from,
        string? checkpoint, Terminal terminal)
    {
        var usual = new GloVeOptions();
        var chosen = new GloVeOptions
        {
            VectorSize = parsed.GetValue(options.Size),
            Window = parsed.GetValue(options.Window) ?? usual.Window,
            MinCount = parsed.GetValue(options.MinCount),
            MaxVocabulary = parsed.GetValue(options.MaxVocabulary),
            Epochs = parsed.GetValue(options.Epochs) ?? usual.Epochs,
            LearningRate = parsed.GetValue(options.Rate) ?? usual.LearningRate,
            XMax = parsed.GetValue(options.XMax),
            Alpha = parsed.GetValue(options.Alpha),
            MemoryBudget = (long)parsed.GetValue(options.Memory) << 20,
            Seed = terminal.Seed,
        };
        GloVe model = from is not null
            ? GloVe.Load(from)
            : new GloVe(
                Reading(terminal, "words", source,
                    bytes => GloVe.BuildVocabulary(source, tokenizer, chosen, bytes, terminal.Cancel)), chosen);
        EncodedCorpus corpus = Encode(terminal, source, tokenizer, model.Vocabulary);
        double seconds = 0;
        using Cooccurrences pairs = terminal.WithProgress("pairs", display => Cooccurrences.Count(
            corpus, model.Options.Counting,
            new Reports<long>(done => display.Report(new WorkProgress(done, corpus.TokenCount, "words"))), terminal.Cancel));
        terminal.Line($"pairs     {pairs.PairCount:#,0}");
        terminal.WithProgress("training", display =>
        {
            var progress = new Reports<GloVeProgress>(p =>
            {
                if (p.IsEpochEnd) seconds += p.Elapsed.TotalSeconds;
                display.Report(new WorkProgress(
                    (p.Epoch - 1) * p.TotalPairs + p.Pairs, p.Epochs * p.TotalPairs, "pairs", p.Cost));
            });
            while (model.TrainEpoch(pairs, progress, terminal.Cancel))
                if (checkpoint is not null) model.Save(checkpoint);
            return true;
        });
        return (model.Vectors, model.Costs, seconds, corpus.TokenCount);
    }

    private static EncodedCorpus Encode(Terminal terminal, TextSource source, ITokenizer tokenizer, Vocabulary vocabulary) =>
        Reading(terminal, "ids", source,
            bytes => EncodedCorpus.Encode(source, tokenizer, vocabulary, null, bytes, terminal.Cancel));

    private static T Reading<T>(Terminal terminal, string title, TextSource source, Func<IProgress<long>, T> read) =>
        terminal.WithProgress(title, display => read(
            new Reports<long>(bytes => display.Report(new WorkProgress(bytes, source.ByteLength ?? bytes, "bytes")))));

    /// <summary>Passes reports on where they are made: <see cref="Progress{T}"/> would use another thread.</summary>
    private sealed class Reports<T>(Action<T> report) : IProgress<T>
    {
        public void Report(T value) => report(value);
    }
}
