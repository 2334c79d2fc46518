using System.CommandLine;
using Recur.Cli.Output;
using Recur.Text;

namespace Recur.Cli.Commands;

/// <summary><c>recur embed convert</c>: word vectors into another format.</summary>
internal static class EmbedConvertCommand
{
    public static VerbCommand Create()
    {
        Argument<string> source = EmbedFiles.Argument();
        var target = new Argument<string>("TARGET")
        {
            Description = "The file to write: .txt, .vec or .bin (word2vec), .glove, .safetensors or .npz.",
        };
        Option<string?> format = EmbedFiles.FormatOption();
        var maxWords = new Option<int?>("--max-words")
        {
            Description = "Take only the first N words, which mostly are the most frequent.", HelpName = "N",
        };
        maxWords.Validators.Add(r => VerbCommand.CheckRange(r, "--max-words", 1, int.MaxValue));
        var command = new VerbCommand(
            "convert", "Writes word vectors in another format.",
            (parsed, terminal) => Run(
                parsed.GetRequiredValue(source), parsed.GetRequiredValue(target),
                EmbedFiles.Format(parsed.GetValue(format)), parsed.GetValue(maxWords), terminal),
            hasSeed: false)
        {
            Details = """
                Numbers are kept bit for bit, in text too. A .safetensors file is there at once for a program
                that maps it; gensim reads .txt and .bin.
                """,
            Examples =
            [
                "recur embed convert glove.6B.100d.txt glove.safetensors",
                "recur embed convert vectors.bin small.txt --max-words 20000",
            ],
        };
        command.Arguments.Add(source);
        command.Arguments.Add(target);
        command.Options.Add(format);
        command.Options.Add(maxWords);
        return command;
    }

    private static int Run(string source, string target, WordVectorFormat? format, int? maxWords, Terminal terminal)
    {
        OutputFiles.CheckWritable(target);
        OutputFiles.CheckNotInput(source, target);
        if (format is null) EmbedFiles.CheckFormat(target);
        WordVectors vectors = EmbedFiles.Load(terminal, source, maxWords);
        vectors.Save(target, format);
        terminal.Line($"{vectors.Count:#,0} words, {vectors.VectorSize} numbers each: {target}");
        terminal.Json(json =>
        {
            json.WriteString("source", source);
            json.WriteString("target", target);
            json.WriteNumber("words", vectors.Count);
            json.WriteNumber("size", vectors.VectorSize);
            json.WriteNumber("repeated", vectors.Repeated);
        });
        return ExitCode.Done;
    }
}
