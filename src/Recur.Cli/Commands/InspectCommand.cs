using System.CommandLine;
using System.Globalization;
using Recur.Cli.Output;
using Recur.IO;

namespace Recur.Cli.Commands;

/// <summary><c>recur inspect</c>: what is in a safetensors file, from its header alone.</summary>
internal static class InspectCommand
{
    private const int LongestValue = 200;

    public static VerbCommand Create()
    {
        var file = new Argument<string>("FILE")
        {
            Description = "A .safetensors file: a model, a checkpoint, or one from any other program.",
        };
        var command = new VerbCommand("inspect",
            "Shows the names, types, shapes and sizes of the tensors in a safetensors file, and its metadata.",
            (parsed, terminal) => Run(parsed.GetRequiredValue(file), terminal), hasSeed: false, hasThreads: false)
        {
            Details = "Only the header is read, so a file of any size is shown at once.",
            Examples = ["recur inspect model.safetensors", "recur inspect model.safetensors --json"],
        };
        command.Arguments.Add(file);
        return command;
    }

    private static int Run(string path, Terminal terminal)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        terminal.Table(
            ["tensor", "type", "shape", "elements", "bytes"],
            file.Entries.Select(e => (IReadOnlyList<string>)
                [e.Name, e.DataTypeName, Shape(e), Grouped(e.ElementCount), Grouped(e.ByteLength)]),
            textColumns: 3);
        string elements = Grouped(file.Entries.Sum(e => e.ElementCount)), bytes = Grouped(file.FileLength);
        terminal.Line($"{file.Entries.Count} tensors, {elements} elements, {bytes} bytes in {path}");
        if (file.Metadata.Count > 0)
        {
            terminal.Line();
            terminal.Line("metadata");
            foreach ((string key, string value) in file.Metadata) terminal.Line($"  {OneLine(key)}: {OneLine(value)}");
        }

        terminal.Json(json =>
        {
            json.WriteString("file", path);
            json.WriteNumber("bytes", file.FileLength);
            json.WriteStartArray("tensors");
            foreach (SafetensorsEntry e in file.Entries)
            {
                json.WriteStartObject();
                json.WriteString("name", e.Name);
                json.WriteString("dtype", e.DataTypeName);
                json.WriteStartArray("shape");
                foreach (long d in e.Dimensions) json.WriteNumberValue(d);
                json.WriteEndArray();
                json.WriteNumber("elements", e.ElementCount);
                json.WriteNumber("bytes", e.ByteLength);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartObject("metadata");
            foreach ((string key, string value) in file.Metadata) json.WriteString(key, value);
            json.WriteEndObject();
        });
        return ExitCode.Done;
    }

    private static string Shape(SafetensorsEntry e) => $"[{string.Join(", ", e.Dimensions)}]";

    private static string Grouped(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Metadata is a stranger's text: no line breaks, no control characters that a terminal would obey, not
    /// endless.</summary>
    private static string OneLine(string text)
    {
        string line = string.Concat(text.Take(LongestValue).Select(c => char.IsControl(c) ? ' ' : c));
        return text.Length > LongestValue ? $"{line}... ({text.Length} characters)" : line;
    }
}
