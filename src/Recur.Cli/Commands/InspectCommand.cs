using System.CommandLine;
using System.Globalization;
using Recur.Cli.Output;
using Recur.IO;
using Recur.Text;

namespace Recur.Cli.Commands;

/// <summary><c>recur inspect</c>: what is in a file of tensors, without reading their elements.</summary>
internal static class InspectCommand
{
    private const int LongestValue = 200, MostValues = 100, FirstWords = 10;

    public static VerbCommand Create()
    {
        var file = new Argument<string>("FILE")
        {
            Description = "A .safetensors, .pt, .pth, .npy or .npz file: a model, a checkpoint, or one from any other "
                + "program; or word vectors in .txt, .vec, .bin or .glove.",
        };
        var command = new VerbCommand("inspect",
            "Shows the names, types, shapes and sizes of the tensors in a file, and what else is in it.",
            (parsed, terminal) => Run(parsed.GetRequiredValue(file), terminal), hasSeed: false, hasThreads: false)
        {
            Details =
                "The format is recognised by the content: safetensors, PyTorch (zip and legacy), NumPy. The elements of the\n"
                + "tensors are not read, so a file of any size is shown at once. The pickle in a PyTorch file is read by a\n"
                + "reader that knows a short list of names and runs nothing; a file that asks for more is refused by name.\n"
                + "Word vectors in text or word2vec's binary format are read whole.",
            Examples =
            [
                "recur inspect model.safetensors", "recur inspect checkpoint.pt", "recur inspect data.npz --json",
            ],
        };
        command.Arguments.Add(file);
        return command;
    }

    private static int Run(string path, Terminal terminal)
    {
        if (FormatOfWordVectors(path) is { } format) return ShowWordVectors(path, format, terminal);
        using TensorFile file = TensorFile.Open(path);
        terminal.Table(
            ["tensor", "type", "shape", "elements", "bytes"],
            file.Entries.Select(e => (IReadOnlyList<string>)
                [OneLine(e.Name), e.DataTypeName, Shape(e), Grouped(e.ElementCount), Grouped(e.ByteLength)]),
            textColumns: 3);
        string elements = Grouped(file.Entries.Sum(e => e.ElementCount)), bytes = Grouped(file.FileLength);
        terminal.Line($"{file.Entries.Count} tensors, {elements} elements, {bytes} bytes in {path}");
        if (file.Metadata.Count > 0)
        {
            terminal.Line();
            terminal.Line(file.Format == TensorFileFormat.Torch ? "values" : "metadata");
            foreach ((string key, string value) in file.Metadata.Take(MostValues))
                terminal.Line($"  {OneLine(key)}: {OneLine(value)}");
            if (file.Metadata.Count > MostValues)
                terminal.Line($"  ... and {Grouped(file.Metadata.Count - MostValues)} more; --json shows all");
        }

        terminal.Json(json =>
        {
            json.WriteString("file", path);
            json.WriteString("format", NameOf(file.Format));
            json.WriteNumber("bytes", file.FileLength);
            json.WriteStartArray("tensors");
            foreach (TensorFileEntry e in file.Entries)
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

    /// <summary>A format that only word vectors have; null for all others. PyTorch's files too may end in .bin.</summary>
    private static WordVectorFormat? FormatOfWordVectors(string path)
    {
        if (Path.GetExtension(path).ToLowerInvariant() is not (".txt" or ".vec" or ".bin" or ".glove")) return null;
        WordVectorFormat format = WordVectors.Recognise(path);
        return format is WordVectorFormat.Safetensors or WordVectorFormat.Npz ? null : format;
    }

    private static int ShowWordVectors(string path, WordVectorFormat format, Terminal terminal)
    {
        WordVectors vectors = EmbedFiles.Load(terminal, path);
        string name = EmbedFiles.WordFor(format);
        long bytes = new FileInfo(path).Length;
        terminal.Line($"word vectors ({name}): {Grouped(vectors.Count)} words, {Grouped(vectors.VectorSize)} numbers each");
        terminal.Line($"first words: {string.Join(", ", vectors.Words.Take(FirstWords).Select(OneLine))}");
        terminal.Line($"{Grouped(bytes)} bytes in {path}");
        terminal.Json(json =>
        {
            json.WriteString("file", path);
            json.WriteString("format", $"word-vectors-{name}");
            json.WriteNumber("bytes", bytes);
            json.WriteNumber("words", vectors.Count);
            json.WriteNumber("size", vectors.VectorSize);
        });
        return ExitCode.Done;
    }

    private static string NameOf(TensorFileFormat format) => format switch
    {
        TensorFileFormat.Torch => "torch",
        TensorFileFormat.Npy => "npy",
        TensorFileFormat.Npz => "npz",
        _ => "safetensors",
    };

    private static string Shape(TensorFileEntry e) => $"[{string.Join(", ", e.Dimensions)}]";

    private static string Grouped(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Names and metadata are a stranger's text: no line breaks, no control characters that a terminal would
    /// obey, not endless.</summary>
    private static string OneLine(string text)
    {
        string line = string.Concat(text.Take(LongestValue).Select(c => char.IsControl(c) ? ' ' : c));
        return text.Length > LongestValue ? $"{line}... ({text.Length} characters)" : line;
    }
}
