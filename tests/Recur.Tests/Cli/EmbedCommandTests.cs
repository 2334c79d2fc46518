using System.Text.Json;
using Recur.Text;

namespace Recur.Tests.Cli;

public sealed class EmbedCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    // Words of two topics that never meet.
    private string Corpus()
    {
        var random = new Random(1);
        string[][] topics = [["cat", "dog", "horse", "goat"], ["red", "green", "blue", "grey"]];
        File.WriteAllLines(folder["corpus.txt"], Enumerable.Range(0, 400).Select(i =>
            string.Join(' ', Enumerable.Range(0, 8).Select(_ => topics[i % 2][random.Next(4)]))));
        return folder["corpus.txt"];
    }

    private string Vectors(string name = "v.txt")
    {
        new WordVectors(
            ["man", "king", "woman", "queen", "Rome"], [1, 0, 0, 1, 0, 1, 0, 1, 0, -0.3f, 1, 0.7f, 0, -1, 0.1f], 3)
            .Save(folder[name]);
        return folder[name];
    }

    private static JsonElement Json(CliResult result)
    {
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        return JsonDocument.Parse(result.Out).RootElement;
    }

    [Theory]
    [InlineData("skip-gram", "v.txt")]
    [InlineData("cbow", "v.bin")]
    [InlineData("glove", "v.safetensors")]
    public void Train_TwoTopics_NearestAreOfTheSame(string model, string file)
    {
        string[] command =
        [
            "embed", "train", Corpus(), "-o", folder[file], "--model", model, "--size", "12", "--window", "3", "--epochs",
            "20", "--sample", "0", "--x-max", "10", "--threads", "1", "--json",
        ];
        JsonElement json = Json(CliRunner.Run(command));
        Assert.Equal((3200, 8, 12), (
            json.GetProperty("tokens").GetInt32(), json.GetProperty("words").GetInt32(), json.GetProperty("size").GetInt32()));
        JsonElement losses = json.GetProperty("losses");
        Assert.Equal(20, losses.GetArrayLength());
        Assert.True(losses[19].GetDouble() < losses[0].GetDouble());
        byte[] first = File.ReadAllBytes(folder[file]);
        _ = Json(CliRunner.Run(command));
        Assert.Equal(first, File.ReadAllBytes(folder[file]));

        JsonElement near = Json(CliRunner.Run("embed", "nearest", folder[file], "cat", "-n", "3", "--json")).GetProperty("nearest");
        Assert.Equal(
            ["dog", "goat", "horse"],
            near.EnumerateArray().Select(n => n.GetProperty("word").GetString()!).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("skip-gram")]
    [InlineData("glove")]
    public void Train_InterruptedAndResumed_IsTheSame(string model)
    {
        string[] command =
        [
            "embed", "train", Corpus(), "--model", model, "--size", "8", "--epochs", "6", "--threads", "1", "--quiet",
        ];
        Assert.Equal(0, CliRunner.Run([.. command, "-o", folder["whole.txt"]]).ExitCode);
        using var source = new CancellationTokenSource();
        // The checkpoint appears after the first epoch; then the run is stopped.
        using var watcher = new FileSystemWatcher(folder.Path, "c.ck");
        watcher.Created += (_, _) => source.Cancel();
        watcher.Renamed += (_, _) => source.Cancel();
        watcher.EnableRaisingEvents = true;
        string[] checkpointed = [.. command, "-o", folder["part.txt"], "--checkpoint", folder["c.ck"]];
        CliResult result = CliRunner.Run(source.Token, checkpointed);
        if (result.ExitCode != 0) Assert.Equal((130, false), (result.ExitCode, File.Exists(folder["part.txt"])));
        Assert.True(File.Exists(folder["c.ck"]));
        Assert.Equal(0, CliRunner.Run([.. checkpointed, "--resume"]).ExitCode);
        Assert.Equal(File.ReadAllText(folder["whole.txt"]), File.ReadAllText(folder["part.txt"]));
    }

    [Fact]
    public void Train_FailsWithACheckpointAtHand_LeavesIt()
    {
        File.WriteAllText(folder["c.ck"], "somebody's");
        File.WriteAllText(folder["empty"], "");
        string[] command = ["embed", "train", folder["empty"], "-o", folder["v.txt"], "--checkpoint", folder["c.ck"]];
        Assert.Equal(1, CliRunner.Run(command).ExitCode);
        Assert.Equal("somebody's", File.ReadAllText(folder["c.ck"]));
        CliResult result = CliRunner.Run(
            "embed", "train", Corpus(), "-o", folder["v.txt"], "--checkpoint", folder["d.ck"], "--resume", "--epochs", "1");
        Assert.StartsWith(
            $"{folder["d.ck"]}: there is no checkpoint yet, so training starts from the beginning.\n", result.Error);
        Assert.Equal(["c.ck", "corpus.txt", "d.ck", "empty", "v.txt"], folder.Files());
    }

    [Fact]
    public void Train_Phrases_JoinsWords()
    {
        File.WriteAllLines(folder["c.txt"],
        [
            .. Enumerable.Repeat("new york is big", 30), .. Enumerable.Repeat("is a york", 9),
            .. Enumerable.Range(0, 400).Select(i => $"rare{i} word{i}"),
        ]);
        _ = Json(CliRunner.Run(
            "embed", "train", folder["c.txt"], "-o", folder["v.txt"], "--phrases", "1", "--epochs", "1", "--json"));
        Assert.Contains("new_york", WordVectors.Load(folder["v.txt"]).Words);
    }

    [Fact]
    public void NearestAndAnalogy_Words_AreShownWithTheirSimilarity()
    {
        string[] lines = CliRunner.Run("embed", "analogy", Vectors(), "man", "king", "woman", "-n", "1").Out.Split('\n');
        Assert.Equal("queen 1.0000", string.Join(' ', lines[2].Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        CliResult sum = CliRunner.Run("embed", "nearest", Vectors(), "king", "woman", "--minus", "man", "-n", "1");
        Assert.Equal(string.Join('\n', lines), sum.Out);
        JsonElement among = Json(CliRunner.Run("embed", "nearest", Vectors(), "king", "--among", "3", "--json"));
        Assert.Equal(2, among.GetProperty("nearest").GetArrayLength());
    }

    [Fact]
    public void Evaluate_PairsAndAnalogies_AreTheLibrarysFigures()
    {
        File.WriteAllText(folder["pairs.tsv"], "man\tking\t9\nking\tqueen\t7\nRome\tman\t1\nnobody\tman\t5\n");
        File.WriteAllText(folder["q.txt"], ": family\nman king woman queen\nking man queen rome\n");
        JsonElement json = Json(CliRunner.Run(
            "embed", "evaluate", Vectors(), "--pairs", folder["pairs.tsv"], "--analogies", folder["q.txt"], "--json"));
        WordPairScore expected = WordVectors.Load(folder["v.txt"]).EvaluatePairs(TextSource.FromFile(folder["pairs.tsv"]));
        JsonElement pairs = json.GetProperty("pairs")[0];
        Assert.Equal(expected.Spearman, pairs.GetProperty("spearman").GetDouble());
        Assert.Equal((4, 1), (pairs.GetProperty("pairs").GetInt32(), pairs.GetProperty("unknown").GetInt32()));
        JsonElement total = json.GetProperty("analogies")[0].GetProperty("sections")[1];
        Assert.Equal(("total", 1, 2), (
            total.GetProperty("name").GetString(), total.GetProperty("correct").GetInt32(), total.GetProperty("asked").GetInt32()));
        Assert.Contains("25.00 %", CliRunner.Run("embed", "evaluate", Vectors(), "--pairs", folder["pairs.tsv"]).Out);
    }

    [Fact]
    public void Convert_EveryFormatInTurn_ComesBackTheSame()
    {
        string from = Vectors("a.bin");
        foreach (string to in (string[])["b.txt", "c.safetensors", "d.glove", "e.npz", "f.bin"])
        {
            Assert.Equal(0, CliRunner.Run("embed", "convert", from, folder[to]).ExitCode);
            from = folder[to];
        }

        Assert.Equal(File.ReadAllBytes(folder["a.bin"]), File.ReadAllBytes(folder["f.bin"]));
        Assert.Equal(0, CliRunner.Run("embed", "convert", from, folder["odd"], "--format", "text", "--max-words", "2").ExitCode);
        Assert.Equal("2 3\nman 1.0 0.0 0.0\nking 1.0 0.0 1.0\n", File.ReadAllText(folder["odd"]));
    }

    [Fact]
    public void Plot_Words_WritesAPicture()
    {
        JsonElement json = Json(CliRunner.Run(
            "embed", "plot", Vectors(), "man", "king", "--near", "2", "-o", folder["w.png"], "--json"));
        Assert.InRange(json.GetProperty("words").GetArrayLength(), 3, 5);
        Assert.Equal([0x89, .. "PNG"u8], File.ReadAllBytes(folder["w.png"])[..4]);
    }

    [Fact]
    public void Inspect_WordVectors_SaysWordsAndSize()
    {
        CliResult result = CliRunner.Run("inspect", Vectors());
        Assert.Equal(
            $"word vectors (text): 5 words, 3 numbers each\nfirst words: man, king, woman, queen, Rome\n"
            + $"{new FileInfo(folder["v.txt"]).Length} bytes in {folder["v.txt"]}\n", result.Out);
        Assert.Equal(
            "word-vectors-binary", Json(CliRunner.Run("inspect", Vectors("v.bin"), "--json")).GetProperty("format").GetString());
    }

    // ---- What is refused -----------------------------------------------------------------------------------------

    [Fact]
    public void Embed_WrongUsage_IsOneSentence()
    {
        void Usage(string message, params string[] args)
        {
            CliResult result = CliRunner.Run(["embed", .. args]);
            Assert.Equal((2, ""), (result.ExitCode, result.Out));
            Assert.Equal($"recur embed {message} See 'recur embed {args[0]} --help'.\n", result.Error);
        }

        string v = Vectors();
        Usage("train: there is no option --bogus.", "train", Corpus(), "--bogus");
        Usage("train: --resume needs --checkpoint, which names the file to go on from.", "train", Corpus(), "--resume");
        Usage(
            "train: x.doc: the extension must be .txt, .vec, .bin, .glove, .safetensors or .npz, or the format be given.",
            "train", Corpus(), "-o", "x.doc");
        Usage("train: --size must be in 1..65536 but was 0.", "train", Corpus(), "--size", "0");
        Usage("train: --window must be in 1..1000 but was 0.", "train", Corpus(), "--window", "0");
        Usage("train: --epochs must be at least 1 but was 0.", "train", Corpus(), "--epochs", "0");
        Usage("train: --x-max must be greater than 0 but was NaN.", "train", Corpus(), "--x-max", "NaN");
        Usage("train: --learning-rate must be greater than 0 but was -1.", "train", Corpus(), "--learning-rate", "-1");
        Usage(
            "train: --negative must be at least 1, or --hs be given, otherwise nothing is learnt.", "train", Corpus(),
            "--negative", "0");
        Usage("evaluate: --pairs or --analogies must name a file to evaluate with.", "evaluate", v);
        Usage("nearest: --count must be at least 1 but was 0.", "nearest", v, "man", "-n", "0");
        Usage("plot: there must be 3 to 1000 words to draw but there are 2.", "plot", v, "man", "king", "-o", folder["w.png"]);
        Usage($"convert: the output {v} would replace the input.", "convert", v, v);
        Usage(
            "convert: --format must be text, binary, glove, safetensors, npz but was \"doc\".", "convert", v, folder["x"],
            "--format", "doc");
        Assert.DoesNotContain("w.png", folder.Files());
    }

    [Fact]
    public void Embed_HostileInput_IsOneSentenceAndNothingIsWritten()
    {
        void Fails(string message, params string[] args)
        {
            CliResult result = CliRunner.Run(["embed", .. args]);
            Assert.Equal((1, ""), (result.ExitCode, result.Out));
            Assert.EndsWith($"{message}\n", result.Error);
            Assert.Single(result.Error.TrimEnd('\n').Split('\n'));
        }

        string Write(string name, byte[] content)
        {
            File.WriteAllBytes(folder[name], content);
            return folder[name];
        }

        string v = Vectors(), o = folder["out.txt"];
        Fails(
            "WordVectors: the word \"nobody\" is not among the 5 words.", "nearest", v, "nobody");
        foreach (string model in (string[])["skip-gram", "cbow", "glove"])
        {
            Fails("Options.MinCount) but has none.", "train", Write("empty", []), "-o", o, "--model", model);
            Fails("Options.MinCount) but has none.", "train", Write("one", [.. "word"u8]), "-o", o, "--model", model);
            Fails(
                " or more.", "train", Write("long", [.. Enumerable.Repeat((byte)'x', 1 << 20)]), "-o", o, "--model", model);
            Fails("0xFF, does not belong to a character.", "train", Write("bad", [.. "a b\nc "u8, 0xFF]), "-o", o, "--model", model);
        }

        Fails("the file does not exist.", "train", folder["none"], "-o", o);
        Fails("must have word vectors but is empty.", "nearest", folder["empty"], "a");
        Fails("promises 2 words but 1 lines follow.", "nearest", Write("short", [.. "2 1\nabcdefgh 1\n"u8]), "a");
        Fails("number 1 is \"nan\".", "convert", Write("nan", [.. "a nan\n"u8]), o);
        Fails("four words but is \"a b\".", "evaluate", v, "--analogies", Write("q", [.. ": x\na b\n"u8]));
        Assert.DoesNotContain("out.txt", folder.Files());
    }
}
