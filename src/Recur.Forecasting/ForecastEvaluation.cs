namespace Recur.Forecasting;

/// <summary>One method's forecast of the held-out values, and its errors.</summary>
/// <param name="Method">Its name: the cell's, naive or seasonal naive.</param>
/// <param name="Forecast">The forecast, with the dates of the held-out values.</param>
/// <param name="Mae">Mean absolute error, in the series' units.</param>
/// <param name="Rmse">Root mean squared error, in the series' units.</param>
/// <param name="Smape">Symmetric mean absolute percentage error, 0 to 200.</param>
/// <param name="Mase">Mean absolute error relative to the seasonal naive method inside the history.</param>
public sealed record ForecastScore(string Method, TimeSeries Forecast, double Mae, double Rmse, double Smape,
    double Mase)
{
    internal static ForecastScore Of(
        string method, TimeSeries history, TimeSeries actual, ReadOnlySpan<double> forecast, int season) =>
        new(
        method,
        new TimeSeries(actual.Name, forecast.ToArray(), actual.Start, actual.Frequency, actual.FirstNumber),
        Metrics.Mae(actual.Values, forecast),
        Metrics.Rmse(actual.Values, forecast),
        Metrics.Smape(actual.Values, forecast),
        Metrics.Mase(actual.Values, forecast, history.Values, season));
}

/// <summary>How well methods forecast the last values of a series from the values before them.</summary>
/// <param name="History">What the methods saw.</param>
/// <param name="Actual">What was held out.</param>
/// <param name="Season">The period found in the history (or given), in steps; MASE is scaled with it.</param>
/// <param name="Scores">The model first, then naive, then seasonal naive where there is a season.</param>
/// <param name="Forecaster">The model that was trained without the held-out values.</param>
public sealed record ForecastEvaluation(
    TimeSeries History, TimeSeries Actual, int Season, IReadOnlyList<ForecastScore> Scores, Forecaster Forecaster)
{
    /// <summary>The model's score.</summary>
    public ForecastScore Model => Scores[0];
}
