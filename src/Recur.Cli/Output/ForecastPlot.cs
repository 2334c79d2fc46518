using Recur.Forecasting;
using ScottPlot;

namespace Recur.Cli.Output;

/// <summary>The picture of <c>recur forecast</c>: history, held-out values with the model's forecast of them, and the
/// forecast.</summary>
internal static class ForecastPlot
{
    private const int HistoryPerHorizon = 6; // so that the forecast is wide enough to be seen
    private const int LeastHistory = 48;

    /// <summary>Draws a forecast.</summary>
    /// <param name="path">The PNG file.</param>
    /// <param name="history">All known values, those held out included.</param>
    /// <param name="check">The hold-out; null for a model from a file.</param>
    /// <param name="forecast">The values after the history.</param>
    public static void Save(string path, TimeSeries history, ForecastEvaluation? check, TimeSeries forecast)
    {
        bool dated = history.Start is not null;
        string score = check is null ? "" : $" (MASE {check.Model.Mase:0.00} on the hold-out)";
        string title = $"{history.Name}: {forecast.Length} {Steps(forecast)} ahead{score}";
        Plot plot = Plots.Create(title, dated ? "date" : "step", history.Name);

        int longest = Math.Max(forecast.Length, check?.Actual.Length ?? 0);
        int shown = Math.Min(history.Length, Math.Max(LeastHistory, HistoryPerHorizon * longest));
        TimeSeries recent = history.SplitLast(shown).Tail;
        int heldOut = check?.Actual.Length ?? 0;
        (TimeSeries known, TimeSeries unseen) = recent.SplitLast(Math.Min(heldOut, shown));

        if (heldOut > 0)
        {
            // The line goes on without a gap between history and hold-out.
            TimeSeries joined = recent.SplitLast(Math.Min(heldOut + 1, shown)).Tail;
            Line(plot, known, "history", Plots.Black, 1.8f);
            Line(plot, joined, "held out", Plots.Grey, 1.8f);
            Line(plot, check!.Model.Forecast, "forecast of the hold-out", Plots.Blue, 2.4f);
            Divide(plot, unseen);
        }
        else Line(plot, recent, "history", Plots.Black, 1.8f);

        Line(plot, forecast, "forecast", Plots.Vermilion, 2.8f);
        Divide(plot, forecast);
        if (dated) Plots.UseDates(plot, "date", DateFormat(history.Frequency));
        plot.Axes.Margins(left: 0.01, right: 0.01, bottom: 0.05, top: 0.16); // above: room for the legend, in one row
        plot.Legend.Orientation = Orientation.Horizontal;
        plot.Legend.TightHorizontalWrapping = true;
        Plots.Save(plot, path, Alignment.UpperLeft);
    }

    private static void Line(Plot plot, TimeSeries series, string name, Color color, float width)
    {
        if (series.Length == 0) return;
        double[] x = [.. Enumerable.Range(0, series.Length).Select(i => X(series, i))];
        var line = plot.Add.ScatterLine(x, series.Values.ToArray(), color);
        line.LegendText = name;
        line.LineWidth = width;
    }

    private static void Divide(Plot plot, TimeSeries begins)
    {
        var line = plot.Add.VerticalLine(X(begins, 0), 1, Plots.Grey, LinePattern.Dashed);
        line.ExcludeFromLegend = true;
    }

    private static double X(TimeSeries series, int index) =>
        series.DateAt(index)?.ToOADate() ?? double.Parse(series.LabelAt(index));

    private static string DateFormat(Frequency frequency) => (frequency.Unit, frequency.Count) switch
    {
        (FrequencyUnit.Month, >= 12) => "yyyy",
        (FrequencyUnit.Month, _) => "yyyy-MM",
        (FrequencyUnit.Day, _) => "yyyy-MM-dd",
        _ => "yyyy-MM-dd\nHH:mm",
    };

    private static string Steps(TimeSeries series) => series.Length == 1 ? "step" : "steps";
}
