using System.CommandLine;
using Recur.Cli.Output;
using Recur.Nn;
using Recur.Text;
using Recur.Training;

namespace Recur.Cli.Commands;

/// <summary><c>recur lm train</c>: a text to a model of its language.</summary>
internal static class LmTrainCommand
{
    private const int SampleLength = 300;

    private sealed class Options
    {
        private static readonly LanguageModelOptions Model = new();
        private static readonly LanguageModelTraining Usual = new();

        public Argument<string[]> Texts { get; } = new("TEXT")
        {
            Description = "The text, UTF-8; several files are read one after the other.",
            Arity = ArgumentArity.OneOrMore,
        };

        public Option<string?> Output { get; } = new("--output", "-o")
        {
            Description = "The model to write; default: the first text's name with .safetensors, in this folder.",
            HelpName = "FILE",
        };

        public Option<string> Level { get; } = VerbCommand.Choice(
            "--level", "char", "What a token is: a character, or what stands between white space, with <eos> at the end "
            + "of a line and <unk> for rare words.", "char", "word");

        public Option<string> Cell { get; } =
            VerbCommand.Choice("--cell", "lstm", "The recurrent cell.", "rnn", "gru", "lstm");

        public Option<int> Hidden { get; } = Count("--hidden", "Hidden units of each layer.", Model.HiddenSize);

        public Option<int> Layers { get; } = Count("--layers", "Recurrent layers.", Model.NumLayers);

        public Option<int?> Embedding { get; } = new("--embedding")
        {
            Description = "Size of a token's vector; default: the hidden size for words, 128 for characters.",
            HelpName = "N",
        };

        public Option<float> Dropout { get; } = Number("--dropout", "Share of units left out in training.", Model.Dropout);

        public Option<bool> Tied { get; } =
            new("--tied") { Description = "Use the vectors of the tokens as the output layer's weight too." };

        public Option<int> Epochs { get; } = Count("--epochs", "Passes over the text.", Usual.Epochs);

        public Option<int?> Patience { get; } = new("--patience")
        {
            Description = "Stop after so many epochs without a lower validation loss.", HelpName = "N",
        };

        public Option<float> Validation { get; } = Number(
            "--validation", "Share at the end of the text that is kept for validation.", (float)Usual.ValidationShare);

        public Option<int> Batch { get; } =
            Count("--batch", "Streams of text that are read side by side.", Usual.BatchSize);

        public Option<int> Steps { get; } = Count("--steps", "Tokens that gradients flow back over.", Usual.Steps);

        public Option<string> Optimizer { get; } =
            VerbCommand.Choice("--optimizer", "adamw", "What changes the weights.", "adamw", "sgd");

        public Option<float> Rate { get; } =
            Number("--learning-rate", "The highest learning rate; for sgd around 1.", Usual.LearningRate);

        public Option<string> Schedule { get; } = VerbCommand.Choice(
            "--schedule", "cosine", "How the learning rate goes on: stays, falls along a cosine, or is quartered when the "
            + "validation loss no longer falls.", "constant", "cosine", "plateau");

        public Option<float> Decay { get; } = Number("--weight-decay", "Weight decay.", (float)Usual.WeightDecay);

        public Option<float> Clip { get; } =
            Number("--clip", "The largest norm of all gradients; 0 for any.", Usual.ClipGradNorm ?? 0f);

        public Option<int> MinCount { get; } =
            Count("--min-count", "How often a token must occur to be in the vocabulary.", (int)Usual.MinCount);

        public Option<int?> MaxVocabulary { get; } =
            new("--max-vocabulary") { Description = "The most tokens in the vocabulary.", HelpName = "N" };

        public Option<string?> Checkpoint { get; } = new("--checkpoint")
        {
            Description = "A file that keeps the state of training, renewed as it goes on and when it is interrupted.",
            HelpName = "FILE",
        };

        public Option<bool> Resume { get; } = new("--resume")
        {
            Description = "Go on from the checkpoint, if there is one; the model is the same as without the "
                + "interruption, bit for bit.",
        };

        public Option<string?> Log { get; } = new("--log")
        {
            Description = "Write loss and gradients of training: to a folder for TensorBoard, or to a file of JSON lines "
                + "when the name ends in .jsonl.",
            HelpName = "DIR|FILE",
        };

        public IEnumerable<Option> All =>
        [
            Output, Level, Cell, Hidden, Layers, Embedding, Dropout, Tied, Epochs, Patience, Validation, Batch, Steps,
            Optimizer, Rate, Schedule, Decay, Clip, MinCount, MaxVocabulary, Checkpoint, Resume, Log,
        ];

        private static Option<int> Count(string name, string description, int usual)
        {
            var option = new Option<int>(name)
            {
                Description = description, HelpName = "N", DefaultValueFactory = _ => usual,
            };
            option.Validators.Add(r => VerbCommand.CheckRange(r, name, 1, int.MaxValue));
            return option;
        }

        private static Option<float> Number(string name, string description, float usual) =>
            new(name) { Description = description, HelpName = "X", DefaultValueFactory = _ => usual };
    }

    public static VerbCommand Create()
    {
        var options = new Options();
        var command = new VerbCommand(
            "train", "Trains a model that continues a text, and saves it.",
            (parsed, terminal) => Run(options, parsed, terminal))
        {
            Details = """
                The text is read as --batch streams; the state is carried along, gradients reach back --steps tokens.
                After each epoch the last part of the text is predicted; the best epoch's weights are saved, with
                vocabulary and configuration, as safetensors. The loss is in nats per token.
                """,
            Examples =
            [
                "recur lm train data/tinyshakespeare.txt -o shakespeare.safetensors",
                "recur lm train novel.txt --level word --min-count 3 --optimizer sgd --learning-rate 1 --schedule plateau",
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
        if (checkpoint is null) OutputFiles.CheckWritable(path);
        else OutputFiles.CheckWritable(path, checkpoint);
        bool words = parsed.GetValue(options.Level) == "word";
        TextSource source = TextSource.FromFiles(texts);
        using ITrainingLog? log = logPath is null ? null : TrainingLogs.Open(logPath);
        float clip = parsed.GetValue(options.Clip);
        var model = new LanguageModelOptions
        {
            Cell = Enum.Parse<CellKind>(parsed.GetValue(options.Cell)!, ignoreCase: true),
            HiddenSize = parsed.GetValue(options.Hidden),
            NumLayers = parsed.GetValue(options.Layers),
            EmbeddingSize = parsed.GetValue(options.Embedding)
                ?? (words || parsed.GetValue(options.Tied) ? null : CharacterEmbedding),
            Dropout = parsed.GetValue(options.Dropout),
            Tied = parsed.GetValue(options.Tied),
        };
        var training = new LanguageModelTraining
        {
            Epochs = parsed.GetValue(options.Epochs),
            Patience = parsed.GetValue(options.Patience),
            ValidationShare = Math.Round((double)parsed.GetValue(options.Validation), 6),
            BatchSize = parsed.GetValue(options.Batch),
            Steps = parsed.GetValue(options.Steps),
            Optimizer = Enum.Parse<LanguageModelOptimizer>(parsed.GetValue(options.Optimizer)!, ignoreCase: true),
            LearningRate = parsed.GetValue(options.Rate),
            WeightDecay = parsed.GetValue(options.Decay),
            Schedule = Enum.Parse<LanguageModelSchedule>(parsed.GetValue(options.Schedule)!, ignoreCase: true),
            ClipGradNorm = clip == 0f ? null : clip,
            MinCount = parsed.GetValue(options.MinCount),
            MaxVocabulary = parsed.GetValue(options.MaxVocabulary),
            CheckpointPath = checkpoint,
            Resume = parsed.GetValue(options.Resume),
            Log = log,
        };
        LanguageModel trained = terminal.WithProgress("training", display => LanguageModel.Fit(
            source, words ? new WhitespaceTokenizer() : new CharacterTokenizer(), model, training,
            new TrainingDisplay(display), terminal.Cancel));
        trained.Save(path);
        Show(terminal, trained, path);
        return ExitCode.Done;
    }

    private const int CharacterEmbedding = 128;

    private static void Show(Terminal terminal, LanguageModel model, string path)
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
        });
    }
}
