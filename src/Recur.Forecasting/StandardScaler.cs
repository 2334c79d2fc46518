namespace Recur.Forecasting;

/// <summary>Brings values to mean 0 and standard deviation 1, and back: z = (x - Mean) / Deviation.</summary>
/// <param name="Mean">Subtracted first, in the series' units.</param>
/// <param name="Deviation">Divided by then, in the series' units; greater than 0.</param>
public readonly record struct StandardScaler(double Mean, double Deviation)
{
    /// <summary>Measures mean and (population) deviation. Give it the training part only: what is held out must not
    /// leak in.</summary>
    /// <exception cref="ArgumentException">No values, a value that is not finite, or all values equal.</exception>
    public static StandardScaler Fit(ReadOnlySpan<double> values)
    {
        if (values.IsEmpty) throw new ArgumentException("StandardScaler.Fit: there are no values.");

        // Values are taken relative to the first and to the largest distance from it: no overflow, and no loss of
        // digits when the values are large and their spread is small.
        double origin = values[0], reach = 0;
        for (int i = 0; i < values.Length; i++)
        {
            if (!double.IsFinite(values[i]))
                throw new ArgumentException(
                    $"StandardScaler.Fit: value {i} is {values[i]}; every value must be finite.");
            reach = Math.Max(reach, Math.Abs(values[i] - origin));
        }

        if (reach == 0)
            throw new ArgumentException(
                $"StandardScaler.Fit: the series is constant (every value is {origin}), so there is nothing to scale.");
        if (double.IsInfinity(reach))
            throw new ArgumentException("StandardScaler.Fit: the values lie further apart than a double can say.");
        double sum = 0, squares = 0;
        foreach (double v in values) sum += (v - origin) / reach;
        double mean = sum / values.Length;
        foreach (double v in values)
        {
            double d = (v - origin) / reach - mean;
            squares += d * d;
        }

        return new StandardScaler(origin + mean * reach, Math.Sqrt(squares / values.Length) * reach);
    }

    /// <summary>To model units.</summary>
    public double Scale(double value) => (value - Mean) / Deviation;

    /// <summary>Back to the series' units.</summary>
    public double Unscale(double value) => value * Deviation + Mean;
}
