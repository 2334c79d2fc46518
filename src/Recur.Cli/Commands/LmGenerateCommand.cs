using System.CommandLine;
using System.Text;
using Recur.Cli.Output;
using Recur.Text;

namespace Recur.Cli.Commands;

/// <summary><c>recur lm generate</c>: a model continues a text.</summary>
internal static class LmGenerateCommand
{
    private sealed class Options
    {
        public Argument<string> Model { get; } = new("MODEL") { Description = "A model of 'recur lm train'." };

        public Option<string> Prompt { get; } = new("--prompt", "-p")
        {
            Description = "The text to continue; it is printed too.", HelpName = "TEXT", DefaultValueFactory = _ => "",
        };

        public Option<int> Length { get; } = new("--length", "-n")
        {
            Description = "Tokens to write.", HelpName = "N", DefaultValueFactory = _ => 500,
        };

        public Option<float> Temperature { get; } = new("--temperature")
        {
            Description = "Below 1 the probable becomes more probable; 0 always takes the most probable token.",
            HelpName = "X", DefaultValueFactory = _ => 1f,
        };

        public Option<int?> TopK { get; } =
            new("--top-k") { Description = "Choose among the K most probable tokens only.", HelpName = "K" };

        public Option<float?> TopP { get; } = new("--top-p")
        {
            Description = "Choose among the fewest tokens that together have this probability.", HelpName = "P",
        };
    }

    public static VerbCommand Create()
    {
        var options = new Options();
        options.Length.Validators.Add(r => VerbCommand.CheckRange(r, "--length", 0, int.MaxValue));
        var command = new VerbCommand(
            "generate", "Continues a text with a trained model, token by token.",
            (parsed, terminal) => Run(options, parsed, terminal), hasThreads: false)
        {
            Examples =
            [
                "recur lm generate shakespeare.safetensors --prompt \"ROMEO:\" --length 800 --temperature 0.8",
                "recur lm generate shakespeare.safetensors --top-k 10 --top-p 0.9 --seed 7",
            ],
        };
        command.Arguments.Add(options.Model);
        foreach (Option option in (Option[])
            [options.Prompt, options.Length, options.Temperature, options.TopK, options.TopP]) command.Options.Add(option);
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
        var text = new StringBuilder();
        terminal.Write(prompt);
        foreach (string token in model.Generate(prompt, sampling).Take(parsed.GetValue(options.Length)))
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
        });
        return ExitCode.Done;
    }
}
