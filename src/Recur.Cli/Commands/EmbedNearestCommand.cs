using System.CommandLine;
using System.Globalization;
using Recur.Cli.Output;
using Recur.Text;

namespace Recur.Cli.Commands;

/// <summary><c>recur embed nearest</c> and <c>analogy</c>: the words around some words.</summary>
internal static class EmbedNearestCommand
{
    public static VerbCommand Create()
    {
        Argument<string> file = EmbedFiles.Argument();
        var words = new Argument<string[]>("WORD")
        {
            Description = "The word; of several, the sum of their directions.", Arity = ArgumentArity.OneOrMore,
        };
        var minus = new Option<string[]>("--minus", "-m")
        {
            Description = "Words to be far from; may be given several times.", HelpName = "WORD",
        };
        Option<int> count = CountOption();
        Option<int?> among = AmongOption();
        var command = new VerbCommand(
            "nearest", "Shows the words whose vectors are nearest to those of given words.",
            (parsed, terminal) => Run(
                EmbedFiles.Load(terminal, parsed.GetRequiredValue(file)), parsed.GetRequiredValue(words),
                parsed.GetValue(minus) ?? [], parsed.GetValue(count), parsed.GetValue(among), terminal),
            hasSeed: false)
        {
            Details = "All vectors are compared. The number is the cosine: 1 the same direction, 0 a right angle.",
            Examples =
            [
                "recur embed nearest glove.6B.100d.txt frog",
                "recur embed nearest vectors.bin king woman --minus man --count 3",
            ],
        };
        command.Arguments.Add(file);
        command.Arguments.Add(words);
        foreach (Option option in (Option[])[minus, count, among]) command.Options.Add(option);
        return command;
    }

    public static VerbCommand CreateAnalogy()
    {
        Argument<string> file = EmbedFiles.Argument();
        Argument<string>[] words =
        [
            new("A") { Description = "A is to B ..." }, new("B") { Description = "... as" },
            new("C") { Description = "C is to the words that are shown." },
        ];
        Option<int> count = CountOption();
        Option<int?> among = AmongOption();
        var command = new VerbCommand(
            "analogy", "Answers: A is to B as C is to what?",
            (parsed, terminal) => Run(
                EmbedFiles.Load(terminal, parsed.GetRequiredValue(file)),
                [parsed.GetRequiredValue(words[1]), parsed.GetRequiredValue(words[2])],
                [parsed.GetRequiredValue(words[0])], parsed.GetValue(count), parsed.GetValue(among), terminal),
            hasSeed: false)
        {
            Details = "The words nearest to B - A + C, the three left out.",
            Examples = ["recur embed analogy glove.6B.100d.txt man king woman"],
        };
        command.Arguments.Add(file);
        foreach (Argument<string> word in words) command.Arguments.Add(word);
        command.Options.Add(count);
        command.Options.Add(among);
        return command;
    }

    private static Option<int> CountOption()
    {
        var option = new Option<int>("--count", "-n")
        {
            Description = "How many words to show.", HelpName = "N", DefaultValueFactory = _ => 10,
        };
        option.Validators.Add(r => VerbCommand.CheckRange(r, "--count", 1, int.MaxValue));
        return option;
    }

    private static Option<int?> AmongOption()
    {
        var option = new Option<int?>("--among")
        {
            Description = "Look only among the first N words of the file, which mostly are the most frequent.", HelpName = "N",
        };
        option.Validators.Add(r => VerbCommand.CheckRange(r, "--among", 1, int.MaxValue));
        return option;
    }

    private static int Run(
        WordVectors vectors, string[] plus, string[] minus, int count, int? among, Terminal terminal)
    {
        IReadOnlyList<(string Word, float Similarity)> found = vectors.MostSimilar(plus, minus, count, among);
        terminal.Table(
            ["word", "similarity"],
            found.Select(f => (string[])[f.Word, f.Similarity.ToString("0.0000", CultureInfo.InvariantCulture)]));
        terminal.Json(json =>
        {
            json.WriteStartArray("nearest");
            foreach ((string word, float similarity) in found)
            {
                json.WriteStartObject();
                json.WriteString("word", word);
                json.WriteNumber("similarity", similarity);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
        return ExitCode.Done;
    }
}
