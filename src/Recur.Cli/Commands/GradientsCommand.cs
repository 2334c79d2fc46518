using System.CommandLine;
using Recur.Cli.Output;
using Recur.Data;

namespace Recur.Cli.Commands;

/// <summary><c>recur gradients</c>: vanishing, exploding and clipped gradients in one picture.</summary>
internal static class GradientsCommand
{
    private const double Solved = 0.01;

    public static VerbCommand Create()
    {
        var lengths = new Option<int[]>("--lengths")
        {
            Description = "Time steps of the sequences, up to four numbers; default: 25 50 100.", HelpName = "N N ...",
            AllowMultipleArgumentsPerToken = true,
        };
        lengths.Validators.Add(r =>
        {
            if (r.Tokens.Count > GradientsPlot.MostLengths)
                r.AddError(
                    $"--lengths takes at most {GradientsPlot.MostLengths} numbers but there are {r.Tokens.Count}.");
            foreach (var token in r.Tokens)
                if (int.TryParse(token.Value, out int value) && value is < 2 or > 10_000)
                    r.AddError($"--lengths must be in 2..10000 but was {value}.");
        });
        var iterations = new Option<int>("--iterations")
        {
            Description = "Training steps of each network.", HelpName = "N", DefaultValueFactory = _ => 1000,
        };
        iterations.Validators.Add(r => VerbCommand.CheckRange(r, "--iterations", 1, 10_000_000));
        var hidden = new Option<int>("--hidden")
        {
            Description = "Hidden units.", HelpName = "N", DefaultValueFactory = _ => 32,
        };
        hidden.Validators.Add(r => VerbCommand.CheckRange(r, "--hidden", 1, 4096));
        var clip = new Option<float>("--clip")
        {
            Description = "The norm that gradients are clipped to.", HelpName = "X", DefaultValueFactory = _ => 1f,
        };
        clip.Validators.Add(r =>
        {
            if (r.Tokens is [var token] && float.TryParse(token.Value, out float value)
                && !(value > 0 && float.IsFinite(value)))
                r.AddError($"--clip must be greater than 0 but was {value}.");
        });
        var output = new Option<string>("--output", "-o")
        {
            Description = "The picture to write.", HelpName = "PNG", DefaultValueFactory = _ => "gradients.png",
        };

        var command = new VerbCommand("gradients",
            "Shows how gradients vanish, explode and are clipped: trains RNN, GRU and LSTM on the adding problem and "
                + "draws it.",
            (parsed, terminal) => Run(
                parsed.GetValue(lengths) is { Length: > 0 } given ? given : [25, 50, 100],
                parsed.GetValue(iterations), parsed.GetValue(hidden), parsed.GetValue(clip),
                parsed.GetValue(output)!, terminal))
        {
            Details = """
                The adding problem (Hochreiter and Schmidhuber 1997): of the numbers of a sequence two are marked,
                one in each half, and their sum is asked for after the last one. Only gradients that reach back to
                the marks can teach it.

                Four networks are trained at each length, with gradients clipped by norm and without, by Adam at
                0.01 on batches of 32: an Elman network as PyTorch initialises it, one whose recurrent weights
                begin 5 times as large, a GRU, and an LSTM whose forget gates begin with a bias of 3.

                The picture's upper row has the norm of dLoss/dh_t against the time step t, on a logarithmic axis,
                as the mean over the last tenth of the training: solid with clipping, dashed without. The lower
                row has the norm of all gradients, as the optimizer got them, against the training step, for the
                longest sequences.

                The table has for every network the share of training steps that were clipped, the factor by which
                the gradient changes with every time step back, what of its largest norm is left at time step 1,
                the longest update, and the mean squared error on unseen sequences. One paragraph says what was
                found.
                """,
            Examples = ["recur gradients", "recur gradients --lengths 50 100 200 --iterations 2000 -o long.png"],
        };
        foreach (Option option in (Option[])[lengths, iterations, hidden, clip, output]) command.Options.Add(option);
        return command;
    }

    private static int Run(int[] lengths, int iterations, int hidden, float clip, string path, Terminal terminal)
    {
        OutputFiles.CheckWritable(path);
        int[] sorted = [.. lengths.Distinct().Order()];
        var experiment = new GradientsExperiment(hidden, iterations, clip, terminal.Seed);
        var runs = terminal.WithProgress("training", display =>
        {
            var done = new List<GradientsRun>();
            long step = 0, total = (long)GradientsNetwork.All.Count * sorted.Length * 2 * iterations;
            foreach (GradientsNetwork network in GradientsNetwork.All)
                foreach (int length in sorted)
                    foreach (bool clipped in (bool[])[true, false])
                    {
                        done.Add(experiment.Run(
                            network, length, clipped,
                            loss => display.Report(new WorkProgress(++step, total, "steps", loss)),
                            terminal.Cancel));
                        step = (long)done.Count * iterations;
                    }

            return done;
        });
        GradientsPlot.Save(path, runs, clip);

        terminal.Table(
            ["network", "steps", "clipped", "factor", "left", "longest", "error"],
            runs.Select(r => (IReadOnlyList<string>)
            [
                r.Network.Name, $"{r.Length}", r.Clipped ? $"{r.ClippedFraction:0%}" : "off",
                $"{r.FactorPerStep:0.000}",
                Short(r.Remaining), Short(Longest(r)), $"{r.Error:0.0000}",
            ]));
        foreach (string line in Wrap(Explanation(runs, clip))) terminal.Line(line);
        terminal.Line($"wrote {path}");
        terminal.Json(json =>
        {
            json.WriteNumber("clip", clip);
            json.WriteStartArray("runs");
            foreach (GradientsRun r in runs)
            {
                json.WriteStartObject();
                json.WriteString("network", r.Network.Word);
                json.WriteNumber("length", r.Length);
                json.WriteBoolean("clipped", r.Clipped);
                json.WriteNumber("clipped_fraction", r.ClippedFraction);
                if (double.IsFinite(r.FactorPerStep)) json.WriteNumber("factor_per_step", r.FactorPerStep);
                if (double.IsFinite(r.Remaining)) json.WriteNumber("remaining", r.Remaining);
                json.WriteNumber("longest_update", Longest(r));
                json.WriteNumber("steps", r.Steps.Length);
                json.WriteNumber("error", r.Error);
                json.WriteStartArray("norms");
                foreach (double norm in r.Norms) json.WriteNumberValue(double.IsFinite(norm) ? norm : double.MaxValue);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteString("explanation", Explanation(runs, clip));
            json.WriteString("picture", path);
        });
        return ExitCode.Done;
    }

    /// <summary>What the picture shows, with its numbers; of the longest sequences.</summary>
    internal static string Explanation(IReadOnlyList<GradientsRun> runs, float clip)
    {
        int longest = runs.Max(r => r.Length);
        GradientsRun Of(string word, bool clipped) =>
            runs.First(r => r.Network.Word == word && r.Length == longest && r.Clipped == clipped);
        GradientsRun rnn = Of("rnn", true), stretched = Of("rnn_stretched", false), bounded = Of("rnn_stretched", true);
        GradientsRun gru = Of("gru", true), lstm = Of("lstm", true);
        string ended = stretched.Steps.Length < bounded.Steps.Length
            ? $", and after {stretched.Steps.Length} steps is no number"
            : "";
        return
            $"Over {longest} time steps the gradient of the RNN {Course(rnn)}, so {Left(rnn)} of it is left at time " +
            $"step 1; its error is {rnn.Error:0.0000} ({Verdict(rnn)}). With recurrent weights " +
            $"{GradientsExperiment.Stretch:0} times as large it {Course(stretched)}, and the longest update without " +
            $"clipping has a gradient of norm {Short(Longest(stretched))}{ended}; clipping bounds every update to " +
            $"{clip}, which it had to do in {bounded.ClippedFraction:0%} of the steps: it bounds the step, but does " +
            $"not bring back what has vanished. The gates of GRU and LSTM can let a state through unchanged: their " +
            $"gradients change by " +
            $"{gru.FactorPerStep:0.000} and {lstm.FactorPerStep:0.000} per time step, {Left(gru)} and " +
            $"{Left(lstm)} is left at time step 1, and their errors are {gru.Error:0.0000} ({Verdict(gru)}) and " +
            $"{lstm.Error:0.0000} ({Verdict(lstm)}). Always answering 1 has an error " +
            $"of {AddingProblem.ErrorOfTheMean:0.0000}.";
    }

    private static string Course(GradientsRun run) => run.FactorPerStep switch
    {
        < 0.995 => $"fades by a factor of {run.FactorPerStep:0.000} with every time step back",
        > 1.005 => $"grows by a factor of {run.FactorPerStep:0.000} with every time step back",
        _ => $"keeps its length (a factor of {run.FactorPerStep:0.000} per time step)",
    };

    private static string Left(GradientsRun run) =>
        run.Remaining >= 0.01 ? $"{run.Remaining:0%}" : Short(run.Remaining);

    private static string Verdict(GradientsRun run) =>
        run.Error < Solved ? "solved"
            : run.Error > 0.5 * AddingProblem.ErrorOfTheMean ? "nothing learnt" : "not solved yet";

    private static double Longest(GradientsRun run) => run.Steps.Length == 0 ? 0 : run.Steps.Max();

    private static string Short(double value) =>
        value is >= 0.01 and < 1000 ? value.ToString("0.00") : value == 0 ? "0" : value.ToString("0.0e+0");

    private static IEnumerable<string> Wrap(string text)
    {
        const int width = 100;
        string line = "";
        foreach (string word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line;
                line = "";
            }

            line += line.Length == 0 ? word : " " + word;
        }

        yield return line;
    }
}
