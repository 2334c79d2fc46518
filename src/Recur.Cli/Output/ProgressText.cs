namespace Recur.Cli.Output;

/// <summary>The numbers of a progress display as text.</summary>
internal static class ProgressText
{
    /// <summary>Four digits, whatever the magnitude.</summary>
    public static string Loss(double value) =>
        Math.Abs(value) is >= 1e-3 and < 1e4 ? value.ToString("0.0000") : value.ToString("0.00e+0");

    public static string Rate(double perSecond, string unit) =>
        perSecond >= 100 ? $"{perSecond:0} {unit}/s" : $"{perSecond:0.0} {unit}/s";

    public static string TimeLeft(long units, double perSecond)
    {
        if (!(perSecond > 0)) return "? s";
        double seconds = Math.Ceiling(units / perSecond);
        return seconds < 100 ? $"{seconds:0} s"
            : seconds < 86_400 ? TimeSpan.FromSeconds(seconds).ToString(@"h\:mm\:ss")
            : $"{seconds / 86_400:0.0} days";
    }
}
