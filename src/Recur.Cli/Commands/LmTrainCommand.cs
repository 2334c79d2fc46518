using System.CommandLine;
using Recur.Cli.Output;
using Recur.Nn;
using Recur.Text;
using Recur.Training;

namespace Recur.Cli.Commands;

/// <summary><c>recur lm train</c>: a text to a model of its language.</summary>
internal static class LmTrainCommand
{
    private const int SampleLength = 300, CharacterEmbedding = 128;

    private sealed class Options
    {
        private static readonly LanguageModelOptions Model = new();
        private static readonly LanguageModelTraining Usual = new();

        public Argument<string[]> Texts { get; } = new("TEXT")
        {
            Description = "The text, in UTF-8; several files are read one after the other.",
            Arity = ArgumentArity.OneOrMore,
        };

        public Option<string?> Output { get; } = new("--output", "-o")
        {
            Description = "The model to write; default: the first text's name with .safetensors, in this folder.",
            HelpName = "FILE",
        };

        public Option<string> Level { get; } = VerbCommand.Choice(
            "--level", "char", "What a token is: a character, or a word, which is whatever stands between white space.",
            "char", "word");

        public Option<string> Cell { get; } =
            VerbCommand.Choice("--cell", "lstm", "The recurrent cell.", "rnn", "gru", "lstm");

        public Option<int> Hidden { get; } = Count("--hidden", "Hidden units of each layer.", Model.HiddenSize, 16_384);

        public Option<int> Layers { get; } = Count("--layers", "Recurrent layers.", Model.NumLayers, 64);

        public Option<int?> Embedding { get; } = Optional(
            "--embedding", "Size of a token's vector; default: 128 for characters, the hidden size for words or with "
            + "--tied.", 16_384);

        public Option<float> Dropout { get; } = Number(
            "--dropout", "Share of values left out at random in training: of vectors, between layers, of outputs.",
            Model.Dropout, "at least 0 and less than 1", x => x is >= 0 and < 1);

        public Option<bool> Tied { get; } =
            new("--tied") { Description = "Use the vectors of the tokens as the output layer's weight too." };

        public Option<int> Epochs { get; } = Count("--epochs", "Passes over the text.", Usual.Epochs);

        public Option<int?> Patience { get; } =
            Optional("--patience", "Stop after so many epochs without a lower validation loss.", int.MaxValue);

        public Option<float> Validation { get; } = Number(
            "--validation", "Share of the text, at its end, that is kept for validation; 0 for none.",
            (float)Usual.ValidationShare, "at least 0 and less than 1", x => x is >= 0 and < 1);

        public Option<int> Batch { get; } = Count(
            "--batch", "Parts of the text that are read side by side, one token of each at a time.", Usual.BatchSize,
            65_536);

        public Option<int> Steps { get; } = Count(
            "--steps", "Tokens of each part between two updates; gradients flow back over so many.", Usual.Steps,
            65_536);

        public Option<string> Optimizer { get; } =
            VerbCommand.Choice("--optimizer", "adamw", "What changes the weights.", "adamw", "sgd");

        public Option<float> Rate { get; } = Number(
            "--learning-rate", "The highest learning rate; sgd needs one around 1.", Usual.LearningRate,
            "finite and greater than 0", x => x > 0 && float.IsFinite(x));

        public Option<string> Schedule { get; } = VerbCommand.Choice(
            "--schedule", "cosine", "What the learning rate does: it stays, falls along a cosine, or is quartered "
            + "after each epoch that has not lowered the validation loss.", "constant", "cosine", "plateau");

        public Option<float> Decay { get; } = Number(
            "--weight-decay", "The optimizer's weight decay.", (float)Usual.WeightDecay, AtLeastZero,
            x => x >= 0 && float.IsFinite(x));

        public Option<float> Clip { get; } = Number(
            "--clip", "Gradients are shortened to this norm, of all together; 0 leaves them.", Usual.ClipGradNorm ?? 0f,
            AtLeastZero, x => x >= 0 && float.IsFinite(x));

        public Option<int> MinCount { get; } =
            Count("--min-count", "How often a token must occur to be in the vocabulary.", (int)Usual.MinCount);

        public Option<int?> MaxVocabulary { get; } = Optional(
            "--max-vocabulary", "The most tokens in the vocabulary; the most frequent are kept.", int.MaxValue);

        public Option<string?> Checkpoint { get; } = new("--checkpoint")
        {
            Description = "A file that keeps the state of training, renewed as it goes on and when it is interrupted.",
            HelpName = "FILE",
        };

        public Option<int> Every { get; } =
            Count("--checkpoint-every", "Steps between checkpoints.", Usual.CheckpointEverySteps);

        public Option<bool> Resume { get; } = new("--resume")
        {
            Description = "Go on from the checkpoint, if there is one; the model is the same as without the "
                + "interruption, bit for bit.",
        };

        public Option<string?> Log { get; } = new("--log")
        {
            Description = "Write loss and gradients of training: to a folder for TensorBoard, or to a file of JSON "
                + "lines when the name ends in .jsonl.",
            HelpName = "DIR|FILE",
        };

        public IEnumerable<Option> All =>
        [
            Output, Level, Cell, Hidden, Layers, Embedding, Dropout, Tied, Epochs, Patience, Validation, Batch, Steps,
            Optimizer, Rate, Schedule, Decay, Clip, MinCount, MaxVocabulary, Checkpoint, Every, Resume, Log,
        ];

        private const string AtLeastZero = "finite and at least 0";

        private static Option<int> Count(string name, string description, int usual, int most = int.MaxValue)
        {
            var option = new Option<int>(name)
            {
                Description = description, HelpName = "N", DefaultValueFactory = _ => usual,
            };
            option.Validators.Add(r => VerbCommand.CheckRange(r, name, 1, most));
            return option;
        }

        private static Option<int?> Optional(string name, string description, int most)
        {
            var option = new Option<int?>(name) { Description = description, HelpName = "N" };
            option.Validators.Add(r => VerbCommand.CheckRange(r, name, 1, most));
            return option;
        }

        private static Option<float> Number(
            string name, string description, float usual, string expected, Predicate<float> isExpected)
        {
            var option = new Option<float>(name)
            {
                Description = description, HelpName = "X", DefaultValueFactory = _ => usual,
            };
            option.Validators.Add(r => VerbCommand.CheckNumber(r, name, expected, isExpected));
            return option;
        }
    }

    public static VerbCommand Create()
    {
        var options = new Options();
        var command = new VerbCommand(
            "train", "Trains a model that continues a text, and saves it.",
            (parsed, terminal) => Run(options, parsed, terminal))
        {
            Details = """
                The text is cut into --batch parts of equal length, which are read side by side; what the model
                remembers is carried from update to update, and gradients stop there. After each epoch the model
                predicts the end of the text, which it does not learn from. The weights of the best epoch are
                saved with vocabulary and configuration as one safetensors file. Losses are in nats per token.

                With --level word a line ends with <eos>, and <unk> stands for words outside the vocabulary.

                The defaults take their time: minutes for a megabyte of text. For a first impression add
                --hidden 128 --epochs 2.
                """,
            Examples =
            [
                "recur lm train data/tinyshakespeare.txt -o shakespeare.safetensors",
                "recur lm train data/tinyshakespeare.txt --level word --min-count 3 -o words.safetensors",
                "recur lm train data/tinyshakespeare.txt --hidden 128 --checkpoint plays.checkpoint --resume",
            ],
        };
        command.Arguments.Add(options.Texts);
        foreach (Option option in options.All) command.Options.Add(option);
        return command;
    }

    private static int Run(Options options, ParseResult parsed, Terminal terminal)
    {
        string[] texts = parsed.GetRequiredValue(options.Texts);
        string path = parsed.GetValue(options.Output) ?? Path.GetFileNameWithoutExtension(texts[0]) + ".safetensors";
        string? checkpoint = parsed.GetValue(options.Checkpoint), logPath = parsed.GetValue(options.Log);
        if (parsed.GetValue(options.Resume) && checkpoint is null)
            throw new UsageException("--resume needs --checkpoint, which names the file to go on from.");
        foreach (string text in texts) OutputFiles.CheckNotInput(text, path, checkpoint, logPath);
        TextSource source = TextSource.FromFiles(texts);
        if (checkpoint is null) OutputFiles.CheckWritable(path);
        else OutputFiles.CheckWritable(path, checkpoint);
        (LanguageModelOptions model, LanguageModelTraining training) = Settings(options, parsed);
        using ITrainingLog? log = OutputFiles.OpenLog(logPath, path, checkpoint);
        if (training.Resume && !File.Exists(checkpoint))
            terminal.Note($"{checkpoint}: there is no checkpoint yet, so training starts from the beginning.");
        ITokenizer tokenizer = HasWords(options, parsed) ? new WhitespaceTokenizer() : new CharacterTokenizer();
        LanguageModel trained = terminal.WithProgress("training", display => LanguageModel.Fit(
            source, tokenizer, model, training with { Log = log }, new TrainingDisplay(display), terminal.Cancel));
        trained.Save(path);
        Show(terminal, trained, path, logPath);
        return ExitCode.Done;
    }

    private static bool HasWords(Options options, ParseResult parsed) => parsed.GetValue(options.Level) == "word";

    private static (LanguageModelOptions Model, LanguageModelTraining Training) Settings(
        Options options, ParseResult parsed)
    {
        bool tied = parsed.GetValue(options.Tied);
        int hidden = parsed.GetValue(options.Hidden);
        int? embedding = parsed.GetValue(options.Embedding);
        if (tied && embedding is { } size && size != hidden)
            throw new UsageException($"with --tied --embedding must be --hidden ({hidden}) but was {size}.");
        float validation = parsed.GetValue(options.Validation), clip = parsed.GetValue(options.Clip);
        int? patience = parsed.GetValue(options.Patience);
        string schedule = parsed.GetValue(options.Schedule)!;
        if (validation == 0f && (patience is not null || schedule == "plateau"))
            throw new UsageException(
                $"{(patience is not null ? "--patience" : "--schedule plateau")} needs a --validation greater than 0.");
        var model = new LanguageModelOptions
        {
            Cell = Enum.Parse<CellKind>(parsed.GetValue(options.Cell)!, ignoreCase: true),
            HiddenSize = hidden,
            NumLayers = parsed.GetValue(options.Layers),
            EmbeddingSize = embedding ?? (HasWords(options, parsed) || tied ? null : CharacterEmbedding),
            Dropout = parsed.GetValue(options.Dropout),
            Tied = tied,
        };
        var training = new LanguageModelTraining
        {
            Epochs = parsed.GetValue(options.Epochs),
            Patience = patience,
            ValidationShare = Math.Round((double)validation, 6),
            BatchSize = parsed.GetValue(options.Batch),
            Steps = parsed.GetValue(options.Steps),
            Optimizer = Enum.Parse<LanguageModelOptimizer>(parsed.GetValue(options.Optimizer)!, ignoreCase: true),
            LearningRate = parsed.GetValue(options.Rate),
            WeightDecay = Math.Round((double)parsed.GetValue(options.Decay), 9),
            Schedule = Enum.Parse<LanguageModelSchedule>(schedule, ignoreCase: true),
            ClipGradNorm = clip == 0f ? null : clip,
            MinCount = parsed.GetValue(options.MinCount),
            MaxVocabulary = parsed.GetValue(options.MaxVocabulary),
            CheckpointPath = parsed.GetValue(options.Checkpoint),
            CheckpointEverySteps = parsed.GetValue(options.Every),
            Resume = parsed.GetValue(options.Resume),
        };
        return (model, training);
    }

    private static void Show(Terminal terminal, LanguageModel model, string path, string? logPath)
    {
        TrainResult result = model.Training!;
        long weights = model.Parameters().Sum(p => (long)p.Length);
        terminal.Line($"model     {CellOption.Word(model.Options.Cell)}, {weights:#,0} weights, "
            + $"{model.Vocabulary.Count:#,0} tokens");
        terminal.Table(
            ["epoch", "training", "validation"],
            result.History.Select((h, i) => (string[])
            [
                (i + 1).ToString(), ProgressText.Loss(h.Loss),
                h.ValidationLoss is { } v ? ProgressText.Loss(v) : "",
            ]));
        double seconds = result.Elapsed.TotalSeconds;
        string best = result.BestValidationLoss is { } loss
            ? $", best validation loss {loss:0.0000} (perplexity {Math.Exp(loss):0.00}) after epoch {result.BestEpoch}"
            : "";
        terminal.Line($"training  {result.Step} steps in {seconds:0.0} s{best}");
        terminal.Line($"wrote     {path}");
        if (logPath is not null) terminal.Line($"log       {logPath}");
        if (terminal.IsTalking)
        {
            var sampling = new SamplingOptions { Temperature = 0.8f, Seed = terminal.Seed };
            terminal.Line();
            terminal.Line(string.Concat(model.Generate("", sampling).Take(SampleLength)));
        }

        foreach (TrainWarning warning in result.Warnings) terminal.Note(warning.Text);
        terminal.Json(json =>
        {
            json.WriteString("model", path);
            json.WriteString("cell", CellOption.Word(model.Options.Cell));
            json.WriteNumber("weights", weights);
            json.WriteNumber("tokens", model.Vocabulary.Count);
            json.WriteNumber("steps", result.Step);
            json.WriteNumber("loss", result.LastLoss);
            if (result.BestValidationLoss is { } valid) json.WriteNumber("validation_loss", valid);
            if (result.BestEpoch is { } epoch) json.WriteNumber("best_epoch", epoch);
            json.WriteStartArray("epochs");
            foreach (EpochLoss h in result.History)
            {
                json.WriteStartObject();
                json.WriteNumber("loss", h.Loss);
                if (h.ValidationLoss is { } v) json.WriteNumber("validation_loss", v);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteNumber("seconds", seconds);
            if (logPath is not null) json.WriteString("log", logPath);
        });
    }
}
