using System.CommandLine;
using Recur.Cli.Output;
using Recur.Text;

namespace Recur.Cli.Commands;

/// <summary>What the verbs of <c>recur embed</c> share: the file of vectors.</summary>
internal static class EmbedFiles
{
    /// <summary>The words of --format.</summary>
    private static readonly (string Word, WordVectorFormat Format)[] formats =
    [
        ("text", WordVectorFormat.Word2VecText), ("binary", WordVectorFormat.Word2VecBinary),
        ("glove", WordVectorFormat.Glove), ("safetensors", WordVectorFormat.Safetensors), ("npz", WordVectorFormat.Npz),
    ];

    public static Argument<string> Argument() => new("VECTORS")
    {
        Description = "Word vectors: word2vec text or binary, GloVe text, .safetensors or .npz; recognised by the content.",
    };

    public static Option<string?> FormatOption() => new("--format")
    {
        Description = "The format to write, when the extension does not say it.",
        HelpName = string.Join('|', formats.Select(f => f.Word)),
        CompletionSources = { formats.Select(f => f.Word).ToArray() },
        CustomParser = result =>
        {
            string given = result.Tokens[0].Value;
            if (Array.Exists(formats, f => f.Word == given)) return given;
            result.AddError($"--format must be {string.Join(", ", formats.Select(f => f.Word))} but was \"{given}\".");
            return null;
        },
    };

    public static WordVectorFormat? Format(string? word) =>
        word is null ? null : Array.Find(formats, f => f.Word == word).Format;

    /// <summary>The word for a format.</summary>
    public static string WordFor(WordVectorFormat format) => Array.Find(formats, f => f.Format == format).Word;

    /// <summary>Fails when the extension says no format.</summary>
    public static void CheckFormat(string path)
    {
        try
        {
            _ = WordVectors.FormatOf(path);
        }
        catch (ArgumentException e)
        {
            throw new UsageException(e.Message);
        }
    }

    public static WordVectors Load(Terminal terminal, string path, int? maxWords = null)
    {
        WordVectors vectors = WordVectors.Load(path, new WordVectorOptions { MaxWords = maxWords }, terminal.Cancel);
        if (vectors.Repeated > 0)
            terminal.Note($"{path}: {vectors.Repeated:#,0} words come more than once; the first vector of each was taken.");
        return vectors;
    }
}
