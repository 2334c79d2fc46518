using System.CommandLine;
using Recur.Cli.Output;
using Recur.Forecasting;
using Recur.Training;

namespace Recur.Cli.Commands;

/// <summary><c>recur fit</c>: a CSV column to a model file.</summary>
internal static class FitCommand
{
    private sealed class Options
    {
        public Argument<string> Csv { get; } =
            new("CSV") { Description = "The series: a column of numbers, with dates or without." };

        public Option<string?> Output { get; } = new("--output", "-o")
        {
            Description = "The model to write; default: the CSV's name with .safetensors, in this folder.",
            HelpName = "FILE",
        };

        public Option<int?> Horizon { get; } = new("--horizon")
        {
            Description = "Steps ahead the model learns to run freely; default: two seasons, or 24.", HelpName = "N",
        };

        public Option<string?> Checkpoint { get; } = new("--checkpoint")
        {
            Description = "A file that keeps the state of training, renewed as it goes on and when it is interrupted.",
            HelpName = "FILE",
        };

        public Option<int> Every { get; } = new("--checkpoint-every")
        {
            Description = "Steps between checkpoints.", HelpName = "N",
            DefaultValueFactory = _ => new TrainingOptions().CheckpointEverySteps,
        };

        public Option<bool> Resume { get; } = new("--resume")
        {
            Description = "Go on from the checkpoint, if there is one; the model is the same as without the "
                + "interruption, bit for bit.",
        };

        public Option<string?> Log { get; } = new("--log")
        {
            Description = "Write loss, gradients and histograms of training: to a folder for TensorBoard, or to a file "
                + "of JSON lines when the name ends in .jsonl.",
            HelpName = "DIR|FILE",
        };

        public CsvOptionSet Reading { get; } = new();

        public ModelOptionSet Model { get; } = new();
    }

    public static VerbCommand Create()
    {
        var options = new Options();
        options.Horizon.Validators.Add(r => VerbCommand.CheckRange(r, "--horizon", 1, 100_000));
        options.Every.Validators.Add(r => VerbCommand.CheckRange(r, "--checkpoint-every", 1, 10_000_000));
        var command = new VerbCommand("fit", "Trains a forecasting model on a column of a CSV file and saves it.",
            (parsed, terminal) => Run(options, parsed, terminal))
        {
            Details = """
                The model is saved as safetensors with its configuration and the last values of the series, so
                'recur forecast MODEL' needs nothing else. To judge a model on values it has not seen, use
                'recur forecast CSV'.
                """,
            Examples =
            [
                "recur fit data/sunspots_monthly.csv -o sunspots.safetensors",
                "recur fit data/us_births.csv --column births --checkpoint births.checkpoint --resume",
                "recur fit data/sunspots_monthly.csv --log runs/sunspots",
            ],
        };
        command.Arguments.Add(options.Csv);
        command.Options.Add(options.Output);
        command.Options.Add(options.Horizon);
        foreach (Option option in options.Model.All) command.Options.Add(option);
        foreach (Option option in options.Reading.All) command.Options.Add(option);
        command.Options.Add(options.Checkpoint);
        command.Options.Add(options.Every);
        command.Options.Add(options.Resume);
        command.Options.Add(options.Log);
        return command;
    }

    private static int Run(Options options, ParseResult parsed, Terminal terminal)
    {
        string csv = parsed.GetRequiredValue(options.Csv);
        string path = parsed.GetValue(options.Output) ?? Path.GetFileNameWithoutExtension(csv) + ".safetensors";
        string? checkpoint = parsed.GetValue(options.Checkpoint);
        bool resume = parsed.GetValue(options.Resume);
        if (resume && checkpoint is null)
            throw new UsageException("--resume needs --checkpoint, which names the file to go on from.");
        string? logPath = parsed.GetValue(options.Log);
        OutputFiles.CheckNotInput(csv, path, checkpoint, logPath);
        TimeSeries series = options.Reading.Read(csv, parsed);
        if (checkpoint is null) OutputFiles.CheckWritable(path);
        else OutputFiles.CheckWritable(path, checkpoint);
        using ITrainingLog? log = OutputFiles.OpenLog(logPath, path, checkpoint);
        terminal.Line(ForecastText.Series(series));
        if (resume && !File.Exists(checkpoint))
            terminal.Note($"{checkpoint}: there is no checkpoint yet, so training starts from the beginning.");

        ForecastOptions forecast = options.Model.Read(parsed, terminal.Seed);
        forecast = forecast with
        {
            Series = forecast.Series with { Horizon = parsed.GetValue(options.Horizon) },
            Training = forecast.Training with
            {
                CheckpointPath = checkpoint,
                CheckpointEverySteps = parsed.GetValue(options.Every),
                Resume = resume,
                Log = log,
            },
        };
        Forecaster model = terminal.WithProgress("training",
            display => Forecaster.Fit(series, forecast, new TrainingDisplay(display), terminal.Cancel));
        model.Save(path);

        TrainResult result = model.Training!;
        terminal.Line(ForecastText.Model(model));
        double seconds = result.Elapsed.TotalSeconds;
        terminal.Line($"training  {result.Step} steps in {seconds:0.0} s, loss {ProgressText.Loss(result.LastLoss)}");
        terminal.Line($"wrote     {path}");
        if (logPath is not null) terminal.Line($"log       {logPath}");
        foreach (TrainWarning warning in result.Warnings) terminal.Note(warning.Text);
        terminal.Json(json =>
        {
            json.WriteString("model", path);
            json.WriteString("series", series.Name);
            json.WriteNumber("values", series.Length);
            json.WriteString("cell", CellOption.Word(model.Model.Cell));
            json.WriteNumber("season", model.Season);
            json.WriteNumber("steps", result.Step);
            json.WriteNumber("loss", result.LastLoss);
            json.WriteNumber("seconds", seconds);
            if (logPath is not null) json.WriteString("log", logPath);
        });
        return ExitCode.Done;
    }
}
