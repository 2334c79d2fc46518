using System.Globalization;
using System.Text;
using Recur.Forecasting;
using Recur.IO;

namespace Recur.Cli.Output;

/// <summary>A forecast as a CSV file: date (or step) and value, which <c>recur</c> and everything else can
/// read.</summary>
internal static class ForecastCsv
{
    public static void Save(string path, TimeSeries forecast) => AtomicFile.Write(path, stream =>
    {
        using var text =
            new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { NewLine = "\n" };
        text.WriteLine($"{(forecast.Start is null ? "step" : "date")},{Quote(forecast.Name)}");
        for (int i = 0; i < forecast.Length; i++)
            // The model's own precision.
            text.WriteLine($"{forecast.LabelAt(i)},{((float)forecast[i]).ToString(CultureInfo.InvariantCulture)}");
    });

    private static string Quote(string name) =>
        name.AsSpan().IndexOfAny(",\"\r\n") < 0 ? name : $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
