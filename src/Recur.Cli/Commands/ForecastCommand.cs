using System.CommandLine;
using System.Text.Json;
using Recur.Cli.Output;
using Recur.Forecasting;

namespace Recur.Cli.Commands;

/// <summary><c>recur forecast</c>: a CSV or a model file to a forecast with an honest score and a picture.</summary>
internal static class ForecastCommand
{
    private const int HorizonWithoutSeason = 24;

    private sealed class Options
    {
        public Argument<string> Input { get; } = new("CSV|MODEL")
        {
            Description = "A CSV file, which is trained on, or a model that 'recur fit' wrote (.safetensors).",
        };

        public Option<int?> Horizon { get; } =
            new("--horizon") { Description = "Steps to forecast; default: one season, or 24.", HelpName = "N" };

        public Option<int?> HoldOut { get; } = new("--hold-out")
        {
            Description = "Last values to keep from a first training, to score it; 0 for none; default: the horizon.",
            HelpName = "N",
        };

        public Option<string?> History { get; } = new("--history")
        {
            Description = "With a model: a CSV with newer values of the series, to go on from.", HelpName = "CSV",
        };

        public Option<string?> Output { get; } = new("--output", "-o")
        {
            Description = "The forecast to write; default: the input's name with .forecast.csv, in this folder.",
            HelpName = "CSV",
        };

        public Option<string?> Plot { get; } = new("--plot")
        {
            Description = "The picture to write, or none; default: the output's name with .png.", HelpName = "PNG",
        };

        public CsvOptionSet Reading { get; } = new();

        public ModelOptionSet Model { get; } = new();
    }

    public static VerbCommand Create()
    {
        var options = new Options();
        options.Horizon.Validators.Add(r => VerbCommand.CheckRange(r, "--horizon", 1, 100_000));
        options.HoldOut.Validators.Add(r => VerbCommand.CheckRange(r, "--hold-out", 0, 100_000));
        var command = new VerbCommand("forecast",
            "Forecasts a series: with a picture, and an honest score against the naive methods.",
            (parsed, terminal) => Run(options, parsed, terminal))
        {
            Details = """
                Given a CSV, two models are trained: one without the last values, which is scored on them against
                the last value repeated (naive) and the last season repeated (seasonal naive), and one on the
                whole series, which makes the forecast. A MASE below 1 means that the errors are smaller than
                those the seasonal naive method makes inside the history.

                Given a model file, nothing is trained: it continues the series it was trained on, or --history.
                """,
            Examples =
            [
                "recur forecast data/sunspots_monthly.csv --horizon 132",
                "recur forecast data/us_births.csv --column births --horizon 60 -o births.csv",
                "recur forecast sunspots.safetensors --horizon 24 --plot none",
            ],
        };
        command.Arguments.Add(options.Input);
        Option[] own = [options.Horizon, options.HoldOut, options.Output, options.Plot, options.History];
        foreach (Option option in own) command.Options.Add(option);
        foreach (Option option in options.Model.All) command.Options.Add(option);
        foreach (Option option in options.Reading.All) command.Options.Add(option);
        return command;
    }

    private static int Run(Options options, ParseResult parsed, Terminal terminal)
    {
        string input = parsed.GetRequiredValue(options.Input);
        bool isModel = IsModel(input);
        string output = parsed.GetValue(options.Output) ?? Path.GetFileNameWithoutExtension(input) + ".forecast.csv";
        string? plot = parsed.GetValue(options.Plot) ?? Path.ChangeExtension(output, ".png");
        if (plot == "none") plot = null;
        string? newer = parsed.GetValue(options.History);
        OutputFiles.CheckNotInput(input, output, plot);
        if (newer is not null) OutputFiles.CheckNotInput(newer, output, plot);

        if (isModel) RejectTraining(options, parsed, newer is not null);
        else if (newer is not null)
            throw new UsageException("--history is for a model file; a CSV is its own history.");

        TimeSeries history;
        TimeSeries forecast;
        Forecaster model;
        ForecastEvaluation? check = null;
        if (isModel)
        {
            model = Forecaster.Load(input);
            TimeSeries? given = newer is null ? null : options.Reading.Read(newer, parsed);
            CheckOutputs(output, plot);
            int horizon = parsed.GetValue(options.Horizon) ?? (model.Season > 1 ? model.Season : HorizonWithoutSeason);
            forecast = given is null ? model.Predict(horizon) : model.Predict(given, horizon);
            history = given ?? model.History;
        }
        else
        {
            history = options.Reading.Read(input, parsed);
            CheckOutputs(output, plot);
            (model, check, forecast) = Train(options, parsed, history, terminal);
        }

        ForecastCsv.Save(output, forecast);
        if (plot is not null) ForecastPlot.Save(plot, history, check, forecast);

        int n = forecast.Length;
        terminal.Line(ForecastText.Model(model));
        terminal.Line(
            $"forecast  {n} {(n == 1 ? "step" : "steps")}, {forecast.LabelAt(0)} to {forecast.LabelAt(n - 1)}");
        terminal.Line($"wrote     {output}{(plot is null ? "" : $" and {plot}")}");
        terminal.Json(json => WriteJson(json, model, check, forecast, output, plot));
        return ExitCode.Done;
    }

    private static (Forecaster Model, ForecastEvaluation? Check, TimeSeries Forecast) Train(
        Options options, ParseResult parsed, TimeSeries series, Terminal terminal)
    {
        terminal.Line(ForecastText.Series(series));
        ForecastOptions training = options.Model.Read(parsed, terminal.Seed);
        int horizon = parsed.GetValue(options.Horizon) ?? DefaultHorizon(series, training);
        int heldOut = parsed.GetValue(options.HoldOut) ?? horizon;
        training = training with { Series = training.Series with { Horizon = horizon } };

        ForecastEvaluation? check = heldOut == 0 ? null : terminal.WithProgress("scoring",
            display => Forecaster.Evaluate(series, heldOut, training, new TrainingDisplay(display), terminal.Cancel));
        if (check is not null) ForecastText.Scores(terminal, check);
        Forecaster model = terminal.WithProgress("training",
            display => Forecaster.Fit(series, training, new TrainingDisplay(display), terminal.Cancel));
        return (model, check, model.Predict(horizon));
    }

    private static int DefaultHorizon(TimeSeries series, ForecastOptions training)
    {
        int season = training.Series.Season ?? (series.Length > 1 ? Seasonality.Detect(series) : 1);
        int horizon = season > 1 ? season : HorizonWithoutSeason;
        return Math.Clamp(horizon, 1, Math.Max(1, series.Length / 4)); // a short series keeps enough to learn from
    }

    private static void CheckOutputs(string output, string? plot)
    {
        if (plot is null) OutputFiles.CheckWritable(output);
        else OutputFiles.CheckWritable(output, plot);
    }

    private static bool IsModel(string path) =>
        Path.GetExtension(path).Equals(".safetensors", StringComparison.OrdinalIgnoreCase);

    /// <summary>An option that would be ignored is an error: the user believes that it does something.</summary>
    private static void RejectTraining(Options options, ParseResult parsed, bool readsCsv)
    {
        IEnumerable<Option> useless = [.. options.Model.All, options.HoldOut, .. readsCsv ? [] : options.Reading.All];
        foreach (Option option in useless)
            if (parsed.GetResult(option) is { Implicit: false })
                throw new UsageException($"{option.Name} has no effect on a model file, which is trained already.");
    }

    private static void WriteJson(
        Utf8JsonWriter json, Forecaster model, ForecastEvaluation? check, TimeSeries forecast,
        string output, string? plot)
    {
        json.WriteString("series", model.Name);
        json.WriteString("cell", CellOption.Word(model.Model.Cell));
        json.WriteNumber("season", model.Season);
        if (check is not null)
        {
            json.WriteNumber("hold_out", check.Actual.Length);
            json.WriteStartArray("scores");
            foreach (ForecastScore s in check.Scores)
            {
                json.WriteStartObject();
                json.WriteString("method", s.Method);
                WriteNumber(json, "mae", s.Mae);
                WriteNumber(json, "rmse", s.Rmse);
                WriteNumber(json, "smape", s.Smape);
                WriteNumber(json, "mase", s.Mase);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteStartArray("forecast");
        for (int i = 0; i < forecast.Length; i++)
        {
            json.WriteStartObject();
            json.WriteString(forecast.Start is null ? "step" : "date", forecast.LabelAt(i));
            json.WriteNumber("value", (float)forecast[i]);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("output", output);
        if (plot is not null) json.WriteString("plot", plot);
    }

    /// <summary>JSON has no NaN: an error that is not defined, such as the MASE of a perfect history, is
    /// null.</summary>
    private static void WriteNumber(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value)) json.WriteNumber(name, value);
        else json.WriteNull(name);
    }
}
