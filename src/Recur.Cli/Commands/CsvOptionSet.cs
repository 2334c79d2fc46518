using System.CommandLine;
using Recur.Forecasting;

namespace Recur.Cli.Commands;

/// <summary>The options that say how a CSV file is read.</summary>
internal sealed class CsvOptionSet
{
    private readonly Option<string?> column = new("--column")
    {
        Description = "The column of values, by name or by number from 1; default: the only numeric one.",
        HelpName = "NAME",
    };

    private readonly Option<string?> dates = new("--date-column")
    {
        Description = "The column of dates, by name or number, or none; default: found.", HelpName = "NAME",
    };

    private readonly Option<string?> delimiter = new("--delimiter")
    {
        Description = "The character between fields, or tab; default: found among comma, semicolon, tab and bar.",
        HelpName = "CHAR",
    };

    private readonly Option<string> missing = VerbCommand.Choice("--missing", "error",
        "What to do with missing or bad values: report the first, draw a line, repeat the last, or leave rows out.",
        "error", "interpolate", "forward", "drop");

    public CsvOptionSet() => delimiter.Validators.Add(r =>
    {
        if (r.Tokens is [var token] && token.Value is not ("tab" or { Length: 1 }))
            r.AddError($"--delimiter must be one character or tab but was \"{token.Value}\".");
    });

    public IReadOnlyList<Option> All => [column, dates, delimiter, missing];

    public TimeSeries Read(string path, ParseResult parsed) => CsvSeries.Read(path, new CsvOptions
    {
        ValueColumn = parsed.GetValue(column),
        DateColumn = parsed.GetValue(dates),
        Delimiter = parsed.GetValue(delimiter) is { } d ? (d == "tab" ? '\t' : d[0]) : null,
        Missing = parsed.GetValue(missing) switch
        {
            "interpolate" => MissingValues.Interpolate,
            "forward" => MissingValues.Forward,
            "drop" => MissingValues.Drop,
            _ => MissingValues.Error,
        },
    });
}
