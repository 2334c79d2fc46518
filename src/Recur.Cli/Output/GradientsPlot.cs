using Recur.Cli.Commands;
using ScottPlot;

namespace Recur.Cli.Output;

/// <summary>The picture of <c>recur gradients</c>: a column for each network; above the gradients of its states over
/// the time steps, below the gradients its optimizer got over the training.</summary>
internal static class GradientsPlot
{
    /// <summary>Colours that can be told apart.</summary>
    public const int MostLengths = 4;

    private const int Lowest = -12, Highest = 12; // decades that are shown at least to at most
    private static readonly Color[] Colors = [Plots.Green, Plots.Blue, Plots.Vermilion, Plots.Black];

    public static void Save(string path, IReadOnlyList<GradientsRun> runs, float clip)
    {
        IReadOnlyList<GradientsNetwork> networks = GradientsNetwork.All;
        int[] lengths = [.. runs.Select(r => r.Length).Distinct().Order()];
        (double low, double high) = Decades(runs.SelectMany(r => r.Norms));
        GradientsRun[] longest = [.. runs.Where(r => r.Length == lengths[^1])];
        (double lowStep, double highStep) = Decades(longest.SelectMany(r => r.Steps, (_, v) => (double)v));
        var panels = new List<Plot>();
        foreach (GradientsNetwork network in networks)
        {
            bool isFirst = network == networks[0];
            Plot plot = Panel(network.Name, "time step t", isFirst ? "norm of dLoss/dh_t" : "", low, high);
            for (int i = 0; i < lengths.Length; i++)
                foreach (GradientsRun run in runs.Where(r => r.Network == network && r.Length == lengths[i]))
                {
                    var line = Line(plot, run.Norms, Colors[i], run.Clipped, low);
                    if (isFirst && run.Clipped) line.LegendText = $"{run.Length} steps";
                    if (network == networks[1] && i == lengths.Length - 1)
                        line.LegendText = run.Clipped ? "clipped" : "not clipped";
                }

            plot.Axes.SetLimitsX(0, lengths[^1] * 1.02);
            if (isFirst) plot.ShowLegend(Alignment.LowerRight);
            if (network == networks[1]) plot.ShowLegend(Alignment.LowerRight);
            panels.Add(plot);
        }

        foreach (GradientsNetwork network in networks)
        {
            bool isFirst = network == networks[0];
            Plot plot = Panel("", "training step", isFirst ? "norm of the update's gradient" : "", lowStep, highStep);
            foreach (GradientsRun run in longest.Where(r => r.Network == network).OrderBy(r => r.Clipped))
            {
                double[] norms = [.. run.Steps.Select(v => (double)v)];
                var line = Line(plot, norms, run.Clipped ? Colors[lengths.Length - 1] : Plots.Grey, true, lowStep);
                line.LineWidth = 1.2f;
                if (isFirst) line.LegendText = run.Clipped ? $"clipped to {clip}" : "not clipped";
            }

            if (isFirst) plot.ShowLegend(Alignment.UpperRight);
            panels.Add(plot);
        }

        Plots.SaveGrid(panels, networks.Count, path);
    }

    private static Plot Panel(string title, string xLabel, string yLabel, double low, double high)
    {
        Plot plot = Plots.Create(title, xLabel, yLabel);
        plot.Axes.SetLimitsY(low, high);
        plot.Axes.Left.TickGenerator = new ScottPlot.TickGenerators.NumericAutomatic
        {
            LabelFormatter = decade => $"1e{decade:0}", IntegerTicksOnly = true,
        };
        return plot;
    }

    private static ScottPlot.Plottables.Scatter Line(Plot plot, double[] values, Color color, bool solid, double low)
    {
        double[] x = [.. Enumerable.Range(1, values.Length).Select(i => (double)i)];
        double[] y = [.. values.Select(v => v > 0 && double.IsFinite(v) ? Math.Max(Math.Log10(v), low - 1) : low - 1)];
        var line = plot.Add.ScatterLine(x, y, color);
        line.LineWidth = 2.2f;
        if (!solid) line.LinePattern = LinePattern.Dashed;
        return line;
    }

    private static (double Low, double High) Decades(IEnumerable<double> values)
    {
        double[] logs = [.. values.Where(v => v > 0 && double.IsFinite(v)).Select(Math.Log10)];
        if (logs.Length == 0) return (-1, 1);
        double high = Math.Min(Highest, Math.Ceiling(logs.Max() + 0.3));
        return (Math.Max(Lowest, Math.Floor(logs.Min())), Math.Max(high, Lowest + 1));
    }
}
