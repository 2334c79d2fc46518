using System.Text.Json;
using Recur.Forecasting;

namespace Recur.Tests.Cli;

/// <summary><c>recur fit</c> and <c>recur forecast</c> over the same library calls a program would make.</summary>
[Collection(AloneCollection.Name)]
public sealed class ForecastCommandTests
{
    private static readonly string[] Small = ["--steps", "20", "--hidden", "4", "--members", "1"];
    private static readonly string Waves = "month,waves\n" + string.Concat(
        Enumerable.Range(0, 96).Select(i =>
            $"{2000 + i / 12}-{i % 12 + 1:00},{Math.Round(100 + 10 * Math.Sin(2 * Math.PI * i / 12), 3)}\n"));

    [Theory]
    [InlineData("rnn")]
    [InlineData("gru")]
    [InlineData("lstm")]
    public void Fit_ThenForecast_GivesWhatTheLibraryGives(string cell)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["waves.csv"], Waves);
        string model = folder["m.safetensors"];

        string[] fit = ["fit", folder["waves.csv"], "-o", model, "--cell", cell, "--seed", "3", .. Small];
        Assert.Equal(0, CliRunner.Run(fit).ExitCode);
        CliResult result = CliRunner.Run("forecast", model, "--horizon", "3", "-o", folder["f.csv"], "--json");

        TimeSeries expected = Forecaster.Load(model).Predict(3);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        string[] lines = File.ReadAllLines(folder["f.csv"]);
        Assert.Equal("date,waves", lines[0]);
        Assert.Equal(["2008-01", "2008-02", "2008-03"], lines[1..].Select(l => l.Split(',')[0]));
        Assert.Equal(
            expected.Values.ToArray().Select(v => (float)v), lines[1..].Select(l => float.Parse(l.Split(',')[1])));
        JsonElement json = JsonDocument.Parse(result.Out).RootElement;
        Assert.Equal(cell, json.GetProperty("cell").GetString());
        Assert.Equal((float)expected[2], json.GetProperty("forecast")[2].GetProperty("value").GetSingle());
        Assert.Equal(["f.csv", "f.png", "m.safetensors", "waves.csv"], folder.Files());
    }

    [Fact]
    public void Forecast_NewerHistory_ContinuesIt()
    {
        using var folder = new TemporaryFolder();
        string[] lines = Waves.TrimEnd().Split('\n');
        File.WriteAllLines(folder["old.csv"], lines[..^6]);
        File.WriteAllLines(folder["new.csv"], lines);
        Assert.Equal(0, CliRunner.Run(["fit", folder["old.csv"], "-o", folder["m.safetensors"], .. Small]).ExitCode);

        CliResult result = CliRunner.Run(
            "forecast", folder["m.safetensors"], "--history", folder["new.csv"], "--horizon", "2",
            "-o", folder["f.csv"], "--plot", "none");

        Assert.Equal(0, result.ExitCode);
        Assert.StartsWith("2008-01,", File.ReadAllLines(folder["f.csv"])[1]);
        Assert.False(File.Exists(folder["f.png"]));
    }

    [Theory]
    [InlineData("rnn")]
    [InlineData("gru")]
    [InlineData("lstm")]
    public void Forecast_Csv_PrintsTheHoldOutTableOfTheLibrary(string cell)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["waves.csv"], Waves);
        string[] args =
            ["forecast", folder["waves.csv"], "--horizon", "6", "--cell", cell, "-o", folder["f.csv"], .. Small];

        CliResult people = CliRunner.Run(args);
        JsonElement json = JsonDocument.Parse(CliRunner.Run([.. args, "--json"]).Out).RootElement;

        Assert.Equal(0, people.ExitCode);
        string first = "hold-out  the last 6 values, 2007-07 to 2007-12, unseen in training:\n";
        Assert.Contains(first, people.Out, StringComparison.Ordinal);
        string[] methods =
            [.. json.GetProperty("scores").EnumerateArray().Select(s => s.GetProperty("method").GetString()!)];
        Assert.Equal([cell, "naive", "seasonal naive"], methods);
        Assert.All(methods, m => Assert.Contains($"\n  {m} ", people.Out, StringComparison.Ordinal));
        Assert.Equal(6, json.GetProperty("forecast").GetArrayLength());
        // Naive: the last known value is sin(330 degrees) below the mean; closed form.
        TimeSeries series = CsvSeries.Read(folder["waves.csv"]);
        (TimeSeries known, TimeSeries held) = series.SplitLast(6);
        double mae = held.Values.ToArray().Average(v => Math.Abs(v - known[^1]));
        Assert.Equal(mae, json.GetProperty("scores")[1].GetProperty("mae").GetDouble(), 1e-9);
    }

    [Fact]
    public void Fit_SameSeed_WritesTheSameFileForAnyNumberOfThreads()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["waves.csv"], Waves);

        Assert.Equal(
            0, CliRunner.Run(["fit", folder["waves.csv"], "-o", folder["1"], "--threads", "1", .. Small]).ExitCode);
        Assert.Equal(
            0, CliRunner.Run(["fit", folder["waves.csv"], "-o", folder["2"], "--threads", "2", .. Small]).ExitCode);

        Assert.Equal(File.ReadAllBytes(folder["1"]), File.ReadAllBytes(folder["2"]));
    }

    [Fact]
    public void Fit_Interrupted_LeavesACheckpointAndNoModel()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["waves.csv"], Waves);
        string[] args = ["fit", folder["waves.csv"], "-o", folder["m"], .. Small];
        Assert.Equal(0, CliRunner.Run(args).ExitCode);
        byte[] whole = File.ReadAllBytes(folder["m"]);
        File.Delete(folder["m"]);

        CliResult result = CliRunner.Run(new CancellationToken(canceled: true), [.. args, "--checkpoint", folder["c"]]);

        Assert.Equal((130, "recur fit: interrupted.\n"), (result.ExitCode, result.Error));
        Assert.Equal(["c", "waves.csv"], folder.Files());
        Assert.Equal(0, CliRunner.Run([.. args, "--checkpoint", folder["c"], "--resume"]).ExitCode);
        Assert.Equal(whole, File.ReadAllBytes(folder["m"]));
    }

    [Fact]
    public void Fit_ResumeFromAnotherTraining_IsRefused()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["waves.csv"], Waves);
        string[] args = ["fit", folder["waves.csv"], "-o", folder["m"], "--checkpoint", folder["c"], .. Small];
        Assert.Equal(0, CliRunner.Run([.. args, "--seed", "1", "-q"]).ExitCode);
        File.Delete(folder["m"]);

        CliResult result = CliRunner.Run([.. args, "--seed", "2", "--resume"]);

        Assert.Equal(1, result.ExitCode);
        string reason = "this checkpoint belongs to a training on another series or with other options.";
        Assert.Equal($"recur fit: {folder["c"]}: {reason}\n", result.Error);
        Assert.False(File.Exists(folder["m"]));
    }
}
