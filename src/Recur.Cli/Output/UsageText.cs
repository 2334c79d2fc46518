using System.CommandLine;
using System.Text.RegularExpressions;
using Recur.Cli.Commands;

namespace Recur.Cli.Output;

/// <summary>The parser's complaints in the words of this tool.</summary>
internal static partial class UsageText
{
    /// <summary>The first complaint, as one sentence.</summary>
    public static string Of(ParseResult parsed)
    {
        if (parsed.UnmatchedTokens is [var token, ..])
            return token.StartsWith('-') ? $"there is no option {token}."
                : parsed.CommandResult.Command is RootCommand or VerbGroup ? $"there is no verb \"{token}\"."
                : $"the argument \"{token}\" is one too many.";

        string text = parsed.Errors[0].Message.Trim();
        if (CannotParse().Match(text) is { Success: true } m)
        {
            string name = m.Groups["name"].Value, kind = Kind(m.Groups["type"].Value);
            return $"{name} must be {kind} but was \"{m.Groups["value"].Value}\".";
        }

        if (MissingArgument().Match(text) is { Success: true } a)
            return $"the argument {a.Groups["name"].Value} is missing.";
        if (MissingValue().Match(text) is { Success: true } v) return $"{v.Groups["name"].Value} needs a value.";
        if (SingleValue().Match(text) is { Success: true } s)
            return $"{s.Groups["name"].Value} stands there more than once.";
        return text.EndsWith('.') ? text : text + ".";
    }

    private static string Kind(string type) => type switch
    {
        "System.UInt64" => "a whole number of at least 0",
        "System.Int32" or "System.Nullable`1[System.Int32]" or "System.Int64" => "a whole number",
        "System.Single" or "System.Double" => "a number",
        "System.Boolean" => "true or false",
        _ => "another value",
    };

    [GeneratedRegex(
        @"^Cannot parse argument '(?<value>.*)' for option '(?<name>[^']+)' as expected type '(?<type>[^']+)'")]
    private static partial Regex CannotParse();

    [GeneratedRegex(@"^Required argument '(?<name>[^']+)' missing")]
    private static partial Regex MissingArgument();

    [GeneratedRegex(@"^Required argument missing for option: '(?<name>[^']+)'")]
    private static partial Regex MissingValue();

    [GeneratedRegex(@"^Option '(?<name>[^']+)' expects a single argument")]
    private static partial Regex SingleValue();
}
