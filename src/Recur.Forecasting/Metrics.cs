namespace Recur.Forecasting;

/// <summary>Errors of a forecast against what happened.</summary>
public static class Metrics
{
    private const double Percent = 100;

    /// <summary>Mean absolute error, in the series' units: mean |y - f|.</summary>
    /// <param name="actual">What happened.</param>
    /// <param name="forecast">What was said, of the same length.</param>
    public static double Mae(ReadOnlySpan<double> actual, ReadOnlySpan<double> forecast)
    {
        Check(nameof(Mae), actual, forecast);
        double sum = 0;
        for (int i = 0; i < actual.Length; i++) sum += Math.Abs(actual[i] - forecast[i]);
        return sum / actual.Length;
    }

    /// <summary>Root mean squared error, in the series' units: √ mean (y - f)².</summary>
    /// <param name="actual">What happened.</param>
    /// <param name="forecast">What was said, of the same length.</param>
    public static double Rmse(ReadOnlySpan<double> actual, ReadOnlySpan<double> forecast)
    {
        Check(nameof(Rmse), actual, forecast);
        double sum = 0;
        for (int i = 0; i < actual.Length; i++) sum += (actual[i] - forecast[i]) * (actual[i] - forecast[i]);
        return Math.Sqrt(sum / actual.Length);
    }

    /// <summary>Symmetric mean absolute percentage error, in percent, 0 to 200: 100 · mean 2 |y - f| / (|y| +
    /// |f|).</summary>
    /// <remarks>The definition of the M4 competition (Makridakis, Spiliotis and Assimakopoulos 2020). Where y and f are
    /// both 0 the term is 0: the forecast is right. Little use for series that come near zero: any miss of a zero
    /// counts 200.</remarks>
    /// <param name="actual">What happened.</param>
    /// <param name="forecast">What was said, of the same length.</param>
    public static double Smape(ReadOnlySpan<double> actual, ReadOnlySpan<double> forecast)
    {
        Check(nameof(Smape), actual, forecast);
        double sum = 0;
        for (int i = 0; i < actual.Length; i++)
        {
            double size = Math.Abs(actual[i]) + Math.Abs(forecast[i]);
            if (size > 0) sum += 2 * Math.Abs(actual[i] - forecast[i]) / size;
        }

        return Percent * sum / actual.Length;
    }

    /// <summary>Mean absolute scaled error: <see cref="Mae"/> over the mean absolute error of the seasonal naive method
    /// inside the history.</summary>
    /// <remarks>
    /// <code>mean |y - f| / ( mean over t = m..n-1 of |x(t) - x(t-m)| )</code>
    /// Hyndman and Koehler 2006; as in the M4 competition. When the history repeats itself exactly, the scale is 0: the
    /// result is 0 for a perfect forecast and positive infinity for any other.
    /// </remarks>
    /// <param name="actual">What happened.</param>
    /// <param name="forecast">What was said, of the same length.</param>
    /// <param name="history">The values the forecast was made from, oldest first; more than <paramref
    /// name="season"/>.</param>
    /// <param name="season">The period m in steps; 1 scales by the naive method.</param>
    public static double Mase(
        ReadOnlySpan<double> actual, ReadOnlySpan<double> forecast, ReadOnlySpan<double> history, int season = 1)
    {
        if (season < 1)
            throw new ArgumentOutOfRangeException(
                nameof(season), $"Metrics.Mase: season must be at least 1 but was {season}.");
        if (history.Length <= season)
            throw new ArgumentException(
                $"Metrics.Mase: a season of {season} needs a history of at least {season + 1} values but it has " +
                $"{history.Length}.");
        double error = Mae(actual, forecast);
        double scale = Mae(history[season..], history[..^season]);
        return scale > 0 ? error / scale : error > 0 ? double.PositiveInfinity : 0;
    }

    private static void Check(string metric, ReadOnlySpan<double> actual, ReadOnlySpan<double> forecast)
    {
        if (actual.Length != forecast.Length)
            throw new ArgumentException(
                $"Metrics.{metric}: actual and forecast must have the same length but have {actual.Length} and " +
                $"{forecast.Length}.");
        if (actual.IsEmpty)
            throw new ArgumentException(
                $"Metrics.{metric}: there is nothing to compare; actual and forecast are empty.");
    }
}
