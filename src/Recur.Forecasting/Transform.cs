namespace Recur.Forecasting;

/// <summary>What is done to values before scaling, so that swings have one size at every level.</summary>
public enum Transform
{
    /// <summary>Chosen from the training part: the one of the others under which the swings of the seasons differ
    /// least.</summary>
    Auto,

    /// <summary>Nothing.</summary>
    None,

    /// <summary>Square root: for counts. Values must not be negative; forecasts never are.</summary>
    SquareRoot,

    /// <summary>Natural logarithm: for growth in percent. Values must be positive; forecasts always are.</summary>
    Log,
}

/// <summary>Applies a <see cref="Transform"/> and chooses one.</summary>
internal static class Transforms
{
    // Values that come near zero become outliers under a logarithm.
    private const double LeastShareOfMeanForLog = 0.02;

    // The plainer transform stays unless another makes the swings more equal by this factor.
    private const double LeastGain = 0.8;
    private const int FewestBlocks = 4;
    private const int BlockWithoutSeason = 12;

    public static double Apply(this Transform transform, double value) => transform switch
    {
        Transform.SquareRoot => Math.Sqrt(value),
        Transform.Log => Math.Log(value),
        _ => value,
    };

    public static double Invert(this Transform transform, double value) => transform switch
    {
        Transform.SquareRoot => value > 0 ? value * value : 0,
        Transform.Log => Math.Exp(value),
        _ => value,
    };

    /// <summary>Throws when the transform is not defined for a value.</summary>
    public static void Check(this Transform transform, TimeSeries series)
    {
        for (int i = 0; i < series.Length; i++)
        {
            if (transform == Transform.Log && series[i] <= 0)
                throw new ArgumentException(
                    $"Forecaster: the logarithm needs positive values but \"{series.Name}\" is {series[i]} at " +
                    $"{series.LabelAt(i)}.");
            if (transform == Transform.SquareRoot && series[i] < 0)
                throw new ArgumentException(
                    $"Forecaster: the square root needs values of 0 or more but \"{series.Name}\" is {series[i]} " +
                    $"at {series.LabelAt(i)}.");
        }
    }

    /// <summary>Guerrero's choice (1993) of λ in Box and Cox's family among 0, ½ and 1.</summary>
    /// <remarks>In blocks of one season, deviation / mean^(1-λ) should be the same; the λ with its smallest coefficient
    /// of variation wins.</remarks>
    public static Transform Choose(ReadOnlySpan<double> values, int season)
    {
        int block = season > 1 ? season : BlockWithoutSeason;
        int blocks = values.Length / block;
        double smallest = double.PositiveInfinity, mean = 0;
        foreach (double v in values)
        {
            smallest = Math.Min(smallest, v);
            mean += v / values.Length;
        }

        if (blocks < FewestBlocks || smallest < 0) return Transform.None;
        double none = Variation(values, block, 1), root = Variation(values, block, 0.5);
        double log = smallest > LeastShareOfMeanForLog * mean ? Variation(values, block, 0) : double.PositiveInfinity;
        if (Math.Min(root, log) > LeastGain * none) return Transform.None;
        return log < root ? Transform.Log : Transform.SquareRoot;
    }

    /// <summary>The coefficient of variation of deviation / mean^(1-λ) over blocks counted from the end.</summary>
    private static double Variation(ReadOnlySpan<double> values, int block, double lambda)
    {
        int count = values.Length / block;
        double sum = 0, squares = 0;
        for (int b = 1; b <= count; b++)
        {
            ReadOnlySpan<double> part = values.Slice(values.Length - b * block, block);
            double mean = 0, variance = 0;
            foreach (double v in part) mean += v / block;
            foreach (double v in part) variance += (v - mean) * (v - mean) / (block - 1);
            double ratio = mean > 0 ? Math.Sqrt(variance) / Math.Pow(mean, 1 - lambda) : 0;
            sum += ratio;
            squares += ratio * ratio;
        }

        double average = sum / count;
        return average > 0 ? Math.Sqrt(Math.Max(0,
            squares / count - average * average)) / average : double.PositiveInfinity;
    }
}
