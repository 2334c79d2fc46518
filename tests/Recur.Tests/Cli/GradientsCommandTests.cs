using System.Text.Json;

namespace Recur.Tests.Cli;

/// <summary><c>recur gradients</c>: what the picture shows, as numbers.</summary>
[Collection(AloneCollection.Name)]
public sealed class GradientsCommandTests
{
    [Fact]
    public void Gradients_ShortTraining_ShowsVanishingExplodingAndClipping()
    {
        using var folder = new TemporaryFolder();
        CliResult result = CliRunner.Run(
            "gradients", "--lengths", "60", "30", "--iterations", "20", "-o", folder["g.png"], "--json");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], File.ReadAllBytes(folder["g.png"])[..4]);
        JsonElement json = JsonDocument.Parse(result.Out).RootElement;
        JsonElement[] runs = [.. json.GetProperty("runs").EnumerateArray()];
        Assert.Equal(16, runs.Length);
        Assert.All(runs, r => Assert.Equal(r.Int("length"), r.GetProperty("norms").GetArrayLength()));

        JsonElement Of(string network, bool clipped) => runs.Single(r =>
            r.GetProperty("network").GetString() == network && r.Int("length") == 60 && r.GetProperty("clipped").GetBoolean() == clipped);
        double Number(string network, bool clipped, string name) => Of(network, clipped).GetProperty(name).GetDouble();

        Assert.InRange(Number("rnn", true, "factor_per_step"), 0.3, 0.8);
        Assert.InRange(Number("rnn", true, "remaining"), 0, 1e-6);
        Assert.InRange(Number("rnn_stretched", false, "factor_per_step"), 1.02, 3);
        Assert.InRange(Number("rnn_stretched", false, "longest_update"), 1e3, 1e38);
        Assert.InRange(Number("rnn_stretched", true, "longest_update"), 0.9, 1);
        Assert.InRange(Number("lstm", true, "factor_per_step"), 0.88, 1.05);
        Assert.True(Number("lstm", true, "remaining") > 1000 * Number("rnn", true, "remaining"));
        Assert.Matches(
            @"^Over 60 time steps the gradient of the RNN fades by a factor of 0\.\d{3} with every time step back, so .+ of it is " +
            @"left at time step 1; .+ With recurrent weights 5 times as large it grows by a factor of \d\.\d{3} .+; clipping bounds " +
            @"every update to 1, which it had to do in \d+% of the steps: .+ Always answering 1 has an error of 0\.1667\.$",
            json.GetProperty("explanation").GetString());
    }

    [Theory]
    [InlineData("--lengths must be in 2..10000 but was 1.", "--lengths", "1")]
    [InlineData("--lengths takes at most 4 numbers but there are 5.", "--lengths", "2", "3", "4", "5", "6")]
    [InlineData("--clip must be greater than 0 but was 0.", "--clip", "0")]
    [InlineData("--iterations must be in 1..10000000 but was 0.", "--iterations", "0")]
    public void Gradients_WrongUsage_SaysOneSentence(string sentence, params string[] args) =>
        CliRunner.AssertFails(
            CliRunner.Run(["gradients", .. args]), 2, $"recur gradients: {sentence} See 'recur gradients --help'.");
}
