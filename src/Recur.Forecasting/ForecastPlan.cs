namespace Recur.Forecasting;

/// <summary>Everything about a forecaster but its weights: what it looks back at, and how values become model units and
/// back.</summary>
internal sealed record ForecastPlan
{
    // Longer windows cost time and bring little: gradients do not reach so far.
    private const int LongestContext = 400, LongestHorizon = 400;
    private const int ShortestContext = 24, HorizonWithoutSeason = 24;
    private const int FewestValues = 10;

    public required int Season { get; init; }

    /// <summary>How far back the inputs lie from the value to be predicted.</summary>
    public required Lag[] Lags { get; init; }

    public int Anchor => Season;

    public required int Context { get; init; }

    /// <summary>Steps of free running in training.</summary>
    public required int Horizon { get; init; }

    public required Transform Transform { get; init; }

    public required StandardScaler Scaler { get; init; }

    /// <summary>The number of last context values whose mean is taken off each window; 0 takes nothing off.</summary>
    public required int LevelLength { get; init; }

    public required ModelOptions Model { get; init; }

    public int Lead => Windows.LeadOf(Lags, Anchor);

    /// <summary>Values of history that a forecast needs.</summary>
    public int Needed => Lead + Context;

    /// <summary>Decides what the options leave open, from the training part of the series alone.</summary>
    public static ForecastPlan Make(TimeSeries series, ForecastOptions options)
    {
        if (series.Length < FewestValues)
            throw new ArgumentException(
                $"Forecaster: at least {FewestValues} values are needed to learn from but \"{series.Name}\" has " +
                $"{series.Length}.");
        if (series.IsConstant)
            throw new ArgumentException(
                $"Forecaster: \"{series.Name}\" is constant (every value is {series[0]}), so there is nothing to " +
                $"learn; its forecast is {series[0]}.");

        int season = options.Series.Season ?? Seasonality.Detect(series);
        if (season > 1 && series.Length < 2 * season + FewestValues)
            throw new ArgumentException(
                $"Forecaster: a season of {season} needs at least {2 * season + FewestValues} values to learn " +
                $"from but \"{series.Name}\" has {series.Length}.");
        Lag[] lags = ChooseLags(season, series.Length);
        int context = Math.Min(options.Preprocessing.Context ?? Math.Max(season, ShortestContext), LongestContext);
        int horizon =
            Math.Min(options.Series.Horizon ?? (season > 1 ? 2 * season : HorizonWithoutSeason), LongestHorizon);
        Shrink(series.Length - Windows.LeadOf(lags, season), ref context, ref horizon);

        bool relative = options.Preprocessing.RelativeToLevel ?? season > 1;
        Transform transform = options.Preprocessing.Transform;
        if (transform == Transform.Auto) transform = Transforms.Choose(series.Values, season);
        transform.Check(series);
        return new ForecastPlan
        {
            Season = season,
            Lags = lags,
            Context = context,
            Horizon = horizon,
            Transform = transform,
            Scaler = StandardScaler.Fit(Transformed(series.Values, transform)),
            LevelLength = !relative ? 0 : season > 1 ? Math.Min(season, context) : context,
            Model = options.Model,
        };
    }

    /// <summary>The last value, the values a season before the next one and before the last one; and, where the series
    /// is long enough, two seasons before, and means over about a twelfth of a season around the same places and over a
    /// whole season.</summary>
    private static Lag[] ChooseLags(int season, int length)
    {
        const int seasonsForMeans = 4;
        if (season == 1) return [1];
        if (length < seasonsForMeans * season) return [1, season, season + 1];
        int near = Math.Max(1, season / 12);
        Lag lastValues = new(1, Math.Max(2, near)), aroundSeason = new(Math.Max(1, season - near), season + near);
        return [1, season, season + 1, 2 * season, lastValues, aroundSeason, new(1, season)];
    }

    /// <summary>Shortens windows until a short series gives enough different ones.</summary>
    private static void Shrink(int available, ref int context, ref int horizon)
    {
        const int leastContext = 4, leastHorizon = 2;
        int wanted = Math.Min(FewestValues, available / 4) + available / 4;
        while (available - context - horizon + 1 < wanted && (context > leastContext || horizon > leastHorizon))
        {
            if (context > leastContext && (context > horizon / 2 || horizon <= leastHorizon)) context--;
            else horizon--;
        }
    }

    private static double[] Transformed(ReadOnlySpan<double> values, Transform transform)
    {
        var result = new double[values.Length];
        for (int i = 0; i < values.Length; i++) result[i] = transform.Apply(values[i]);
        return result;
    }

    /// <summary>To model units.</summary>
    public float[] Scale(ReadOnlySpan<double> values)
    {
        var scaled = new float[values.Length];
        for (int i = 0; i < values.Length; i++) scaled[i] = (float)Scaler.Scale(Transform.Apply(values[i]));
        return scaled;
    }

    /// <summary>Back to the series' units.</summary>
    public double Unscale(double value) => Transform.Invert(Scaler.Unscale(value));

    /// <summary>Windows over scaled values.</summary>
    public Windows Cut(
        ReadOnlySpan<float> scaled, int horizon, int batchSize, int batchCount = 1, long freeRunningFrom = 0) =>
        new(scaled, Lags, Anchor, Context, horizon, batchSize, batchCount, LevelLength, freeRunningFrom);

    /// <summary>Runs the networks freely from the end of the history.</summary>
    /// <param name="ensemble">The networks.</param>
    /// <param name="history">At least <see cref="Needed"/> scaled values.</param>
    /// <param name="horizon">Values to forecast.</param>
    /// <returns>Forecasts in model units.</returns>
    public double[] FreeRun(ForecastEnsemble ensemble, ReadOnlySpan<float> history, int horizon)
    {
        // The future stands in the window as zeros, which no lag that is still in the past reads.
        float[] window = [.. history[^Needed..], .. new float[horizon]];
        Windows one = Cut(window, horizon, batchSize: 1);
        WindowBatch batch = one.NewBatch(Context + horizon - 1, 1);
        one.Fill(batch, [0]);
        double[] forecast = ensemble.Predict(batch.Inputs, batch.Anchors, Context, horizon);
        float level = Windows.Level(window, Needed, LevelLength);
        for (int i = 0; i < horizon; i++) forecast[i] += level;
        return forecast;
    }
}
