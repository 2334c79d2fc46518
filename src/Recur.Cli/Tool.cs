using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Recur.Cli.Commands;
using Recur.Cli.Output;

namespace Recur.Cli;

/// <summary>The tool without the process around it: parses, runs one verb, turns errors into one sentence and an exit
/// code.</summary>
internal static class Tool
{
    private const int HelpWidth = 100;

    /// <summary>Runs one command line.</summary>
    /// <returns>A value of <see cref="ExitCode"/>.</returns>
    public static int Run(IReadOnlyList<string> args, ToolStreams streams, CancellationToken cancel)
    {
        RootCommand root = BuildRoot(streams, cancel);
        // A value that begins with @ is a file name, not a response file; -qo is a typing error, not two options.
        var parser = new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false };
        ParseResult parsed = root.Parse(args.Count == 0 ? ["--help"] : args, parser);
        string verb = NameOf(parsed.CommandResult);
        try
        {
            if (parsed.Action is ParseErrorAction
                || (parsed.Errors.Count > 0 && parsed.Action is not HelpAction and not ExampleHelpAction))
                throw new UsageException(UsageText.Of(parsed));
            if (MistypedOption(parsed, args) is { } option) throw new UsageException($"there is no option {option}.");
            return parsed.Invoke(new InvocationConfiguration
            {
                Output = streams.Out,
                Error = streams.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            });
        }
        catch (UsageException e)
        {
            streams.Error.WriteLine($"{verb}: {OneLine(e)} See '{verb} --help'.");
            return ExitCode.Usage;
        }
        catch (OperationCanceledException)
        {
            streams.Error.WriteLine($"{verb}: interrupted.");
            return ExitCode.Interrupted;
        }
        catch (Exception thrown)
        {
            // What the engine reads when it starts, such as RECUR_ISA, is complained about inside a wrapper.
            Exception e = thrown is TypeInitializationException { InnerException: { } inner } ? inner : thrown;
            streams.Error.WriteLine(
                $"{verb}: {(IsExpected(e) ? "" : $"internal error ({e.GetType().Name}): ")}{OneLine(e)}");
            return ExitCode.Failed;
        }
    }

    /// <summary>The parser takes <c>recur fit --bogus</c> for a file of that name; behind <c>--</c> it may be
    /// one.</summary>
    private static string? MistypedOption(ParseResult parsed, IReadOnlyList<string> args) => args.Contains("--")
        ? null
        : parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens)
            .Select(token => token.Value).FirstOrDefault(value => value.StartsWith('-') && value.Length > 1);

    /// <summary>The verb as the user typed it: <c>recur lm train</c>.</summary>
    private static string NameOf(CommandResult command)
    {
        string name = command.Command is RootCommand ? "recur" : command.Command.Name;
        return command.Parent is CommandResult parent ? $"{NameOf(parent)} {name}" : name;
    }

    private static RootCommand BuildRoot(ToolStreams streams, CancellationToken cancel)
    {
        var root = new RootCommand(
            "Recurrent networks for .NET: from a CSV file to an honest forecast, from a text to word vectors or a model "
            + "of its language.");
        root.Directives.Clear();
        VerbCommand[] verbs =
        [
            SineCommand.Create(),
            FitCommand.Create(),
            ForecastCommand.Create(),
            GradientsCommand.Create(),
            InspectCommand.Create(),
            ConvertCommand.Create(),
            InfoCommand.Create(),
        ];
        VerbGroup[] groups =
        [
            new("embed", "Word vectors: learns them from a text, asks them, converts their files.",
                EmbedTrainCommand.Create(), EmbedNearestCommand.Create(), EmbedNearestCommand.CreateAnalogy(),
                EmbedEvaluateCommand.Create(), EmbedConvertCommand.Create(), EmbedPlotCommand.Create()),
            new("lm", "Language models: trains one on a text, lets it write, measures how well it predicts.",
                LmTrainCommand.Create(), LmGenerateCommand.Create(), LmEvaluateCommand.Create()),
        ];
        foreach (VerbCommand verb in verbs)
        {
            verb.Attach(streams, cancel);
            root.Subcommands.Add(verb);
        }

        foreach (VerbGroup group in groups)
        {
            group.Attach(streams, cancel);
            root.Subcommands.Add(group);
        }

        HelpOption help = root.Options.OfType<HelpOption>().Single();
        var helps = new ExampleHelpAction(streams.OutIsTerminal ? Math.Min(streams.Width, HelpWidth) : HelpWidth);
        help.Action = helps;
        // A group without a verb helps; not as the help option does, which overlooks a wrong verb beside it.
        foreach (VerbGroup group in groups) group.SetAction(helps.Invoke);
        return root;
    }

    private static bool IsExpected(Exception e) => e is IOException or UnauthorizedAccessException or ArgumentException
        or InvalidOperationException or NotSupportedException or InvalidDataException or FormatException
        or KeyNotFoundException;

    /// <summary>The message without line breaks and without the framework's "(Parameter 'x')".</summary>
    private static string OneLine(Exception e)
    {
        string text = e.Message.ReplaceLineEndings(" ").Trim();
        int parameter = text.IndexOf(" (Parameter '", StringComparison.Ordinal);
        if (parameter >= 0) text = text[..parameter];
        return text.EndsWith('.') ? text : text + ".";
    }
}
