using System.Text;
using System.Text.Json;
using Recur.IO;
using Recur.Text;

namespace Recur.Tests.Cli;

/// <summary>recur lm train, generate and evaluate with a model of a few units.</summary>
[Collection(AloneCollection.Name)] // the tool seeds Rng.Default
public sealed class LmCommandTests(LmCommandTests.Trained trained) : IClassFixture<LmCommandTests.Trained>
{
    private static readonly string Text =
        string.Concat(Enumerable.Range(0, 120).Select(i => $"one {i % 7} two {i % 3}\n"));

    private static readonly string[] Sizes = ["--hidden", "12", "--embedding", "6", "--batch", "4", "--steps", "8"];

    private static readonly string[] Tiny = [.. Sizes, "--epochs", "2"];

    private string Model => trained.Folder["m.safetensors"];

    private string TextFile => trained.Folder["t.txt"];

    [Fact]
    public void Train_TinyText_WritesTheModelAndSaysHowItWent()
    {
        Assert.Equal((0, ""), (trained.Result.ExitCode, trained.Result.Error));
        Assert.Matches(@"^model     lstm, 1,245 weights, 15 tokens\n", trained.Result.Out);
        Assert.Matches(@"\n  epoch   training   validation\n", trained.Result.Out);
        Assert.Matches(
            @"\ntraining  [78][0-9] steps in [0-9.]+ s, best validation loss [0-9.]+ \(perplexity [0-9.]+\) after "
            + @"epoch [12]\n",
            trained.Result.Out);
        Assert.Contains($"\nwrote     {Model}\n", trained.Result.Out);
        Assert.Equal(["m.safetensors", "t.txt"], trained.Folder.Files());
    }

    [Fact]
    public void Train_Quiet_SaysNothingAndWritesTheSameFile()
    {
        using var folder = new TemporaryFolder();
        string path = folder["again.safetensors"];
        Assert.Equal(new CliResult(0, "", ""), CliRunner.Run(["lm", "train", TextFile, "-o", path, .. Tiny, "-q"]));
        Assert.Equal(File.ReadAllBytes(Model), File.ReadAllBytes(path));
    }

    [Fact]
    public void Train_Json_IsTheValidationThatEvaluateFinds()
    {
        using var folder = new TemporaryFolder();
        string path = folder["m.safetensors"];
        JsonElement train = Json(
            ["lm", "train", TextFile, "-o", path, .. Tiny, "--log", folder["log.jsonl"]]);
        JsonElement evaluated = Json("lm", "evaluate", path, TextFile, "--last", "0.1");

        Assert.Equal(2, train.GetProperty("epochs").GetArrayLength());
        double loss = train.GetProperty("validation_loss").GetDouble();
        IEnumerable<JsonElement> epochs = train.GetProperty("epochs").EnumerateArray();
        Assert.Equal(epochs.Min(e => e.GetProperty("validation_loss").GetDouble()), loss);
        Assert.Equal(loss, evaluated.GetProperty("loss").GetDouble());
        Assert.Equal(loss / Math.Log(2), evaluated.GetProperty("bits").GetDouble(), 1e-12);
        Assert.Equal(Math.Exp(loss), evaluated.GetProperty("perplexity").GetDouble(), 1e-9);
        Assert.Equal(Text.Length / 10 - 1, evaluated.GetProperty("tokens").GetInt32());
        Assert.Equal(folder["log.jsonl"], train.GetProperty("log").GetString());
        Assert.Equal(["log.jsonl", "m.safetensors"], folder.Files());
    }

    [Fact]
    public void Train_Words_WritesLinesWithoutMarks()
    {
        using var folder = new TemporaryFolder();
        string path = folder["words.safetensors"];
        string[] words = ["--level", "word", "--tied", "--hidden", "8", .. Tiny[4..]];
        Assert.Equal(0, CliRunner.Run(["lm", "train", TextFile, "-o", path, .. words, "-q"]).ExitCode);

        CliResult result = CliRunner.Run("lm", "generate", path, "--prompt", "one 3", "--length", "200");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.StartsWith("one 3", result.Out);
        Assert.DoesNotContain("<", result.Out); // neither <eos> nor <unk>
        Assert.All(result.Out.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries),
            word => Assert.Contains(word, (string[])["one", "two", "0", "1", "2", "3", "4", "5", "6"]));
        JsonElement score = Json("lm", "evaluate", path, TextFile);
        Assert.Equal(120 * 5 - 1, score.GetProperty("tokens").GetInt32()); // four words and the end of each line
    }

    [Fact]
    public void Generate_SameSeed_GivesTheSameText()
    {
        string[] seven = ["lm", "generate", Model, "--prompt", "one", "--length", "80", "--seed", "7"];
        CliResult first = CliRunner.Run(seven);

        Assert.Equal((0, ""), (first.ExitCode, first.Error));
        Assert.StartsWith("one", first.Out);
        Assert.Equal("one".Length + 80 + 1, first.Out.Length);
        Assert.Equal(first, CliRunner.Run(seven));
        Assert.NotEqual(first.Out, CliRunner.Run([.. seven[..^1], "8"]).Out);
        JsonElement json = Json(seven);
        Assert.Equal(first.Out, json.GetProperty("prompt").GetString() + json.GetProperty("text").GetString() + "\n");
        // The most probable token is one of the fewest and of the one most probable.
        string certain = CliRunner.Run([.. seven, "--temperature", "0"]).Out;
        Assert.Equal(certain, CliRunner.Run([.. seven, "--top-k", "1"]).Out);
        Assert.Equal(certain, CliRunner.Run([.. seven, "--top-p", "0.000001"]).Out);
    }

    [Fact]
    public void Generate_PromptWithUnknownCharacters_NamesThemAndGoesOn()
    {
        CliResult result = CliRunner.Run("lm", "generate", Model, "--prompt", "öne\tto-one", "--length", "5");
        Assert.Equal("Not in the model's vocabulary, and read as <unk>: \"ö\" U+0009 \"-\"\n", result.Error);
        Assert.Equal(0, result.ExitCode);
        Assert.StartsWith("öne\tto-one", result.Out);
    }

    [Fact]
    public void GenerateAndEvaluate_VocabularyWithoutUnknown_SayOneSentence()
    {
        using var folder = new TemporaryFolder();
        string path = folder["m.safetensors"];
        Vocabulary vocabulary = Vocabulary.FromCounts([("a", 1), ("b", 1)]);
        new LanguageModel(vocabulary, new CharacterTokenizer(), new LanguageModelOptions { HiddenSize = 4 }).Save(path);

        Assert.Equal(0, CliRunner.Run("lm", "generate", path, "--prompt", "ab").ExitCode);
        CliRunner.AssertFails(CliRunner.Run("lm", "generate", path, "--prompt", "abc"), 1,
            "recur lm generate: the prompt's \"c\" is not in the model's vocabulary, which has no unknown token.");
        CliRunner.AssertFails(CliRunner.Run("lm", "evaluate", path, TextFile), 1,
            $"recur lm evaluate: {TextFile}: Vocabulary: the token \"o\" is not among the 2 tokens, and there is no "
            + "unknown token.");
    }

    [Fact]
    public void Evaluate_UnknownCharactersAndStreams_AreCounted()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["x.txt"], "one 1 two 2\none x two x\n");
        JsonElement one = Json("lm", "evaluate", Model, folder["x.txt"]);
        Assert.Equal((23, 2), (one.GetProperty("tokens").GetInt32(), one.GetProperty("unknown").GetInt32()));
        JsonElement many = Json("lm", "evaluate", Model, folder["x.txt"], "--streams", "1000");
        Assert.Equal(23, many.GetProperty("tokens").GetInt32());
        CliResult twice = CliRunner.Run("lm", "evaluate", Model, folder["x.txt"], folder["x.txt"]);
        Assert.Matches(
            @"^tokens      47 \(8\.5 % not in the vocabulary\)\nloss        [0-9.]+ nats per character\n"
            + @"bits        [0-9.]+ per character\nperplexity  [0-9.]+\n$", twice.Out);
    }

    [Fact]
    public void Train_InterruptedAndResumed_WritesTheSameModelBitForBit()
    {
        using var folder = new TemporaryFolder();
        string[] train = ["lm", "train", TextFile, .. Sizes, "--epochs", "40", "-q"];
        Assert.Equal(0, CliRunner.Run([.. train, "-o", folder["undisturbed"]]).ExitCode);
        string[] resumed = [.. train, "-o", folder["model"], "--checkpoint", folder["state"], "--resume"];

        using var stop = new CancellationTokenSource();
        var watch = new Thread(() =>
        {
            while (!File.Exists(folder["state"])) Thread.Sleep(1);
            stop.Cancel();
        });
        watch.Start();
        CliResult interrupted = CliRunner.Run(stop.Token, [.. resumed, "--checkpoint-every", "1"]);
        watch.Join();

        Assert.Equal(new CliResult(130, "", "recur lm train: interrupted.\n"), interrupted);
        Assert.Equal(["state", "undisturbed"], folder.Files());
        Assert.Equal(new CliResult(0, "", ""), CliRunner.Run(resumed));
        Assert.Equal(File.ReadAllBytes(folder["undisturbed"]), File.ReadAllBytes(folder["model"]));
    }

    [Fact]
    public void Train_CheckpointOfOtherOptions_IsRefused()
    {
        using var folder = new TemporaryFolder();
        string[] files = ["-o", folder["m"], "--checkpoint", folder["c"], "--resume", "-q"];
        Assert.Equal(0, CliRunner.Run(["lm", "train", TextFile, .. Tiny, .. files]).ExitCode);
        File.Delete(folder["m"]);
        CliRunner.AssertFails(CliRunner.Run(["lm", "train", TextFile, .. Tiny, .. files, "--clip", "2"]), 1,
            $"recur lm train: {folder["c"]}: this checkpoint belongs to a training on another text or with other "
            + "options.");
        Assert.Equal(["c"], folder.Files());
    }

    /// <summary>A text's bytes, and what the errors of train and evaluate say behind its name.</summary>
    public static TheoryData<string, string, string> Texts => new()
    {
        { "", ": the text to train on must have more than 32 tokens (batch size 4 times 8 steps) but has 0.",
            ": the text to predict must have at least 2 tokens but has 0." },
        { "x", ": the text to train on must have more than 32 tokens (batch size 4 times 8 steps) but has 1.",
            ": the text to predict must have at least 2 tokens but has 1." },
        { "good\nbad \xff", "(2): the text must be UTF-8 but byte 9 of the file, 0xFF, does not belong to a character.",
            "(2): the text must be UTF-8 but byte 9 of the file, 0xFF, does not belong to a character." },
        { "cut \xe2\x82", "(1): the text must be UTF-8 but byte 4 of the file, 0xE2, does not belong to a character.",
            "(1): the text must be UTF-8 but byte 4 of the file, 0xE2, does not belong to a character." },
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public void TrainAndEvaluate_WrongText_SayOneSentenceAndLeaveNothing(string bytes, string train, string evaluate)
    {
        using var folder = new TemporaryFolder();
        string text = folder["text.txt"];
        File.WriteAllBytes(text, Encoding.Latin1.GetBytes(bytes));
        CliRunner.AssertFails(
            CliRunner.Run(["lm", "train", text, .. Tiny, "-o", folder["m"], "--checkpoint", folder["c"], "-q"]), 1,
            $"recur lm train: {text}{train}");
        CliRunner.AssertFails(
            CliRunner.Run("lm", "evaluate", Model, text, "-q"), 1, $"recur lm evaluate: {text}{evaluate}");
        Assert.Equal(["text.txt"], folder.Files());
    }

    [Fact]
    public void Train_NothingToLearnOrNoFile_SaysOneSentence()
    {
        using var folder = new TemporaryFolder();
        string output = folder["m"], none = folder["none.txt"];
        CliRunner.AssertFails(CliRunner.Run("lm", "train", none, "-o", output), 1,
            $"recur lm train: {none}: the file does not exist.");
        CliRunner.AssertFails(CliRunner.Run("lm", "train", folder.Path, "-o", output), 1,
            $"recur lm train: {folder.Path}: is a directory, not a file.");
        CliRunner.AssertFails(CliRunner.Run(["lm", "train", TextFile, "-o", output, .. Tiny, "--min-count", "5000"]), 1,
            $"recur lm train: {TextFile}: no token gets into the vocabulary (MinCount 5,000, MaxVocabulary none), so "
            + "there is nothing to learn.");
        CliRunner.AssertFails(CliRunner.Run("lm", "train", TextFile, "-o", output), 1,
            $"recur lm train: {TextFile}: the text to train on must have more than 4,096 tokens (batch size 32 times "
            + "128 steps) but has 1,296.");
        CliRunner.AssertFails(CliRunner.Run("lm", "train", TextFile, "-o", Path.Combine(none, "m")), 1,
            $"recur lm train: {Path.Combine(none, "m")}: the folder {none} does not exist.");
        Assert.Empty(folder.Files());
    }

    [Fact]
    public void GenerateAndEvaluate_WrongModels_SayOneSentence()
    {
        using var folder = new TemporaryFolder();
        string path = folder["w.safetensors"];
        byte[] good = File.ReadAllBytes(Model);
        byte[] header = [.. good];
        header[20] ^= 0x55;
        (byte[] Bytes, string Why)[] damaged =
        [
            ([], "empty"), (good[..5], "no header length"), (good[..300], "cut in the header"),
            (good[..^1], "cut in the data"), ([.. good, 0], "too long"), (header, "a wrong byte in the header"),
            (Encoding.UTF8.GetBytes(Text), "a text"),
        ];
        foreach ((byte[] bytes, string why) in damaged)
        {
            File.WriteAllBytes(path, bytes);
            AssertRefused(why, ".+");
        }

        OrderedDictionary<string, Tensor> tensors =
            Safetensors.Load(Model, out IReadOnlyDictionary<string, string> metadata);
        void Write(string key, string from, string to) => Safetensors.Save(path, tensors,
            metadata.ToDictionary(m => m.Key, m => m.Key == key ? m.Value.Replace(from, to) : m.Value));
        Write("recur_model", "language", "other");
        AssertRefused("another kind", "this is a safetensors file but not a language model .*");
        Write("vocabulary", "\"specials\":1", "\"specials\":99");
        AssertRefused("specials", "the language model cannot be read: specials must be from 0 to 15 but is 99");
        Write("vocabulary", "[\"\\u003Cunk\\u003E\",", "[\"\\u003Cunk\\u003E\",\"z\",");
        AssertRefused("a token more", "the language model cannot be read: there are 16 tokens but 15 counts");
        Write("vocabulary", "{", "");
        AssertRefused("no JSON", "the language model cannot be read: .*");
        Write("configuration", "\"hidden_size\":12", "\"hidden_size\":11");
        AssertRefused("another size", ".*rnn.weight_hh_l0.*");
        Write("configuration", "\"hidden_size\":12", "\"hidden_size\":2000000000");
        AssertRefused("a huge size", "the language model cannot be read: the configuration needs at least .*");
        Write("configuration", "\"num_layers\":1", "\"num_layers\":2000000000");
        AssertRefused("layers", "the language model cannot be read: the configuration needs at least .*");
        Write("configuration", "\"cell\":\"Lstm\"", "\"cell\":\"Elman\"");
        AssertRefused("cell", "the language model cannot be read: cell is Elman, which is not known");
        Write("configuration", "\"dropout\"", "\"dropin\"");
        AssertRefused("an option", "the language model cannot be read: its configuration has no dropout");
        Write("configuration", "\"version\":1", "\"version\":2");
        AssertRefused("version", "the language model has version 2 but this program knows version 1");
        // The vocabulary of one token more than the weights, consistent in itself.
        Safetensors.Save(path, tensors, metadata.ToDictionary(
            m => m.Key,
            m => m.Key == "vocabulary"
                ? m.Value.Replace("[\"\\u003Cunk\\u003E\",", "[\"\\u003Cunk\\u003E\",\"z\",")
                    .Replace("\"counts\":[", "\"counts\":[1,")
                : m.Value));
        AssertRefused("a larger vocabulary", @".*encoder\.weight.*");

        tensors["decoder.bias"].MutableSpan.Fill(float.NaN);
        Safetensors.Save(path, tensors, metadata.ToDictionary());
        CliRunner.AssertFails(CliRunner.Run("lm", "evaluate", path, TextFile, "-q"), 1,
            $"recur lm evaluate: {path}: the model's loss on this text is NaN, so its weights must be damaged.");
        Assert.Equal(["w.safetensors"], folder.Files());

        void AssertRefused(string why, string sentence)
        {
            foreach (string[] verb in (string[][])[["generate", path], ["evaluate", path, TextFile, "-q"]])
            {
                CliResult result = CliRunner.Run(["lm", .. verb]);
                Assert.True(result.ExitCode == 1, why);
                Assert.Equal("", result.Out);
                Assert.Matches($@"^recur lm {verb[0]}: [^\n]*w\.safetensors: {sentence}\.\n$", result.Error);
                Assert.DoesNotContain("internal error", result.Error, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData("recur lm: there is no verb \"tran\".", "lm", "tran")]
    [InlineData("recur lm: there is no option --seed.", "lm", "--seed")]
    [InlineData("recur lm train: the argument TEXT is missing.", "lm", "train")]
    [InlineData("recur lm train: there is no option --bogus.", "lm", "train", "t.txt", "--bogus")]
    [InlineData("recur lm train: --cell must be rnn, gru or lstm but was \"elman\".",
        "lm", "train", "t", "--cell", "elman")]
    [InlineData("recur lm train: --level must be char or word but was \"byte\".",
        "lm", "train", "t", "--level", "byte")]
    [InlineData("recur lm train: --hidden must be in 1..16384 but was 0.", "lm", "train", "t", "--hidden", "0")]
    [InlineData("recur lm train: --epochs must be at least 1 but was 0.", "lm", "train", "t", "--epochs", "0")]
    [InlineData("recur lm train: --patience must be at least 1 but was 0.", "lm", "train", "t", "--patience", "0")]
    [InlineData("recur lm train: --dropout must be at least 0 and less than 1 but was 1.",
        "lm", "train", "t", "--dropout", "1")]
    [InlineData("recur lm train: --validation must be at least 0 and less than 1 but was 1.",
        "lm", "train", "t", "--validation", "1")]
    [InlineData("recur lm train: --learning-rate must be finite and greater than 0 but was 0.",
        "lm", "train", "t", "--learning-rate", "0")]
    [InlineData("recur lm train: --learning-rate must be a number but was \"fast\".",
        "lm", "train", "t", "--learning-rate", "fast")]
    [InlineData("recur lm train: --clip must be finite and at least 0 but was -1.", "lm", "train", "t", "--clip", "-1")]
    [InlineData("recur lm train: --resume needs --checkpoint, which names the file to go on from.",
        "lm", "train", "t", "--resume")]
    [InlineData("recur lm train: the output t would replace the input.", "lm", "train", "t", "-o", "t")]
    [InlineData("recur lm generate: the argument MODEL is missing.", "lm", "generate")]
    [InlineData("recur lm generate: the argument \"more\" is one too many.", "lm", "generate", "m", "more")]
    [InlineData("recur lm generate: --length must be at least 0 but was -1.", "lm", "generate", "m", "--length", "-1")]
    [InlineData("recur lm generate: --temperature must be finite and at least 0 but was -0.5.",
        "lm", "generate", "m", "--temperature", "-0.5")]
    [InlineData("recur lm generate: --temperature must be finite and at least 0 but was NaN.",
        "lm", "generate", "m", "--temperature", "NaN")]
    [InlineData("recur lm generate: --top-k must be at least 1 but was 0.", "lm", "generate", "m", "--top-k", "0")]
    [InlineData("recur lm generate: --top-p must be greater than 0 and at most 1 but was 1.5.",
        "lm", "generate", "m", "--top-p", "1.5")]
    [InlineData("recur lm evaluate: the argument TEXT is missing.", "lm", "evaluate", "m")]
    [InlineData("recur lm evaluate: --last must be greater than 0 and at most 1 but was 0.",
        "lm", "evaluate", "m", "t", "--last", "0")]
    [InlineData("recur lm evaluate: --streams must be in 1..65536 but was 0.",
        "lm", "evaluate", "m", "t", "--streams", "0")]
    public void Run_WrongUsage_SaysOneSentence(string sentence, params string[] args) =>
        CliRunner.AssertFails(CliRunner.Run(args), 2, $"{sentence} See '{sentence[..sentence.IndexOf(':')]} --help'.");

    [Theory]
    [InlineData("with --tied --embedding must be --hidden (12) but was 6.", "--tied")]
    [InlineData("--patience needs a --validation greater than 0.", "--validation", "0", "--patience", "2")]
    [InlineData("--schedule plateau needs a --validation greater than 0.",
        "--validation", "0", "--schedule", "plateau")]
    public void Train_OptionsThatContradict_SayOneSentence(string sentence, params string[] options)
    {
        using var folder = new TemporaryFolder();
        CliRunner.AssertFails(CliRunner.Run(["lm", "train", TextFile, "-o", folder["m"], .. Tiny, .. options]), 2,
            $"recur lm train: {sentence} See 'recur lm train --help'.");
        Assert.Empty(folder.Files());
    }

    private static JsonElement Json(params string[] args)
    {
        CliResult result = CliRunner.Run([.. args, "--json"]);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        return JsonDocument.Parse(result.Out).RootElement;
    }

    /// <summary>One model for all tests.</summary>
    public sealed class Trained : IDisposable
    {
        internal TemporaryFolder Folder { get; } = new();

        internal CliResult Result { get; }

        public Trained()
        {
            File.WriteAllText(Folder["t.txt"], Text);
            Result = CliRunner.Run(["lm", "train", Folder["t.txt"], "-o", Folder["m.safetensors"], .. Tiny]);
        }

        public void Dispose() => Folder.Dispose();
    }
}
