using System.Runtime.InteropServices;

namespace Recur.Benchmarks.Compare;

/// <summary>Where a measurement was made.</summary>
internal static class Machine
{
    public static string Processor { get; } = FindProcessor();

    public static string OperatingSystemName { get; } = FindOperatingSystem();

    public static string Runtime => RuntimeInformation.FrameworkDescription;

    private static string FindProcessor()
    {
        const string info = "/proc/cpuinfo";
        string name = LineAfter(info, "model name", ':') ?? RuntimeInformation.ProcessArchitecture.ToString();
        // Virtual machines hide the number of the model; family and model tell Zen 4 from Zen 3.
        string? family = LineAfter(info, "cpu family", ':'), model = LineAfter(info, "model\t", ':');
        string detail = family is null || model is null ? "" : $", family {family} model {model}";
        return $"{name}{detail}, {Environment.ProcessorCount} cores";
    }

    private static string FindOperatingSystem() =>
        LineAfter("/etc/os-release", "PRETTY_NAME", '=')?.Trim('"') ?? RuntimeInformation.OSDescription;

    private static string? LineAfter(string file, string key, char separator)
    {
        if (!File.Exists(file)) return null;
        string? line = File.ReadLines(file).FirstOrDefault(l => l.StartsWith(key, StringComparison.Ordinal));
        return line?[(line.IndexOf(separator) + 1)..].Trim();
    }
}
