using System.CommandLine;
using Recur.Cli.Output;
using Recur.Nn;

namespace Recur.Cli.Commands;

/// <summary><c>recur sine</c>: the classic tutorial in a second.</summary>
internal static class SineCommand
{
    public static VerbCommand Create()
    {
        var cell = new CellOption();
        Option<string> state = VerbCommand.Choice("--state", "zero",
            "Where a window's first hidden state comes from: zero, or the window before, as in the tutorial.", "zero",
            "carry");
        var iterations = new Option<int>("--iterations")
        {
            Description = "Training steps.", HelpName = "N", DefaultValueFactory = _ => 6000,
        };
        iterations.Validators.Add(r => VerbCommand.CheckRange(r, "--iterations", 1, 10_000_000));
        var start = new Option<int?>("--start")
        {
            Description = "The start of the free run in the picture, 0, 1 or 2; default: drawn by the seed.",
            HelpName = "N",
        };
        start.Validators.Add(r => VerbCommand.CheckRange(r, "--start", 0, SineExperiment.Starts - 1));
        var output = new Option<string>("--output", "-o")
        {
            Description = "The picture to write.", HelpName = "PNG", DefaultValueFactory = _ => "sine.png",
        };

        var command = new VerbCommand("sine",
            "Trains the classic tutorial: a small recurrent network learns a sine, then continues one by itself.",
            (parsed, terminal) => Run(
                cell.Read(parsed), parsed.GetValue(state) == "carry" ? SineState.Carry : SineState.Zero,
                parsed.GetValue(iterations), parsed.GetValue(start), parsed.GetValue(output)!, terminal))
        {
            Details = """
                A window has 60 points of sin over [start, start + 10], start 0, 1 or 2; inputs are points 0 to
                58, targets 1 to 59. The model is Rnn(1, 10, 2 layers), or a Gru or an Lstm of this size, and
                Linear(10, 1), trained with mean squared error and Adam at 0.005. Then it runs freely: from one
                point, each prediction is the next input.

                With --state carry this is the tutorial to the letter: each iteration takes one random window,
                feeds the true points, and begins with the state the window before has left. The loss gets small,
                but the free run drifts off, in PyTorch too: windows that have nothing to do with each other share
                a state, and the model never meets its own errors in training.

                The default changes what causes that. Every window begins with a zero state. Each iteration
                trains on all three windows, whose first points sin 1 = 0.84 (rising) and sin 2 = 0.91 (falling)
                must be told apart. The inputs become the model's own predictions, from one step at first to all
                steps after three quarters of the iterations, with gradients through them. Gradients are clipped
                to norm 0.5 and the learning rate falls to zero along a half cosine. It serves all three cells.
                """,
            Examples =
            [
                "recur sine",
                "recur sine --cell lstm -o lstm.png",
                "recur sine --state carry --start 1 -o carry.png",
                "recur sine --seed 7 --json",
            ],
        };
        foreach (Option option in (Option[])[cell.Option, state, iterations, start, output])
            command.Options.Add(option);
        return command;
    }

    private static int Run(CellKind cell, SineState state, int iterations, int? wanted, string path, Terminal terminal)
    {
        OutputFiles.CheckWritable(path);
        var experiment = new SineExperiment(cell, iterations, state);
        double loss = experiment.Train((i, l) => terminal.Line($"iteration:{i} loss:{l:0.000000}"), terminal.Cancel);
        int start = wanted ?? Rng.Default.NextInt(0, SineExperiment.Starts);
        float[][] runs = [.. Enumerable.Range(0, SineExperiment.Starts).Select(experiment.RunFreely)];
        double[] errors = [.. runs.Select((run, s) => SineExperiment.Error(s, run))];
        SinePlot.Save(path, cell, start, runs[start], errors[start]);

        double microseconds = experiment.SecondsPerIteration * 1e6;
        terminal.Line($"mean loss of the last 100 iterations: {loss:0.000000}");
        for (int s = 0; s < errors.Length; s++)
            terminal.Line($"free run from sin({s}): mean squared error {errors[s]:0.000000}");
        string unit = iterations == 1 ? "iteration" : "iterations";
        terminal.Line($"{cell}(1, {SineNetwork.HiddenSize}, {SineNetwork.Layers} layers): {iterations} {unit}, "
            + $"{microseconds:0.0} us and {experiment.BytesPerIteration:0} allocated bytes each");
        terminal.Line($"wrote {path} (free run from sin({start}))");
        terminal.Json(json =>
        {
            json.WriteString("cell", CellOption.Word(cell));
            json.WriteString("state", state == SineState.Carry ? "carry" : "zero");
            json.WriteNumber("iterations", iterations);
            json.WriteNumber("loss", loss);
            json.WriteStartArray("free_run_mse");
            foreach (double e in errors) json.WriteNumberValue(e);
            json.WriteEndArray();
            json.WriteNumber("microseconds_per_iteration", microseconds);
            json.WriteNumber("bytes_per_iteration", experiment.BytesPerIteration);
            json.WriteNumber("start", start);
            json.WriteString("picture", path);
        });
        return ExitCode.Done;
    }
}
