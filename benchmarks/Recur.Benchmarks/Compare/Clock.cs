using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Recur.Benchmarks.Compare;

/// <summary>What time means: the wall clock, or the processor time of this process.</summary>
internal sealed partial class Clock
{
    private const int ProcessCpuTimeId = 2; // CLOCK_PROCESS_CPUTIME_ID of Linux
    private readonly Func<double> seconds;

    private Clock(string name, Func<double> seconds)
    {
        Name = name;
        this.seconds = seconds;
    }

    public static readonly Clock Wall = new("wall", () => (double)Stopwatch.GetTimestamp() / Stopwatch.Frequency);

    private static readonly Clock Cpu = new("cpu", ProcessSeconds);

    public string Name { get; }

    public double Seconds => seconds();

    public static Clock? Find(string name) => name switch
    {
        "wall" => Wall,
        "cpu" when OperatingSystem.IsLinux() => Cpu,
        _ => null,
    };

    private static double ProcessSeconds()
    {
        // Process.TotalProcessorTime counts in ticks of 10 ms.
        _ = GetTime(ProcessCpuTimeId, out Timespec t);
        return t.Seconds + 1e-9 * t.Nanoseconds;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Timespec
    {
        public nint Seconds;
        public nint Nanoseconds;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetTime(int clock, out Timespec time);
}
