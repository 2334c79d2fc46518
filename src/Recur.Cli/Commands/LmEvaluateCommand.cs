using System.CommandLine;
using Recur.Cli.Output;
using Recur.Text;

namespace Recur.Cli.Commands;

/// <summary><c>recur lm evaluate</c>: how well a model predicts a text.</summary>
internal static class LmEvaluateCommand
{
    public static VerbCommand Create()
    {
        var model = new Argument<string>("MODEL") { Description = "A model that 'recur lm train' wrote." };
        var texts = new Argument<string[]>("TEXT")
        {
            Description = "The text, in UTF-8; several files are read one after the other.",
            Arity = ArgumentArity.OneOrMore,
        };
        var last = new Option<float>("--last")
        {
            Description = "The share of the text, at its end, to predict: 0.1 is what 'recur lm train' keeps for "
                + "validation.",
            HelpName = "X",
            DefaultValueFactory = _ => 1f,
        };
        last.Validators.Add(r => VerbCommand.CheckNumber(
            r, "--last", "greater than 0 and at most 1", x => x is > 0 and <= 1));
        var streams = new Option<int>("--streams")
        {
            Description = "Cut the text into so many parts and read them side by side: faster, but each part begins "
                + "without memory of the one before.",
            HelpName = "N",
            DefaultValueFactory = _ => 1,
        };
        streams.Validators.Add(r => VerbCommand.CheckRange(r, "--streams", 1, 65_536));
        var command = new VerbCommand(
            "evaluate", "Measures how well a model predicts a text.",
            (parsed, terminal) => Run(
                parsed.GetRequiredValue(model), parsed.GetRequiredValue(texts), parsed.GetValue(last),
                parsed.GetValue(streams), terminal),
            hasSeed: false)
        {
            Details = """
                Every token but the first is predicted from all before it. The loss is the mean of -ln p(token),
                in nats; bits are the same with the logarithm to base 2; the perplexity, e to the loss, says how
                many equally likely tokens would be as hard to predict. The figures say something about a model
                only on a text that it has not learnt from.
                """,
            Examples = ["recur lm evaluate shakespeare.safetensors data/tinyshakespeare.txt --last 0.1"],
        };
        command.Arguments.Add(model);
        command.Arguments.Add(texts);
        command.Options.Add(last);
        command.Options.Add(streams);
        return command;
    }

    private static int Run(string path, string[] texts, float last, int streams, Terminal terminal)
    {
        LanguageModel model = LanguageModel.Load(path);
        TextSource text = TextSource.FromFiles(texts);
        LanguageModelScore score = terminal.WithProgress(
            "evaluating", display => Evaluate(
                model, text, Math.Round((double)last, 6), streams, display, terminal.Cancel));
        if (!double.IsFinite(score.Perplexity))
            throw new InvalidDataException(
                $"{path}: the model's loss on this text is {score.Loss}, so its weights must be damaged.");
        double unknown = (double)score.Unknown / score.Tokens;
        string unit = model.Tokenizer is CharacterTokenizer ? "character" : "token";
        terminal.Line($"tokens      {score.Tokens:#,0} ({unknown:0.0 %} not in the vocabulary)");
        terminal.Line($"loss        {score.Loss:0.0000} nats per {unit}");
        terminal.Line($"bits        {score.Bits:0.0000} per {unit}");
        terminal.Line($"perplexity  {score.Perplexity:0.00}");
        terminal.Json(json =>
        {
            json.WriteNumber("tokens", score.Tokens);
            json.WriteNumber("unknown", score.Unknown);
            json.WriteNumber("loss", score.Loss);
            json.WriteNumber("bits", score.Bits);
            json.WriteNumber("perplexity", score.Perplexity);
        });
        return ExitCode.Done;
    }

    private static LanguageModelScore Evaluate(
        LanguageModel model, TextSource text, double last, int streams, IProgress<WorkProgress> display,
        CancellationToken cancel)
    {
        try
        {
            return model.Evaluate(text, last, streams, new Tokens(display), cancel);
        }
        catch (KeyNotFoundException e)
        {
            throw new InvalidDataException($"{text.Name}: {e.Message}", e);
        }
    }

    private sealed class Tokens(IProgress<WorkProgress> display) : IProgress<(long Done, long Total)>
    {
        public void Report((long Done, long Total) value) =>
            display.Report(new WorkProgress(value.Done, value.Total, "tokens"));
    }
}
