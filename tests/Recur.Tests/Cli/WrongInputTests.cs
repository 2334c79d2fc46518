using System.Text;

namespace Recur.Tests.Cli;

/// <summary>Wrong input: one sentence that names the file, line, column or option, exit code 1 or 2, and no file left
/// behind.</summary>
[Collection(AloneCollection.Name)]
public sealed class WrongInputTests
{
    private const string Four = "date,value\n2020-01-01,1\n2020-01-02,2\n2020-01-03,3\n2020-01-04,4\n";
    private static readonly string Sixty = "value\n"
        + string.Concat(Enumerable.Range(0, 60).Select(i => $"{Math.Sin(i)}\n"));
    private static readonly string Constant = "value\n" + string.Concat(Enumerable.Repeat("7\n", 60));

    /// <summary>The content of series.csv, further options, and what the error says after the verb; {0} is the file's
    /// path.</summary>
    public static TheoryData<string, string, string> Series => new()
    {
        { "", "", "{0}: the file is empty." },
        { "date,value\n", "", "{0}: there are no rows below the header." },
        { Four + "2020-01-05,n/a\n", "",
            "{0}, line 6, column \"value\": \"n/a\" is not a number. Use --missing to choose what to do." },
        { Four + "2020-01-05,abc\n", "",
            "{0}, line 6, column \"value\": \"abc\" is not a number. Use --missing to choose what to do." },
        { Four + "2020-01-05,NaN\n", "",
            "{0}, line 6, column \"value\": \"NaN\" is not a number. Use --missing to choose what to do." },
        { Four + "2020-01-05,\n", "",
            "{0}, line 6, column \"value\": the value is missing. Use --missing to choose what to do." },
        { Four + "2020-01-05\n", "", "{0}, line 6: 2 fields were expected but there is 1." },
        { Four + "2020-01-03,5\n", "",
            "{0}, line 6, column \"date\": 2020-01-03 comes after 2020-01-04; the dates must rise. "
            + "Sort the file first." },
        { "date,value\n2020-01-01,1\n", "",
            "{0}, column \"value\": there is only 1 value; a series needs at least 2." },
        { "a,b,c\n1,2,3\n4,5,6\n", "", "{0}: 3 columns hold numbers (\"a\", \"b\", \"c\"); name one with --column." },
        { Four, "--column price", "{0}: there is no column \"price\"; the columns are \"date\", \"value\"." },
    };

    [Theory]
    [MemberData(nameof(Series))]
    public void Fit_WrongSeries_NamesThePlaceAndLeavesNothing(string content, string options, string sentence)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["series.csv"], content);

        CliResult fit = CliRunner.Run(["fit", folder["series.csv"], "-o", folder["m.safetensors"], .. Split(options)]);
        CliResult forecast =
            CliRunner.Run(["forecast", folder["series.csv"], "-o", folder["f.csv"], .. Split(options)]);

        string expected = string.Format(sentence, folder["series.csv"]);
        CliRunner.AssertFails(fit, 1, $"recur fit: {expected}");
        CliRunner.AssertFails(forecast, 1, $"recur forecast: {expected}");
        Assert.Equal(["series.csv"], folder.Files());
    }

    [Fact]
    public void Fit_ConstantSeries_SaysThatThereIsNothingToLearn()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["series.csv"], Constant);

        string[][] verbs = [["fit", "-o", folder["m.safetensors"]], ["forecast", "-o", folder["f.csv"]]];
        foreach (string[] verb in verbs)
        {
            CliResult result = CliRunner.Run([.. verb, folder["series.csv"]]);
            Assert.Equal(1, result.ExitCode);
            Assert.Equal($"recur {verb[0]}: Forecaster: \"value\" is constant (every value is 7), so there is "
                + "nothing to learn; its forecast is 7.\n", result.Error);
        }

        Assert.Equal(["series.csv"], folder.Files());
    }

    [Fact]
    public void Fit_ShortSeries_SaysHowManyValuesAreNeeded()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["series.csv"], Four);

        CliResult result = CliRunner.Run("fit", folder["series.csv"], "-o", folder["m.safetensors"]);

        Assert.Equal(1, result.ExitCode);
        Assert.Equal(
            "recur fit: Forecaster: at least 10 values are needed to learn from but \"value\" has 4.\n", result.Error);
        Assert.Equal(["series.csv"], folder.Files());
    }

    [Theory]
    [InlineData("fit", "no.csv", "no.csv: the file does not exist.")]
    [InlineData("forecast", "no.csv", "no.csv: the file does not exist.")]
    [InlineData("forecast", "no.safetensors", "no.safetensors: the file does not exist.")]
    public void Run_MissingFile_SaysSo(string verb, string file, string sentence)
    {
        using var folder = new TemporaryFolder();
        CliResult result = CliRunner.Run(verb, folder[file], "-o", folder["out"]);
        CliRunner.AssertFails(result, 1, $"recur {verb}: {folder.Path}/{sentence}");
        Assert.Empty(folder.Files());
    }

    [Fact]
    public void Forecast_CorruptModels_AreRefusedInOneSentence()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["series.csv"], Sixty);
        string model = folder["m.safetensors"];
        Assert.Equal(0, CliRunner.Run("fit", folder["series.csv"], "-o", model, "--steps", "2", "-q").ExitCode);
        byte[] good = File.ReadAllBytes(model);
        byte[] header = [.. good];
        header[20] ^= 0x55;
        (byte[] Bytes, string Why)[] bad =
        [
            ([], "empty"),
            (good[..5], "no header length"),
            (good[..100], "cut in the header"),
            (good[..^1], "cut in the data"),
            ([.. good, 0], "too long"),
            (header, "a wrong byte in the header"),
            (Encoding.UTF8.GetBytes("date,value\n1,2\n"), "a CSV"),
        ];

        foreach ((byte[] bytes, string why) in bad)
        {
            File.WriteAllBytes(model, bytes);
            CliResult result = CliRunner.Run("forecast", model, "-o", folder["f.csv"]);
            Assert.True(result.ExitCode == 1, why);
            Assert.Equal("", result.Out);
            Assert.Matches(@"^recur forecast: [^\n]*m\.safetensors: [^\n]+\.\n$", result.Error);
            Assert.DoesNotContain("internal error", result.Error, StringComparison.Ordinal);
            Assert.Equal(["m.safetensors", "series.csv"], folder.Files());
        }
    }

    [Fact]
    public void Forecast_SafetensorsThatIsNoForecaster_SaysSo()
    {
        using var folder = new TemporaryFolder();
        Recur.IO.Safetensors.Save(
            folder["m.safetensors"], new OrderedDictionary<string, Tensor> { ["w"] = Tensor.Zeros([2]) });

        CliResult result = CliRunner.Run("forecast", folder["m.safetensors"], "-o", folder["f.csv"]);

        Assert.Equal(1, result.ExitCode);
        Assert.Matches(@"^recur forecast: m\.safetensors: [^\n]+\.\n$", result.Error);
        Assert.Equal(["m.safetensors"], folder.Files());
    }

    [Theory]
    [InlineData("fit", "--resume", "--resume needs --checkpoint, which names the file to go on from.")]
    [InlineData("fit", "--cell elman", "--cell must be rnn, gru or lstm but was \"elman\".")]
    [InlineData("forecast", "--cell 2", "--cell must be rnn, gru or lstm but was \"2\".")]
    [InlineData("fit", "--missing skip", "--missing must be error, interpolate, forward or drop but was \"skip\".")]
    [InlineData("fit", "--delimiter ab", "--delimiter must be one character or tab but was \"ab\".")]
    [InlineData("fit", "--learning-rate 0", "--learning-rate must be greater than 0 and at most 1 but was 0.")]
    [InlineData("fit", "--learning-rate fast", "--learning-rate must be a number but was \"fast\".")]
    [InlineData("fit", "--hidden 0", "--hidden must be in 1..4096 but was 0.")]
    [InlineData("fit", "--transform exp", "--transform must be auto, none, sqrt or log but was \"exp\".")]
    [InlineData("forecast", "--horizon 0", "--horizon must be in 1..100000 but was 0.")]
    [InlineData("forecast", "--horizon 1 --history a.csv", "--history is for a model file; a CSV is its own history.")]
    public void Run_WrongOptions_AreWrongUsage(string verb, string options, string sentence)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["series.csv"], Sixty);
        CliResult result = CliRunner.Run([verb, folder["series.csv"], "-o", folder["out"], .. Split(options)]);
        CliRunner.AssertFails(result, 2, $"recur {verb}: {sentence} See 'recur {verb} --help'.");
        Assert.Equal(["series.csv"], folder.Files());
    }

    [Fact]
    public void Forecast_TrainingOptionsWithAModel_AreWrongUsage()
    {
        using var folder = new TemporaryFolder();
        CliRunner.AssertFails(CliRunner.Run("forecast", folder["m.safetensors"], "--hidden", "8"), 2,
            "recur forecast: --hidden has no effect on a model file, which is trained already. "
            + "See 'recur forecast --help'.");
    }

    [Fact]
    public void Run_OutputThatWouldReplaceTheInput_IsWrongUsage()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["series.csv"], Sixty);
        CliRunner.AssertFails(CliRunner.Run("forecast", folder["series.csv"], "-o", folder["series.csv"]), 2,
            $"recur forecast: the output {folder["series.csv"]} would replace the input. See 'recur forecast --help'.");
        Assert.Equal(Sixty, File.ReadAllText(folder["series.csv"]));
    }

    [Fact]
    public void Run_OutputFolderMissing_FailsBeforeTheTraining()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["series.csv"], Sixty);
        string target = Path.Combine(folder["none"], "x");
        foreach (string verb in (string[])["fit", "forecast"])
            CliRunner.AssertFails(CliRunner.Run(verb, folder["series.csv"], "-o", target), 1,
                $"recur {verb}: {target}: the folder {folder["none"]} does not exist.");
    }

    [Fact]
    public void Run_AsAProcess_SaysOneSentenceAndReturnsTheCode()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["series.csv"], Four + "2020-01-05,abc\n");

        CliResult work = CliRunner.RunProcess(folder.Path, "fit", "series.csv");
        CliResult usage = CliRunner.RunProcess(folder.Path, "fit", "series.csv", "--frobnicate");

        CliRunner.AssertFails(work, 1, "recur fit: series.csv, line 6, column \"value\": \"abc\" is not a number. "
            + "Use --missing to choose what to do.");
        CliRunner.AssertFails(usage, 2, "recur fit: there is no option --frobnicate. See 'recur fit --help'.");
        Assert.Equal(["series.csv"], folder.Files());
    }

    [Theory]
    [InlineData("RECUR_ISA", "1024", "RECUR_ISA must be scalar, 128, 256 or 512 but was \"1024\".")]
    [InlineData("RECUR_THREADS", "two", "RECUR_THREADS must be a number in 1..256 but was \"two\".")]
    public void Info_WrongVariable_SaysOneSentence(string variable, string value, string sentence)
    {
        using var folder = new TemporaryFolder();
        CliResult result = CliRunner.RunProcess(
            folder.Path, new Dictionary<string, string> { [variable] = value }, "info");
        CliRunner.AssertFails(result, 1, $"recur info: {sentence}");
    }

    private static string[] Split(string options) => options.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
