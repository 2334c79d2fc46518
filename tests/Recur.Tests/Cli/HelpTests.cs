namespace Recur.Tests.Cli;

/// <summary>The help texts are documents: a change is seen and read.</summary>
public sealed class HelpTests
{
    [Theory]
    [InlineData("help")]
    [InlineData("help-sine", "sine")]
    [InlineData("help-fit", "fit")]
    [InlineData("help-forecast", "forecast")]
    [InlineData("help-gradients", "gradients")]
    [InlineData("help-inspect", "inspect")]
    [InlineData("help-convert", "convert")]
    [InlineData("help-info", "info")]
    [InlineData("help-embed", "embed")]
    [InlineData("help-embed-train", "embed", "train")]
    [InlineData("help-embed-nearest", "embed", "nearest")]
    [InlineData("help-embed-analogy", "embed", "analogy")]
    [InlineData("help-embed-evaluate", "embed", "evaluate")]
    [InlineData("help-embed-convert", "embed", "convert")]
    [InlineData("help-embed-plot", "embed", "plot")]
    [InlineData("help-lm", "lm")]
    [InlineData("help-lm-train", "lm", "train")]
    [InlineData("help-lm-generate", "lm", "generate")]
    [InlineData("help-lm-evaluate", "lm", "evaluate")]
    public void Help_EveryVerb_IsTheApprovedText(string file, params string[] verb)
    {
        CliResult result = CliRunner.Run([.. verb, "--help"]);

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Approval.Verify(file, result.Out);
    }

    [Fact]
    public void Help_NoArguments_IsTheHelpOfTheTool() => Assert.Equal(CliRunner.Run("--help").Out, CliRunner.Run().Out);

    [Fact]
    public void Help_GroupWithoutVerb_IsItsHelp() =>
        Assert.Equal(CliRunner.Run("lm", "--help"), CliRunner.Run("lm"));

    [Fact]
    public void Help_BesideWrongOptions_StillHelps() =>
        Assert.Equal(CliRunner.Run("sine", "--help").Out, CliRunner.Run("sine", "--foo", "--help").Out);
}
