using System.Text.Json;

namespace Recur.Tests.Cli;

/// <summary><c>recur sine</c>. The tool seeds Rng.Default, so nothing may draw from it meanwhile.</summary>
[Collection(AloneCollection.Name)]
public sealed class SineCommandTests
{
    private const double GoodFreeRun = 0.05;      // the issue's bound for every start
    private const double TutorialLoss = 0.002;    // the level of the tutorial's last printed losses
    private const double TorchTolerance = 0.01;   // 6000 updates apart; vector widths differ by 0.0001
    private const double LastDigit = 1e-6;        // losses are printed with six digits
    private static readonly byte[] PngSignature = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    [Theory]
    [InlineData("rnn", 0)]
    [InlineData("rnn", 3)]
    [InlineData("gru", 0)]
    [InlineData("lstm", 0)]
    public void Sine_Default_FreeRunFollowsTheSineFromEveryStart(string cell, int seed)
    {
        using var folder = new TemporaryFolder();
        string png = folder["sine.png"];

        CliResult result = CliRunner.Run("sine", "--cell", cell, "--seed", $"{seed}", "--json", "-o", png);

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        JsonElement json = JsonDocument.Parse(result.Out).RootElement;
        Assert.Equal(cell, json.GetProperty("cell").GetString());
        Assert.All(
            json.GetProperty("free_run_mse").EnumerateArray(), e => Assert.InRange(e.GetDouble(), 0, GoodFreeRun));
        Assert.Equal(3, json.GetProperty("free_run_mse").GetArrayLength());
        Assert.InRange(json.GetProperty("loss").GetDouble(), 0, TutorialLoss);
        Assert.Equal(0, json.GetProperty("bytes_per_iteration").GetDouble());
        Assert.Equal(PngSignature, File.ReadAllBytes(png)[..8]);
        Assert.Equal(["sine.png"], folder.Files());
    }

    [Theory]
    [InlineData("rnn", "Rnn")]
    [InlineData("gru", "Gru")]
    [InlineData("lstm", "Lstm")]
    public void Sine_Carry_PrintsWhatTheTutorialDoesInTorch(string cell, string module)
    {
        using JsonDocument fixture = Fixture.Open("sine_carry.json");
        JsonElement torch = fixture.RootElement.GetProperty("cells").GetProperty(cell);
        using var folder = new TemporaryFolder();

        CliResult result = CliRunner.Run(
            "sine", "--cell", cell, "--state", "carry", "--start", "1", "-o", folder["carry.png"]);

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        string[] lines = result.Out.TrimEnd().Split('\n');
        Assert.Equal(66, lines.Length);
        for (int i = 0; i < 60; i++)
            AssertPrinted(torch.GetProperty("losses")[i], $"iteration:{100 * i} loss:", lines[i]);
        AssertPrinted(torch.GetProperty("last_100"), "mean loss of the last 100 iterations: ", lines[60]);
        for (int s = 0; s < 3; s++)
            AssertPrinted(
                torch.GetProperty("free_run_mse")[s], $"free run from sin({s}): mean squared error ", lines[61 + s]);
        Assert.StartsWith($"{module}(1, 10, 2 layers): 6000 iterations, ", lines[^2]);
        Assert.Equal($"wrote {folder["carry.png"]} (free run from sin(1))", lines[^1]);

        static void AssertPrinted(JsonElement expected, string text, string line)
        {
            Assert.StartsWith(text, line);
            double value = expected.GetDouble();
            Assert.Equal(value, double.Parse(line[text.Length..]), TorchTolerance * value + LastDigit);
        }
    }

    [Theory]
    [InlineData("rnn")]
    [InlineData("gru")]
    [InlineData("lstm")]
    public void Sine_SameSeed_GivesTheSameLossesForAnyNumberOfThreads(string cell)
    {
        using var folder = new TemporaryFolder();
        string[] args = ["sine", "--cell", cell, "--iterations", "150", "--seed", "5", "-o", folder["a.png"]];

        string one = Losses(CliRunner.Run([.. args, "--threads", "1"]));
        string two = Losses(CliRunner.Run([.. args, "--threads", "2"]));

        Assert.Equal(one, two);

        static string Losses(CliResult result) => result.Out[..result.Out.IndexOf("(1, 10", StringComparison.Ordinal)];
    }

    [Fact]
    public void Sine_OneIterationAndACellInCapitals_IsOneJsonDocument()
    {
        using var folder = new TemporaryFolder();

        CliResult result =
            CliRunner.Run("sine", "--iterations", "1", "--cell", "LSTM", "--json", "-o", folder["a.png"]);

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        JsonElement json = JsonDocument.Parse(result.Out).RootElement;
        Assert.Equal("lstm", json.GetProperty("cell").GetString());
        Assert.InRange(json.GetProperty("bytes_per_iteration").GetDouble(), 0, double.MaxValue);
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
        CliRunner.AssertFails(
            CliRunner.Run("sine", "-o", png), 1, $"recur sine: {png}: the folder {folder["none"]} does not exist.");
    }

    [Fact]
    public void Sine_OutputIsAFolder_FailsBeforeTheWork()
    {
        using var folder = new TemporaryFolder();
        CliRunner.AssertFails(
            CliRunner.Run("sine", "-o", folder.Path), 1, $"recur sine: {folder.Path}: is a directory, not a file.");
    }
}
