namespace Recur.Benchmarks.Compare;

/// <summary>A time as people read it: three digits and the unit that suits them.</summary>
internal static class Duration
{
    public static string Text(double milliseconds)
    {
        double rounded = double.Parse(milliseconds.ToString("g3"));
        (double value, string unit) = rounded switch
        {
            < 1e-3 => (rounded * 1e6, "ns"),
            < 1 => (rounded * 1e3, "us"),
            < 1e3 => (rounded, "ms"),
            _ => (rounded * 1e-3, "s"),
        };
        return $"{value.ToString(value < 10 ? "f2" : value < 100 ? "f1" : "f0")} {unit}";
    }
}
