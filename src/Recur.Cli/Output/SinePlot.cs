using Recur.Cli.Commands;
using Recur.Nn;
using ScottPlot;

namespace Recur.Cli.Output;

/// <summary>The picture of <c>recur sine</c>: the true points and the free run.</summary>
internal static class SinePlot
{
    public static void Save(string path, CellKind cell, int start, float[] predicted, double error)
    {
        string title = $"{cell}, a free run from the single point sin({start}): mean squared error {error:0.000000}";
        Plot plot = Plots.Create(title, "t", "sin t");
        double[] times = [.. Enumerable.Range(0, SineExperiment.Points).Select(i => SineExperiment.TimeOf(start, i))];

        var truth = plot.Add.Scatter(times, times.Select(Math.Sin).ToArray(), Plots.Black);
        truth.LegendText = "sine";
        truth.LineWidth = 1.5f;
        truth.MarkerSize = 9;
        truth.MarkerShape = MarkerShape.OpenCircle;

        var first = plot.Add.ScatterPoints(times[..1], [Math.Sin(start)], Plots.Blue);
        first.LegendText = "the one point given";
        first.MarkerSize = 16;
        first.MarkerShape = MarkerShape.FilledSquare;

        var run = plot.Add.ScatterPoints(times[1..], predicted.Select(p => (double)p).ToArray(), Plots.Vermilion);
        run.LegendText = "prediction";
        run.MarkerSize = 8;

        plot.Axes.SetLimitsY(-1.5, 1.5);
        Plots.Save(plot, path, Alignment.UpperRight);
    }
}
