namespace Recur.Forecasting;

/// <summary>Forecasts that need no model; whatever a model says has to be better than these.</summary>
public static class Baselines
{
    /// <summary>The last value, again and again.</summary>
    /// <param name="history">The values so far, oldest first; at least 1.</param>
    /// <param name="horizon">How many values to forecast.</param>
    public static double[] Naive(ReadOnlySpan<double> history, int horizon)
    {
        Check(nameof(Naive), history, horizon, needed: 1);
        var forecast = new double[horizon];
        Array.Fill(forecast, history[^1]);
        return forecast;
    }

    /// <summary>The last season, again and again.</summary>
    /// <param name="history">The values so far, oldest first; at least <paramref name="season"/>.</param>
    /// <param name="horizon">How many values to forecast.</param>
    /// <param name="season">The period in steps; 1 is <see cref="Naive"/>.</param>
    public static double[] SeasonalNaive(ReadOnlySpan<double> history, int horizon, int season)
    {
        if (season < 1)
            throw new ArgumentOutOfRangeException(
                nameof(season), $"Baselines.SeasonalNaive: season must be at least 1 but was {season}.");
        Check(nameof(SeasonalNaive), history, horizon, season);
        var forecast = new double[horizon];
        for (int i = 0; i < horizon; i++) forecast[i] = history[history.Length - season + i % season];
        return forecast;
    }

    /// <summary>The straight line through the first and the last value, continued.</summary>
    /// <param name="history">The values so far, oldest first; at least 2.</param>
    /// <param name="horizon">How many values to forecast.</param>
    public static double[] Drift(ReadOnlySpan<double> history, int horizon)
    {
        Check(nameof(Drift), history, horizon, needed: 2);
        double slope = (history[^1] - history[0]) / (history.Length - 1);
        var forecast = new double[horizon];
        for (int i = 0; i < horizon; i++) forecast[i] = history[^1] + slope * (i + 1);
        return forecast;
    }

    private static void Check(string method, ReadOnlySpan<double> history, int horizon, int needed)
    {
        if (horizon < 1)
            throw new ArgumentOutOfRangeException(
                nameof(horizon), $"Baselines.{method}: horizon must be at least 1 but was {horizon}.");
        if (history.Length < needed)
            throw new ArgumentException(
                $"Baselines.{method}: a history of at least {needed} values is needed but it has {history.Length}.");
    }
}
