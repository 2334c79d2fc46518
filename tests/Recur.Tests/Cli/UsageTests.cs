namespace Recur.Tests.Cli;

/// <summary>Wrong command lines: one sentence that names the option, exit code 2, nothing done.</summary>
public sealed class UsageTests
{
    [Theory]
    [InlineData("recur: there is no verb \"sien\".", "sien")]
    [InlineData("recur sine: there is no option --foo.", "sine", "--foo")]
    [InlineData("recur sine: there is no option --foo.", "sine", "--foo", "--seed", "x")]
    [InlineData("recur sine: the argument \"file.csv\" is one too many.", "sine", "file.csv")]
    [InlineData("recur sine: --cell must be rnn, gru or lstm but was \"elman\".", "sine", "--cell", "elman")]
    [InlineData("recur sine: --cell needs a value.", "sine", "--cell")]
    [InlineData("recur sine: --cell stands there more than once.", "sine", "--cell", "gru", "--cell", "lstm")]
    [InlineData("recur sine: --state must be zero or carry but was \"one\".", "sine", "--state", "one")]
    [InlineData("recur sine: --iterations must be in 1..10000000 but was 0.", "sine", "--iterations", "0")]
    [InlineData("recur sine: --iterations must be a whole number but was \"1e3\".", "sine", "--iterations", "1e3")]
    [InlineData("recur sine: --start must be in 0..2 but was 3.", "sine", "--start", "3")]
    [InlineData("recur sine: --seed must be a whole number of at least 0 but was \"-1\".", "sine", "--seed", "-1")]
    [InlineData("recur sine: --seed needs a value.", "sine", "--seed")]
    [InlineData("recur sine: --seed stands there more than once.", "sine", "--seed", "1", "--seed", "2")]
    [InlineData("recur sine: --threads must be in 1..256 but was 0.", "sine", "--threads", "0")]
    [InlineData("recur sine: the name of an output file is empty.", "sine", "-o", "")]
    [InlineData("recur inspect: the argument FILE is missing.", "inspect")]
    [InlineData("recur inspect: the argument \"b\" is one too many.", "inspect", "a", "b")]
    [InlineData("recur inspect: there is no option --seed.", "inspect", "a", "--seed")]
    [InlineData("recur inspect: there is no option --bogus.", "inspect", "--bogus")]
    [InlineData("recur fit: there is no option --bogus.", "fit", "--bogus")]
    [InlineData("recur forecast: there is no option -x.", "forecast", "-x", "--horizon", "3")]
    public void Run_WrongUsage_SaysOneSentence(string sentence, params string[] args) =>
        CliRunner.AssertFails(CliRunner.Run(args), 2, $"{sentence} See '{sentence[..sentence.IndexOf(':')]} --help'.");
}
