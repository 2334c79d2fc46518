using System.Text.Json;

namespace Recur.Tests.Cli;

/// <summary><c>recur sine</c>. The tool seeds Rng.Default, so nothing may draw from it meanwhile.</summary>
[Collection(AloneCollection.Name)]
public sealed class SineCommandTests
{
    private const double GoodFreeRun = 0.05;      // the issue's bound for every start
    private const double TutorialLoss = 0.002;    // the level of the tutorial's last printed losses
    private static readonly byte[] PngSignature = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void Sine_Default_FreeRunFollowsTheSineFromEveryStart(int seed)
    {
        using var folder = new TemporaryFolder();
        string png = folder["sine.png"];

        CliResult result = CliRunner.Run("sine", "--seed", $"{seed}", "--json", "-o", png);

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        JsonElement json = JsonDocument.Parse(result.Out).RootElement;
        Assert.All(json.GetProperty("free_run_mse").EnumerateArray(), e => Assert.InRange(e.GetDouble(), 0, GoodFreeRun));
        Assert.Equal(3, json.GetProperty("free_run_mse").GetArrayLength());
        Assert.InRange(json.GetProperty("loss").GetDouble(), 0, TutorialLoss);
        Assert.Equal(0, json.GetProperty("bytes_per_iteration").GetDouble());
        Assert.Equal(PngSignature, File.ReadAllBytes(png)[..8]);
        Assert.Equal(["sine.png"], folder.Files());
    }

    [Fact]
    public void Sine_Carry_LearnsTheStepsAndPrintsEveryHundredthLoss()
    {
        using var folder = new TemporaryFolder();

        CliResult result = CliRunner.Run("sine", "--state", "carry", "--start", "1", "-o", folder["carry.png"]);

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        string[] lines = result.Out.TrimEnd().Split('\n');
        Assert.Equal(60, lines.Count(l => l.StartsWith("iteration:", StringComparison.Ordinal)));
        Assert.StartsWith("iteration:0 loss:0.", lines[0]);
        Assert.StartsWith("iteration:5900 loss:0.00", lines[59]);
        Assert.Equal($"wrote {folder["carry.png"]} (free run from sin(1))", lines[^1]);
    }

    [Fact]
    public void Sine_SameSeed_GivesTheSameLossesForAnyNumberOfThreads()
    {
        using var folder = new TemporaryFolder();
        string[] args = ["sine", "--iterations", "150", "--seed", "5", "-o", folder["a.png"]];

        string one = Losses(CliRunner.Run([.. args, "--threads", "1"]));
        string two = Losses(CliRunner.Run([.. args, "--threads", "2"]));

        Assert.Equal(one, two);

        static string Losses(CliResult result) => result.Out[..result.Out.IndexOf("150 iterations", StringComparison.Ordinal)];
    }

    [Fact]
    public void Sine_Quiet_PrintsNothing()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(new CliResult(0, "", ""), CliRunner.Run("sine", "--iterations", "1", "-q", "-o", folder["a.png"]));
    }

    [Fact]
    public void Sine_Interrupted_WritesNothing()
    {
        using var folder = new TemporaryFolder();

        CliResult result = CliRunner.Run(new CancellationToken(canceled: true), "sine", "-o", folder["a.png"]);

        CliRunner.AssertFails(result, 130, "recur sine: interrupted.");
        Assert.Empty(folder.Files());
    }

    [Fact]
    public void Sine_OutputFolderMissing_FailsBeforeTheWork()
    {
        using var folder = new TemporaryFolder();
        string png = Path.Combine(folder["none"], "a.png");
        CliRunner.AssertFails(CliRunner.Run("sine", "-o", png), 1, $"recur sine: {png}: the folder {folder["none"]} does not exist.");
    }

    [Fact]
    public void Sine_OutputIsAFolder_FailsBeforeTheWork()
    {
        using var folder = new TemporaryFolder();
        CliRunner.AssertFails(CliRunner.Run("sine", "-o", folder.Path), 1, $"recur sine: {folder.Path}: is a directory, not a file.");
    }
}
