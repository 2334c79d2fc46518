using System.CommandLine;
using System.CommandLine.Parsing;
using Recur.Cli.Output;

namespace Recur.Cli.Commands;

/// <summary>A verb of the tool: a command with the options that all verbs share, examples for its help, and one
/// action.</summary>
internal sealed class VerbCommand : Command
{
    private readonly Option<ulong>? seed;
    private readonly Option<int?>? threads;
    private readonly Option<bool> quiet = new("--quiet", "-q") { Description = "Print errors only." };
    private readonly Option<bool>? json;
    private readonly Func<ParseResult, Terminal, int> action;

    /// <summary>Makes a verb.</summary>
    /// <param name="name">The verb.</param>
    /// <param name="description">What it does, in one or two sentences.</param>
    /// <param name="action">Runs it; errors are exceptions whose messages are one sentence.</param>
    /// <param name="hasSeed">Whether it draws random numbers.</param>
    /// <param name="hasThreads">Whether it computes.</param>
    /// <param name="hasJson">Whether a program may want the result.</param>
    /// <param name="seedHelp">What the seed promises, when it is not the usual.</param>
    public VerbCommand(
        string name, string description, Func<ParseResult, Terminal, int> action, bool hasSeed = true,
        bool hasThreads = true, bool hasJson = true, string? seedHelp = null)
        : base(name, description)
    {
        this.action = action;
        if (hasSeed)
        {
            seed = new("--seed")
            {
                Description = seedHelp
                    ?? "Seed of all random numbers: the same seed gives the same bits, for any number of threads.",
                HelpName = "N",
                DefaultValueFactory = _ => 0,
            };
        }

        if (hasThreads)
        {
            threads = new("--threads")
            {
                Description = "Threads to compute with, 1 to 256; default: RECUR_THREADS or all processors.",
                HelpName = "N",
            };
            threads.Validators.Add(r => CheckRange(r, "--threads", 1, 256));
        }

        if (hasJson) json = new("--json") { Description = "Print the result as one JSON document and nothing else." };
    }

    /// <summary>What the help says after the options; lines end with \n.</summary>
    public string Details { get; init; } = "";

    /// <summary>Command lines that work as they stand.</summary>
    public IReadOnlyList<string> Examples { get; init; } = [];

    /// <summary>Adds the shared options behind the verb's own ones, and the action.</summary>
    public void Attach(ToolStreams streams, CancellationToken cancel)
    {
        if (seed is not null) Options.Add(seed);
        if (threads is not null) Options.Add(threads);
        Options.Add(quiet);
        if (json is not null) Options.Add(json);
        SetAction(parsed =>
        {
            if (seed is not null) Rng.Seed(parsed.GetValue(seed));
            if (threads is not null && parsed.GetValue(threads) is { } count) Parallelism.Threads = count;
            bool isJson = json is not null && parsed.GetValue(json);
            var terminal = new Terminal(streams, parsed.GetValue(quiet), isJson, cancel)
            {
                Seed = seed is null ? 0 : parsed.GetValue(seed),
            };
            return action(parsed, terminal);
        });
    }

    /// <summary>An option that takes one of a few words, in capitals too: --cell LSTM is what the cell is
    /// called.</summary>
    public static Option<string> Choice(string name, string usual, string description, params string[] words)
    {
        var option = new Option<string>(name)
        {
            Description = description, HelpName = string.Join('|', words), DefaultValueFactory = _ => usual,
        };
        option.CustomParser = result =>
        {
            string given = result.Tokens[0].Value;
            string? word = Array.Find(words, w => w.Equals(given, StringComparison.OrdinalIgnoreCase));
            if (word is null)
                result.AddError($"{name} must be {string.Join(", ", words[..^1])} or {words[^1]} but was \"{given}\".");
            return word ?? usual;
        };
        option.CompletionSources.Add(words);
        return option;
    }

    /// <summary>A validator for whole numbers.</summary>
    public static void CheckRange(OptionResult result, string name, long low, long high)
    {
        if (result.Tokens is not [var token]) return;
        if (!long.TryParse(token.Value, out long value)) return; // the parser complains about the text itself
        if (value < low || value > high)
            result.AddError(high == int.MaxValue
                ? $"{name} must be at least {low} but was {value}."
                : $"{name} must be in {low}..{high} but was {value}.");
    }

    /// <summary>A validator for other numbers.</summary>
    /// <param name="result">What was given.</param>
    /// <param name="name">The option.</param>
    /// <param name="expected">The numbers that may be, in words.</param>
    /// <param name="isExpected">Whether a number is one of them.</param>
    public static void CheckNumber(OptionResult result, string name, string expected, Predicate<float> isExpected)
    {
        if (result.Tokens is not [var token]) return;
        if (!float.TryParse(token.Value, out float value)) return; // the parser complains about the text itself
        if (!isExpected(value)) result.AddError($"{name} must be {expected} but was {value}.");
    }
}
