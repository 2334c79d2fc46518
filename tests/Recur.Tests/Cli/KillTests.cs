using System.Diagnostics;
using Recur.Training;

namespace Recur.Tests.Cli;

/// <summary>A training that is killed (SIGKILL) again and again: no half-written file, and in the end the model of an
/// undisturbed run.</summary>
public sealed class KillTests
{
    private const int Kills = 5;
    private const int LongestRunMs = 400; // after the first checkpoint of a run; the whole training takes longer
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public void Fit_KilledAtRandomMoments_ResumesToTheSameModelBitForBit()
    {
        using var folder = new TemporaryFolder();
        IEnumerable<string> rows = Enumerable.Range(0, 120).Select(i => $"{Math.Sin(i * 0.5) + i % 7}\n");
        File.WriteAllText(folder["series.csv"], "y\n" + string.Concat(rows));
        string[] model = ["--steps", "400", "--hidden", "6", "--members", "1", "--season", "7"];
        string[] fit = ["fit", "series.csv", .. model, "--threads", "1", "-q"];
        Assert.Equal(new CliResult(0, "", ""), CliRunner.RunProcess(folder.Path, [.. fit, "-o", "undisturbed"]));
        string[] resumed = [.. fit, "-o", "model", "--checkpoint", "state", "--checkpoint-every", "1", "--resume"];
        var random = new Random(1);
        int killed = 0;
        long lastStep = 0;

        for (int i = 0; i < Kills; i++)
        {
            DateTime before = File.GetLastWriteTimeUtc(folder["state"]);
            using Process process = CliRunner.Start(folder.Path, resumed);
            var clock = Stopwatch.StartNew();
            while (!process.HasExited && clock.Elapsed < Patience
                && File.GetLastWriteTimeUtc(folder["state"]) == before)
                Thread.Sleep(2);
            Thread.Sleep(random.Next(LongestRunMs));
            if (!process.HasExited) killed++;
            process.Kill();
            process.WaitForExit();

            Checkpoint state = Checkpoint.Load(folder["state"]); // throws when it is half written
            Assert.True(state.Step >= lastStep, $"step {state.Step} after step {lastStep}");
            lastStep = state.Step;
            if (File.Exists(folder["model"]))
                Assert.Equal(File.ReadAllBytes(folder["undisturbed"]), File.ReadAllBytes(folder["model"]));
        }

        CliResult last = CliRunner.RunProcess(folder.Path, resumed);

        Assert.Equal(0, last.ExitCode);
        Assert.True(killed > 0, "no run was killed: the training is too short");
        Assert.Equal(File.ReadAllBytes(folder["undisturbed"]), File.ReadAllBytes(folder["model"]));
        Assert.Equal(["model", "series.csv", "state", "undisturbed"], folder.Files());
    }
}
