using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Recur.Cli.Commands;

namespace Recur.Cli.Output;

/// <summary>The usual help with what the verb does beyond its first sentence, and examples, at the end.</summary>
internal sealed class ExampleHelpAction(int width) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        TextWriter output = parseResult.InvocationConfiguration.Output;
        using var help = new StringWriter { NewLine = output.NewLine };
        TextWriter former = parseResult.InvocationConfiguration.Output;
        parseResult.InvocationConfiguration.Output = help;
        new HelpAction { MaxWidth = width }.Invoke(parseResult);
        parseResult.InvocationConfiguration.Output = former;
        // The usage line begins with the name of the process, which is "dotnet" or a test runner at times.
        string text = help.ToString().Replace($"  {RootCommand.ExecutableName} ", "  recur ", StringComparison.Ordinal);
        foreach (string line in text.TrimEnd().Split(output.NewLine)) output.WriteLine(line.TrimEnd());

        if (parseResult.CommandResult.Command is VerbCommand verb)
        {
            if (verb.Details.Length > 0)
            {
                output.WriteLine();
                output.WriteLine("Details:");
                foreach (string line in verb.Details.Split('\n'))
                    output.WriteLine(line.Length == 0 ? "" : "  " + line.TrimEnd());
            }

            output.WriteLine();
            output.WriteLine(verb.Examples.Count == 1 ? "Example:" : "Examples:");
            foreach (string example in verb.Examples) output.WriteLine("  " + example);
        }
        else if (parseResult.CommandResult.Command is VerbGroup group)
        {
            output.WriteLine();
            output.WriteLine("Examples:");
            foreach (string example in group.Examples) output.WriteLine("  " + example);
        }
        else
        {
            output.WriteLine();
            output.WriteLine("Examples:");
            output.WriteLine("  recur sine");
            output.WriteLine("  recur forecast data/sunspots_monthly.csv --horizon 132");
            output.WriteLine("  recur lm train data/tinyshakespeare.txt");
            output.WriteLine();
            output.WriteLine("Exit code: 0 done, 1 the work failed, 2 wrong usage, 130 interrupted.");
        }

        return ExitCode.Done;
    }
}
