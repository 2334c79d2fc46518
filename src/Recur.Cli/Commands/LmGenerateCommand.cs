using System.CommandLine;
using System.Text;
using Recur.Cli.Output;
using Recur.Text;

namespace Recur.Cli.Commands;

/// <summary><c>recur lm generate</c>: a model continues a text.</summary>
internal static class LmGenerateCommand
{
    private const int MostNamed = 10; // of the prompt's unknown tokens

    private sealed class Options
    {
        public Argument<string> Model { get; } = new("MODEL") { Description = "A model that 'recur lm train' wrote." };

        public Option<string> Prompt { get; } = new("--prompt", "-p")
        {
            Description = "The text to continue, which is printed too; default: the beginning of a line.",
            HelpName = "TEXT", DefaultValueFactory = _ => "",
        };

        public Option<int> Length { get; } = new("--length", "-n")
        {
            Description = "Tokens to write: characters or words, as the model was trained.", HelpName = "N",
            DefaultValueFactory = _ => 500,
        };

        public Option<float> Temperature { get; } = new("--temperature")
        {
            Description = "Below 1 the probable becomes more probable, above 1 less; 0 always takes the most probable "
                + "token.",
            HelpName = "X", DefaultValueFactory = _ => 1f,
        };

        public Option<int?> TopK { get; } =
            new("--top-k") { Description = "Choose among the N most probable tokens only.", HelpName = "N" };

        public Option<float?> TopP { get; } = new("--top-p")
        {
            Description = "Choose among the fewest tokens that together have this probability, above 0 to 1.",
            HelpName = "X",
        };
    }

    public static VerbCommand Create()
    {
        var options = new Options();
        options.Length.Validators.Add(r => VerbCommand.CheckRange(r, "--length", 0, int.MaxValue));
        options.TopK.Validators.Add(r => VerbCommand.CheckRange(r, "--top-k", 1, int.MaxValue));
        options.Temperature.Validators.Add(r => VerbCommand.CheckNumber(
            r, "--temperature", "finite and at least 0", x => x >= 0 && float.IsFinite(x)));
        options.TopP.Validators.Add(r => VerbCommand.CheckNumber(
            r, "--top-p", "greater than 0 and at most 1", x => x is > 0 and <= 1));
        var command = new VerbCommand(
            "generate", "Continues a text with a trained model, token by token.",
            (parsed, terminal) => Run(options, parsed, terminal), hasThreads: false)
        {
            Details = """
                What of the prompt is not in the model's vocabulary is read as <unk>, and a note says so; <unk>
                itself is never written. The same model, prompt, options and seed give the same text.
                """,
            Examples =
            [
                "recur lm generate shakespeare.safetensors --prompt \"ROMEO:\" --length 800 --temperature 0.8",
                "recur lm generate shakespeare.safetensors --top-k 10 --top-p 0.9 --seed 7",
            ],
        };
        command.Arguments.Add(options.Model);
        Option[] all = [options.Prompt, options.Length, options.Temperature, options.TopK, options.TopP];
        foreach (Option option in all) command.Options.Add(option);
        return command;
    }

    private static int Run(Options options, ParseResult parsed, Terminal terminal)
    {
        LanguageModel model = LanguageModel.Load(parsed.GetRequiredValue(options.Model));
        string prompt = parsed.GetValue(options.Prompt)!;
        var sampling = new SamplingOptions
        {
            Temperature = parsed.GetValue(options.Temperature),
            TopK = parsed.GetValue(options.TopK),
            TopP = parsed.GetValue(options.TopP),
            Seed = terminal.Seed,
        };
        Vocabulary vocabulary = model.Vocabulary;
        string[] unknown =
            [.. model.Tokenizer.Tokenize(prompt).Where(token => !vocabulary.TryGetId(token, out _)).Distinct()];
        if (unknown.Length > 0 && vocabulary.UnknownId is null)
            throw new InvalidDataException(
                $"the prompt's {Quoted(unknown[0])} is not in the model's vocabulary, which has no unknown token.");
        IEnumerable<string> tokens = model.Generate(prompt, sampling).Take(parsed.GetValue(options.Length));
        if (unknown.Length > 0 && vocabulary.UnknownId is { } id)
            terminal.Note($"Not in the model's vocabulary, and read as {vocabulary[id]}: "
                + string.Join(" ", unknown.Take(MostNamed).Select(Quoted))
                + (unknown.Length > MostNamed ? " ..." : ""));
        var text = new StringBuilder();
        terminal.Write(prompt);
        foreach (string token in tokens)
        {
            terminal.Cancel.ThrowIfCancellationRequested();
            terminal.Write(token);
            if (terminal.IsJson) text.Append(token);
        }

        terminal.Line();
        terminal.Json(json =>
        {
            json.WriteString("prompt", prompt);
            json.WriteString("text", text.ToString());
            json.WriteNumber("unknown_in_prompt", unknown.Length);
        });
        return ExitCode.Done;
    }

    private static string Quoted(string token) =>
        token is [char only] && char.IsControl(only) ? $"U+{(int)only:X4}" : $"\"{token}\"";
}
