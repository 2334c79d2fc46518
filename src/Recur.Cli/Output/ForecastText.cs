using System.Globalization;
using Recur.Forecasting;

namespace Recur.Cli.Output;

/// <summary>What fit and forecast say about series, models and scores.</summary>
internal static class ForecastText
{
    public static string Series(TimeSeries series)
    {
        string filled = series.FilledValues > 0 ? $"; {series.FilledValues} missing values were filled in" : "";
        return $"series    {series}{filled}";
    }

    public static string Model(Forecaster model)
    {
        string season = model.Season > 1 ? $"season {model.Season}" : "no season";
        string transform = model.Transform switch
        {
            Transform.SquareRoot => "square root",
            Transform.Log => "logarithm",
            _ => "no transform",
        };
        ModelOptions m = model.Model;
        string layers = m.NumLayers == 1 ? "1 layer" : $"{m.NumLayers} layers";
        return $"model     {m.Members} x {m.Cell}({m.HiddenSize}, {layers}), {season}, {transform}, "
            + $"trained on {model.TrainedOn} values";
    }

    /// <summary>The model against the naive methods, on values it has not seen.</summary>
    public static void Scores(Terminal terminal, ForecastEvaluation check)
    {
        int n = check.Actual.Length;
        string first = check.Actual.LabelAt(0), last = check.Actual.LabelAt(n - 1);
        terminal.Line($"hold-out  the last {n} values, {first} to {last}, unseen in training:");
        terminal.Table(["method", "MAE", "RMSE", "sMAPE %", "MASE"],
            check.Scores.Select(s => (IReadOnlyList<string>)
                [s.Method, Digits(s.Mae), Digits(s.Rmse), Fixed(s.Smape), Fixed(s.Mase, 3)]));
    }

    /// <summary>Four significant digits, without an exponent for everyday magnitudes.</summary>
    public static string Digits(double value)
    {
        if (!double.IsFinite(value) || value == 0 || Math.Abs(value) is < 1e-4 or >= 1e7)
            return value.ToString("G4", CultureInfo.InvariantCulture);
        int decimals = Math.Clamp(3 - (int)Math.Floor(Math.Log10(Math.Abs(value))), 0, 8);
        return Fixed(value, decimals);
    }

    private static string Fixed(double value, int decimals = 2) =>
        double.IsFinite(value)
            ? value.ToString("F" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture)
            : "-";
}
