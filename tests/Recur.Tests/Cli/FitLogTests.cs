using System.Text.Json;
using Recur.Cli;
using Recur.Tests.Training;

namespace Recur.Tests.Cli;

/// <summary><c>recur fit --log</c>.</summary>
[Collection(AloneCollection.Name)]
public sealed class FitLogTests
{
    private static readonly string[] Small = ["--steps", "20", "--hidden", "4", "--members", "1"];
    private static readonly string Waves =
        "waves\n" + string.Concat(Enumerable.Range(0, 96).Select(i => $"{Math.Round(100 + 10 * Math.Sin(i * 0.5), 3)}\n"));

    [Theory]
    [InlineData("run.jsonl", false)]
    [InlineData("run.jsonl", true)]
    [InlineData("runs", false)]
    [InlineData("runs", true)] // a terminal: with the progress bar
    public void Fit_WithLog_WritesEveryStepAndTheSameModel(string log, bool withBar)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["waves.csv"], Waves);
        Assert.Equal(0, CliRunner.Run(["fit", folder["waves.csv"], "-o", folder["plain"], .. Small]).ExitCode);
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };

        int code = Tool.Run(
            ["fit", folder["waves.csv"], "-o", folder["logged"], "--log", folder[log], .. Small],
            new ToolStreams(output, error, OutIsTerminal: false, ErrorIsTerminal: withBar), CancellationToken.None);

        Assert.Equal(0, code);
        Assert.Contains($"log       {folder[log]}\n", output.ToString());
        Assert.Equal(File.ReadAllBytes(folder["plain"]), File.ReadAllBytes(folder["logged"]));
        if (log == "runs")
        {
            List<EventFile.Event> events = EventFile.Read(Assert.Single(Directory.GetFiles(folder[log])));
            Assert.Equal(
                Enumerable.Range(1, 20).Select(i => (long)i),
                events.Where(e => e.Values.Any(v => v.Tag == "loss")).Select(e => e.Step));
            Assert.Contains(events, e => e.Step == 1 && e.Values.Any(v => v.Histogram is not null));
        }
        else
        {
            JsonElement[] lines = [.. File.ReadAllLines(folder[log]).Select(l => JsonDocument.Parse(l).RootElement)];
            Assert.Equal(
                Enumerable.Range(1, 20), lines.Where(l => l.TryGetProperty("loss", out _)).Select(l => l.Int("step")));
        }
    }

    [Fact]
    public void Fit_LogOverAnotherFile_IsRefused()
    {
        using var folder = new TemporaryFolder();
        string csv = folder["waves.csv"];
        File.WriteAllText(csv, Waves);
        CliRunner.AssertFails(
            CliRunner.Run("fit", csv, "-o", folder["m"], "--log", csv), 2,
            $"recur fit: the output {csv} would replace the input. See 'recur fit --help'.");
        CliRunner.AssertFails(
            CliRunner.Run("fit", csv, "-o", folder["m"], "--log", folder["m"]), 2,
            $"recur fit: two outputs have the same name {folder["m"]}. See 'recur fit --help'.");
        File.WriteAllText(folder["file"], "");
        CliRunner.AssertFails(
            CliRunner.Run("fit", csv, "-o", folder["m"], "--log", folder["file"]), 1,
            $"recur fit: {folder["file"]}: is a file, not a folder.");
    }
}
