using System.Text;
using System.Text.Json;
using Spectre.Console;

namespace Recur.Cli.Output;

/// <summary>What a verb prints with. People get lines, tables and a progress bar; with --quiet nothing, with --json one
/// document.</summary>
internal sealed class Terminal(ToolStreams streams, bool quiet, bool json, CancellationToken cancel)
{
    /// <summary>Whether the result goes out as JSON.</summary>
    public bool IsJson => json;

    /// <summary>Whether people read along.</summary>
    public bool IsTalking => !quiet && !json;

    /// <summary>The value of --seed; 0 for a verb that draws nothing.</summary>
    public ulong Seed { get; init; }

    /// <summary>Set by Ctrl+C.</summary>
    public CancellationToken Cancel => cancel;

    /// <summary>A line of the result, for people.</summary>
    public void Line(string text = "")
    {
        if (IsTalking) streams.Out.WriteLine(text);
    }

    /// <summary>A piece of the result that is seen at once: text that comes token by token.</summary>
    public void Write(string text)
    {
        if (!IsTalking) return;
        streams.Out.Write(text);
        if (streams.OutIsTerminal) streams.Out.Flush();
    }

    /// <summary>Something worth knowing that is not the result; also with --json, since it goes to standard
    /// error.</summary>
    public void Note(string text)
    {
        if (!quiet) streams.Error.WriteLine(text);
    }

    /// <summary>A table; the first column is text, the others are numbers.</summary>
    public void Table(IReadOnlyList<string> header, IEnumerable<IReadOnlyList<string>> rows, int textColumns = 1)
    {
        if (!IsTalking) return;
        IAnsiConsole console = ConsoleOn(streams.Out, streams.OutIsTerminal);
        var table = new Table { Border = TableBorder.Simple, UseSafeBorder = false };
        for (int i = 0; i < header.Count; i++)
        {
            var column = new TableColumn(new Spectre.Console.Text(header[i])) { NoWrap = true };
            if (i >= textColumns) column.Alignment = Justify.Right;
            table.AddColumn(column);
        }

        foreach (IReadOnlyList<string> row in rows) table.AddRow(row.Select(cell => new Spectre.Console.Text(cell)));
        if (streams.OutIsTerminal)
        {
            console.Write(table);
            return;
        }

        // Without a terminal: no blanks at the ends of lines, no empty first and last line.
        using var text = new StringWriter();
        ConsoleOn(text, isTerminal: false).Write(table);
        foreach (string line in text.ToString().Split('\n'))
            if (line.Trim().Length > 0) streams.Out.WriteLine(line.TrimEnd());
    }

    /// <summary>Runs work that takes a while with a progress bar; plain lines when standard error is not a
    /// terminal.</summary>
    /// <param name="title">What is being done.</param>
    /// <param name="work">Reports to the object it gets.</param>
    public T WithProgress<T>(string title, Func<IProgress<WorkProgress>, T> work)
    {
        if (!IsTalking) return work(ProgressBars.Silent);
        return streams.ErrorIsTerminal
            ? ProgressBars.Moving(ConsoleOn(streams.Error, isTerminal: true), title, work)
            : work(new ProgressLines(streams.Error, title));
    }

    /// <summary>Writes the result as JSON when --json was given.</summary>
    public void Json(Action<Utf8JsonWriter> write)
    {
        if (!json) return;
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        streams.Out.WriteLine(Encoding.UTF8.GetString(buffer.ToArray()));
    }

    private static IAnsiConsole ConsoleOn(TextWriter writer, bool isTerminal)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isTerminal ? InteractionSupport.Detect : InteractionSupport.No,
            Out = new AnsiConsoleOutput(writer),
        });
        if (!isTerminal) console.Profile.Width = ToolStreams.RedirectedWidth;
        return console;
    }
}
