namespace Recur.Forecasting;

/// <summary>Finds the period with which a series repeats itself.</summary>
public static class Seasonality
{
    /// <summary>The longest period that is looked for when none is given, in steps.</summary>
    public const int DefaultMaxPeriod = 1_000;

    // Thresholds of the second test: chosen on random walks, AR(1) series and white noises, of which it took at most 4 %
    // for periodic, and on sunspots cut at several ends. See docs/decisions/0003-forecaster-defaults.md.
    private const double FalseAlarmRate = 0.05;
    private const double LeastDifferenceCorrelation = 0.3;
    private const double LeastContrast = 0.5;
    private const double LeastSwing = 0.2;
    private const int ComparedCycles = 2;

    // A shorter period wins over its multiples when it is almost as strong; in noise two cycles say less than
    // differences do.
    private const double AlmostAsStrong = 0.95;
    private const double AlmostAsContrasting = 0.7;

    // Autocorrelation of values that differ by rounding alone means nothing.
    private const double RoundingRelativeToSize = 1e-12;

    // Two-sided 5 % bound of the normal distribution, for a period named in advance.
    private const double HintQuantile = 1.96;

    /// <summary>The period of the series; periods usual for its frequency need less evidence.</summary>
    /// <returns>The period in steps, or 1 when the series does not repeat itself.</returns>
    public static int Detect(TimeSeries series, int maxPeriod = DefaultMaxPeriod)
    {
        ArgumentNullException.ThrowIfNull(series);
        return Detect(series.Values, maxPeriod, series.Frequency.UsualPeriods);
    }

    /// <summary>The period of the values.</summary>
    /// <remarks>
    /// Two tests on the autocorrelation r, which complement each other:
    /// <list type="number">
    /// <item>Of the differences, which have no trend: a local maximum of r that is above 0.3 and above Bartlett's bound
    /// for this lag, z √((1 + 2 Σ r²) / n), with z for 5 % false alarms over all lags together. Finds habits: weeks,
    /// years.</item>
    /// <item>Of the values without their straight line: the period p with the largest contrast, mean of r(p) and r(2p)
    /// minus mean of r(p/2) and r(3p/2); both peaks must be above 0.2, both troughs below -0.2, and four cycles must
    /// fit into the series. Finds slow waves under noise that differencing would bury: sunspots.</item>
    /// </list>
    /// Cost: about n times the longest lag.
    /// </remarks>
    /// <param name="values">Oldest first; fewer than 8 give 1.</param>
    /// <param name="maxPeriod">The longest period to look for; a third of the length at most is used.</param>
    /// <param name="usualPeriods">Periods that need less evidence, because the calendar suggests them.</param>
    /// <returns>The period in steps, or 1 when the values do not repeat themselves.</returns>
    public static int Detect(
        ReadOnlySpan<double> values, int maxPeriod = DefaultMaxPeriod, IReadOnlyList<int>? usualPeriods = null)
    {
        const int fewest = 8;
        if (maxPeriod < 2)
            throw new ArgumentOutOfRangeException(
                nameof(maxPeriod), $"Seasonality.Detect: maxPeriod must be at least 2 but was {maxPeriod}.");
        if (values.Length < fewest || !values.ContainsAnyExcept(values[0])) return 1;
        int period = InDifferences(values, Math.Min(values.Length / 3, maxPeriod), usualPeriods ?? []);
        return period > 1 ? period : InLevels(values, Math.Min(values.Length / 4, maxPeriod));
    }

    private static int InDifferences(ReadOnlySpan<double> values, int maxPeriod, IReadOnlyList<int> usualPeriods)
    {
        var differences = new double[values.Length - 1];
        for (int i = 0; i < differences.Length; i++) differences[i] = values[i + 1] - values[i];
        if (maxPeriod < 2 || Autocorrelation(WithoutLine(differences), maxPeriod + 1, Size(values)) is not { } r)
            return 1;

        double strictQuantile = NormalQuantile(1 - FalseAlarmRate / (2 * maxPeriod));
        var found = new List<int>();
        double squares = 0, strongest = 0;
        for (int p = 2; p <= maxPeriod; p++)
        {
            squares += r[p - 1] * r[p - 1];
            if (r[p] < r[p - 1] || r[p] < r[p + 1] || r[p] < LeastDifferenceCorrelation) continue;
            double quantile = usualPeriods.Contains(p) ? HintQuantile : strictQuantile;
            if (r[p] < quantile * Math.Sqrt((1 + 2 * squares) / differences.Length)) continue;
            found.Add(p);
            strongest = Math.Max(strongest, r[p]);
        }

        foreach (int p in found)
            if (r[p] >= AlmostAsStrong * strongest) return p;
        return 1;
    }

    private static int InLevels(ReadOnlySpan<double> values, int maxPeriod)
    {
        if (maxPeriod < 2) return 1;
        if (Autocorrelation(WithoutLine(values), ComparedCycles * maxPeriod, Size(values)) is not { } r) return 1;
        int first = Array.FindIndex(r, v => v < 0) + 1; // a wave has swung through zero before it comes back
        if (first < 2) return 1;

        double strongest = LeastContrast;
        for (int p = first; p <= maxPeriod; p++) strongest = Math.Max(strongest, Contrast(r, p));
        for (int p = first; p <= maxPeriod; p++)
        {
            double contrast = Contrast(r, p);
            if (contrast < LeastContrast || contrast < AlmostAsContrasting * strongest) continue;
            int top = p; // here a hill begins that is high enough; its top is near
            for (int q = p + 1; q <= Math.Min(maxPeriod, p + Math.Max(1, p / 5)); q++)
                if (Contrast(r, q) > Contrast(r, top)) top = q;
            return top;
        }

        return 1;
    }

    /// <summary>How much higher the correlation is at whole than at half cycles; 0 unless every one of them is
    /// clear.</summary>
    private static double Contrast(double[] r, int period)
    {
        double contrast = 0;
        for (int k = 1; k <= ComparedCycles; k++)
        {
            double peak = r[k * period], trough = r[k * period - (period + 1) / 2];
            if (peak < LeastSwing || trough > -LeastSwing) return 0;
            contrast += (peak - trough) / ComparedCycles;
        }

        return contrast;
    }

    private static double Size(ReadOnlySpan<double> values)
    {
        double size = 0;
        foreach (double v in values) size = Math.Max(size, Math.Abs(v));
        return size;
    }

    /// <summary>r(0..maxLag), each lag averaged over the pairs it has; null when the values differ by no more than
    /// rounding.</summary>
    /// <param name="values">The values.</param>
    /// <param name="maxLag">The longest lag.</param>
    /// <param name="size">The size of the numbers that the values were computed from.</param>
    private static double[]? Autocorrelation(ReadOnlySpan<double> values, int maxLag, double size)
    {
        int n = values.Length;
        double mean = 0;
        foreach (double v in values) mean += v / n;
        var d = new double[n];
        for (int i = 0; i < n; i++) d[i] = values[i] - mean;
        double variance = Dot(d, d) / n;
        if (!(Math.Sqrt(variance) > RoundingRelativeToSize * size)) return null;
        var r = new double[Math.Min(maxLag, n - 1) + 1];
        for (int k = 0; k < r.Length; k++) r[k] = Dot(d.AsSpan(k), d.AsSpan(0, n - k)) / ((n - k) * variance);
        return r;
    }

    private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++) sum += a[i] * b[i];
        return sum;
    }

    /// <summary>The values minus their least-squares line.</summary>
    private static double[] WithoutLine(ReadOnlySpan<double> values)
    {
        int n = values.Length;
        double middle = (n - 1) / 2.0, mean = 0, slope = 0, squares = 0;
        for (int i = 0; i < n; i++) mean += values[i] / n;
        for (int i = 0; i < n; i++)
        {
            slope += (i - middle) * (values[i] - mean);
            squares += (i - middle) * (i - middle);
        }

        slope /= squares;
        var rest = new double[n];
        for (int i = 0; i < n; i++) rest[i] = values[i] - mean - slope * (i - middle);
        return rest;
    }

    /// <summary>The value below which a standard normal variable stays with the given probability, above one
    /// half.</summary>
    /// <remarks>Abramowitz and Stegun 26.2.23; absolute error below 4.5e-4, plenty for a bound of a test.</remarks>
    private static double NormalQuantile(double probability)
    {
        double t = Math.Sqrt(-2 * Math.Log(1 - probability));
        return t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
    }
}
