using System.CommandLine;
using Recur.Cli.Output;
using Recur.Text;

namespace Recur.Cli.Commands;

/// <summary><c>recur lm evaluate</c>: how well a model predicts a text.</summary>
internal static class LmEvaluateCommand
{
    public static VerbCommand Create()
    {
        var model = new Argument<string>("MODEL") { Description = "A model of 'recur lm train'." };
        var texts = new Argument<string[]>("TEXT")
        {
            Description = "The text, UTF-8; several files are read one after the other.",
            Arity = ArgumentArity.OneOrMore,
        };
        var command = new VerbCommand(
            "evaluate", "Measures how well a model predicts a text it has not seen.",
            (parsed, terminal) => Run(parsed.GetRequiredValue(model), parsed.GetRequiredValue(texts), terminal),
            hasSeed: false)
        {
            Details = """
                Every token but the first is predicted from all before it, with the state carried to the end. Loss in
                nats per token, the same in bits, and its exponential, the perplexity.
                """,
            Examples = ["recur lm evaluate shakespeare.safetensors data/tinyshakespeare.txt"],
        };
        command.Arguments.Add(model);
        command.Arguments.Add(texts);
        return command;
    }

    private static int Run(string path, string[] texts, Terminal terminal)
    {
        LanguageModel model = LanguageModel.Load(path);
        LanguageModelScore score = model.Evaluate(TextSource.FromFiles(texts), terminal.Cancel);
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
}
