using System.CommandLine;
using Recur.Cli.Output;
using Recur.Text;

namespace Recur.Cli.Commands;

/// <summary><c>recur embed plot</c>: words as a picture.</summary>
internal static class EmbedPlotCommand
{
    private const int MostWords = 1000;

    public static VerbCommand Create()
    {
        Argument<string> file = EmbedFiles.Argument();
        var words = new Argument<string[]>("WORD") { Description = "The words.", Arity = ArgumentArity.OneOrMore };
        var near = new Option<int>("--near")
        {
            Description = "Show the N nearest neighbours of each word too, in its colour.", HelpName = "N",
            DefaultValueFactory = _ => 0,
        };
        near.Validators.Add(r => VerbCommand.CheckRange(r, "--near", 0, 100));
        var output = new Option<string>("--output", "-o")
        {
            Description = "The picture to write.", HelpName = "FILE", DefaultValueFactory = _ => "words.png",
        };
        var command = new VerbCommand(
            "plot", "Draws words as points of a plane: the first two principal components of their vectors.",
            (parsed, terminal) => Run(
                parsed.GetRequiredValue(file), parsed.GetRequiredValue(words), parsed.GetValue(near),
                parsed.GetValue(output)!, terminal),
            hasSeed: false)
        {
            Details = """
                Of all planes this one shows most of the variance; the labels of the axes say how much. Words
                that are near each other in the picture need not be so in all dimensions.
                """,
            Examples =
            [
                "recur embed plot vectors.bin king queen man woman --near 5 -o words.png",
            ],
        };
        command.Arguments.Add(file);
        command.Arguments.Add(words);
        command.Options.Add(near);
        command.Options.Add(output);
        return command;
    }

    private static int Run(string file, string[] words, int near, string output, Terminal terminal)
    {
        OutputFiles.CheckWritable(output);
        OutputFiles.CheckNotInput(file, output);
        WordVectors vectors = EmbedFiles.Load(terminal, file);
        // A word is drawn once, in the group of the first word it belongs to.
        var groups = new OrderedDictionary<string, int>();
        for (int i = 0; i < words.Length; i++)
        {
            _ = vectors.RowOf(words[i]);
            groups.TryAdd(words[i], i);
        }

        for (int i = 0; near > 0 && i < words.Length; i++)
            foreach ((string word, _) in vectors.MostSimilar(words[i], near)) groups.TryAdd(word, i);
        if (groups.Count is < 3 or > MostWords)
            throw new UsageException($"there must be 3 to {MostWords} words to draw but there are {groups.Count}.");
        string[] all = [.. groups.Keys];
        (IReadOnlyList<(double X, double Y)> points, double shareX, double shareY) = vectors.Project(all);
        WordPlot.Save(output, all, points, [.. groups.Values], words.Length, shareX, shareY);
        terminal.Line($"{all.Length} words; the picture shows {100 * (shareX + shareY):0} % of the variance");
        terminal.Line($"wrote {output}");
        terminal.Json(json =>
        {
            json.WriteString("picture", output);
            json.WriteNumber("share_x", shareX);
            json.WriteNumber("share_y", shareY);
            json.WriteStartArray("words");
            for (int i = 0; i < all.Length; i++)
            {
                json.WriteStartObject();
                json.WriteString("word", all[i]);
                json.WriteNumber("x", points[i].X);
                json.WriteNumber("y", points[i].Y);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
        return ExitCode.Done;
    }
}
