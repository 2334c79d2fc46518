using System.CommandLine;
using Recur.Forecasting;

namespace Recur.Cli.Commands;

/// <summary>The options that say what a forecasting model is made of and how it is trained.</summary>
internal sealed class ModelOptionSet
{
    private static readonly ForecastOptions Usual = new();

    private readonly Option<int?> season =
        Number("--season", "The period in steps, 1 for none; default: found in the series.", 1, 100_000);
    private readonly Option<string> transform = VerbCommand.Choice("--transform", "auto",
        "What makes swings comparable before scaling.", "auto", "none", "sqrt", "log");

    private readonly Option<int?> context =
        Number("--context", "Known values read before each forecast; default: a season, at least 24.", 1, 100_000);
    private readonly CellOption cell = new();
    private readonly Option<int> hidden =
        Number("--hidden", "Hidden units per layer.", 1, 4096, Usual.Model.HiddenSize);
    private readonly Option<int> layers = Number("--layers", "Layers.", 1, 16, Usual.Model.NumLayers);
    private readonly Option<int> members =
        Number("--members", "Networks trained together; a forecast is their mean.", 1, 100, Usual.Model.Members);
    private readonly Option<int> steps = Number("--steps",
        "Training steps; the last seventh runs freely over the horizon.", 2, 10_000_000,
        Usual.Training.TeacherForcedSteps + Usual.Training.FreeRunningSteps);

    private readonly Option<float> rate = new("--learning-rate")
    {
        Description = "The first step's learning rate.", HelpName = "X",
        DefaultValueFactory = _ => Usual.Training.LearningRate,
    };

    public ModelOptionSet() => rate.Validators.Add(
        r => VerbCommand.CheckNumber(r, "--learning-rate", "greater than 0 and at most 1", x => x is > 0 and <= 1));

    public IReadOnlyList<Option> All => [season, transform, context, cell.Option, hidden, layers, members, steps, rate];

    /// <summary>The options as the library takes them.</summary>
    public ForecastOptions Read(ParseResult parsed, ulong seed)
    {
        int all = parsed.GetValue(steps), free = all / 7; // the share that the defaults have
        return new ForecastOptions
        {
            Series = new SeriesOptions { Season = parsed.GetValue(season) },
            Preprocessing = new PreprocessingOptions
            {
                Context = parsed.GetValue(context),
                Transform = parsed.GetValue(transform) switch
                {
                    "none" => Transform.None,
                    "sqrt" => Transform.SquareRoot,
                    "log" => Transform.Log,
                    _ => Transform.Auto,
                },
            },
            Model = Usual.Model with
            {
                Cell = cell.Read(parsed),
                HiddenSize = parsed.GetValue(hidden),
                NumLayers = parsed.GetValue(layers),
                Members = parsed.GetValue(members),
            },
            Training = Usual.Training with
            {
                TeacherForcedSteps = all - free,
                FreeRunningSteps = free,
                LearningRate = parsed.GetValue(rate),
                Seed = seed,
            },
        };
    }

    private static Option<int?> Number(string name, string description, int low, int high)
    {
        var option = new Option<int?>(name) { Description = description, HelpName = "N" };
        option.Validators.Add(r => VerbCommand.CheckRange(r, name, low, high));
        return option;
    }

    private static Option<int> Number(string name, string description, int low, int high, int usual)
    {
        var option = new Option<int>(name)
        {
            Description = description, HelpName = "N", DefaultValueFactory = _ => usual,
        };
        option.Validators.Add(r => VerbCommand.CheckRange(r, name, low, high));
        return option;
    }
}
