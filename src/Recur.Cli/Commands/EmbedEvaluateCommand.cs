using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Recur.Cli.Output;
using Recur.Text;

namespace Recur.Cli.Commands;

/// <summary><c>recur embed evaluate</c>: how well vectors agree with what people say.</summary>
internal static class EmbedEvaluateCommand
{
    private sealed record Options(
        Argument<string> File, Option<string[]> Pairs, Option<string[]> Analogies, Option<int> Among,
        Option<bool> CaseSensitive, Option<bool> CountUnknown);

    public static VerbCommand Create()
    {
        var options = new Options(
            EmbedFiles.Argument(),
            new("--pairs")
            {
                Description = "Pairs of words and how similar people find them: lines of word, word and number with tabs "
                    + "between, as WordSim-353 and SimLex-999.",
                HelpName = "FILE",
            },
            new("--analogies")
            {
                Description = "Analogies: lines of four words, sections beginning with a colon, as questions-words.txt.",
                HelpName = "FILE",
            },
            new("--among")
            {
                Description = "Only the first N words of the file take part.", HelpName = "N",
                DefaultValueFactory = _ => new WordVectorEvaluation().RestrictVocabulary!.Value,
            },
            new("--case-sensitive") { Description = "Paris and paris are different words." },
            new("--count-unknown")
            {
                Description = "What has no vector counts as similarity 0, or as a wrong answer, instead of being left out.",
            });
        options.Among.Validators.Add(r => VerbCommand.CheckRange(r, "--among", 1, int.MaxValue));
        var command = new VerbCommand(
            "evaluate", "Measures how well word vectors agree with what people say.",
            (parsed, terminal) => Run(options, parsed, terminal), hasSeed: false)
        {
            Details = """
                Pairs: how the similarities correlate with people's, Pearson's of the numbers and Spearman's
                of the ranks. Analogies: the share of right answers. Both are gensim's figures.
                """,
            Examples = ["recur embed evaluate vectors.bin --pairs wordsim353.tsv --analogies questions-words.txt"],
        };
        command.Arguments.Add(options.File);
        foreach (Option option in (Option[])
            [options.Pairs, options.Analogies, options.Among, options.CaseSensitive, options.CountUnknown])
            command.Options.Add(option);
        return command;
    }

    private static int Run(Options options, ParseResult parsed, Terminal terminal)
    {
        string[] pairs = parsed.GetValue(options.Pairs) ?? [], analogies = parsed.GetValue(options.Analogies) ?? [];
        if (pairs.Length + analogies.Length == 0)
            throw new UsageException("--pairs or --analogies must name a file to evaluate with.");
        WordVectors vectors = EmbedFiles.Load(terminal, parsed.GetRequiredValue(options.File));
        var how = new WordVectorEvaluation
        {
            RestrictVocabulary = parsed.GetValue(options.Among),
            IgnoreCase = !parsed.GetValue(options.CaseSensitive),
            CountUnknown = parsed.GetValue(options.CountUnknown),
        };
        (string File, WordPairScore Score)[] pairScores =
            [.. pairs.Select(file => (file, vectors.EvaluatePairs(TextSource.FromFile(file), how)))];
        (string File, AnalogyScore Score)[] analogyScores =
        [
            .. analogies.Select(file => (file, vectors.EvaluateAnalogies(TextSource.FromFile(file), how, terminal.Cancel))),
        ];

        if (pairScores.Length > 0)
            terminal.Table(
                ["pairs", "Pearson", "Spearman", "pairs", "unknown"],
                pairScores.Select(p => (string[])
                [
                    Path.GetFileName(p.File), Four(p.Score.Pearson), Four(p.Score.Spearman),
                    p.Score.Pairs.ToString("N0", CultureInfo.InvariantCulture), Percent(p.Score.UnknownShare),
                ]));
        foreach ((string file, AnalogyScore score) in analogyScores)
            terminal.Table(
                [$"analogies of {Path.GetFileName(file)}", "right", "asked", "share", "unknown"],
                score.Sections.Append(score.Total).Select(s => (string[])
                [
                    s.Name, s.Correct.ToString("N0", CultureInfo.InvariantCulture),
                    s.Asked.ToString("N0", CultureInfo.InvariantCulture), s.Asked == 0 ? "" : Percent(s.Accuracy),
                    s.Unknown.ToString("N0", CultureInfo.InvariantCulture),
                ]));
        terminal.Json(json =>
        {
            json.WriteStartArray("pairs");
            foreach ((string file, WordPairScore score) in pairScores) Write(json, file, score);
            json.WriteEndArray();
            json.WriteStartArray("analogies");
            foreach ((string file, AnalogyScore score) in analogyScores)
            {
                json.WriteStartObject();
                json.WriteString("file", file);
                json.WriteStartArray("sections");
                foreach (AnalogySection section in score.Sections.Append(score.Total))
                {
                    json.WriteStartObject();
                    json.WriteString("name", section.Name);
                    json.WriteNumber("correct", section.Correct);
                    json.WriteNumber("asked", section.Asked);
                    json.WriteNumber("unknown", section.Unknown);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
        return ExitCode.Done;
    }

    private static void Write(Utf8JsonWriter json, string file, WordPairScore score)
    {
        json.WriteStartObject();
        json.WriteString("file", file);
        if (double.IsFinite(score.Pearson)) json.WriteNumber("pearson", score.Pearson);
        if (double.IsFinite(score.Spearman)) json.WriteNumber("spearman", score.Spearman);
        json.WriteNumber("pairs", score.Pairs);
        json.WriteNumber("unknown", score.Unknown);
        json.WriteEndObject();
    }

    private static string Four(double value) =>
        double.IsFinite(value) ? value.ToString("0.0000", CultureInfo.InvariantCulture) : "none";

    private static string Percent(double share) => (100 * share).ToString("0.00", CultureInfo.InvariantCulture) + " %";
}
