using System.Diagnostics;

namespace Recur.Benchmarks.Compare;

/// <summary>One side of a contest.</summary>
/// <param name="Name">Who.</param>
/// <param name="Time">Seconds for so many runs, as that side measures them.</param>
internal sealed record Contestant(string Name, Func<int, double> Time);

/// <summary>Medians of a contest.</summary>
/// <param name="Milliseconds">Per run, by contestant.</param>
/// <param name="Bytes">Managed bytes that the first contestant allocated per run.</param>
/// <param name="PeakGflops">FMA peak of the processor in the same rounds.</param>
/// <param name="ForeignLoad">Cores that other processes kept busy meanwhile; 0 on a quiet machine, NaN when
/// unknown.</param>
internal sealed record ContestResult(double[] Milliseconds, double Bytes, double PeakGflops, double ForeignLoad);

/// <summary>Times several sides in alternation: rounds A B A B ..., so that a busy minute of the machine hits all of
/// them.</summary>
internal static class Contest
{
    private const double SampleSeconds = 0.02;

    /// <summary>Long enough for the runtime to have recompiled what is hot: twice, a tenth of a second after the last new method.</summary>
    private const double WarmUpSeconds = 1;

    /// <summary>Threads of the side that has just run spin before they sleep: Recur's for 1 ms, those of ONNX Runtime's
    /// pool for about 40 ms. Nobody begins before the processor time of a pause of this length shows that they
    /// sleep.</summary>
    private const int SettleMilliseconds = 10;

    /// <summary>Processor time that a pause may have without anybody spinning, a tenth of a core.</summary>
    private const double SettledMilliseconds = 1;

    private const int MostPauses = 20;

    public static ContestResult Run(IReadOnlyList<Contestant> contestants, FmaPeak peak, int threads, Process[] ours)
    {
        int[] runs = [.. contestants.Select(Calibrate)];
        double settling = threads > 1 ? SettleMilliseconds * 1e-3 * (contestants.Count + 1) : 0;
        double round = contestants.Zip(runs, (c, n) => c.Time(n)).Sum() + settling;
        int rounds = Math.Clamp((int)(3.0 / round) | 1, 7, 21);
        var samples = new double[contestants.Count][];
        for (int i = 0; i < samples.Length; i++) samples[i] = new double[rounds];
        var bytes = new double[rounds];
        var peaks = new double[rounds];
        var load = ForeignLoadMeter.Start(ours);
        for (int r = 0; r < rounds; r++)
        {
            for (int i = 0; i < contestants.Count; i++)
            {
                Settle(threads);
                contestants[i].Time(Math.Max(1, runs[i] / 20)); // caches and threads are warm again
                long before = GC.GetTotalAllocatedBytes(precise: true);
                samples[i][r] = contestants[i].Time(runs[i]) / runs[i];
                if (i == 0) bytes[r] = (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)runs[i];
            }

            Settle(threads);
            peaks[r] = peak.Sample();
        }

        return new ContestResult([.. samples.Select(s => Median(s) * 1e3)], Median(bytes), Median(peaks), load.Stop());
    }

    private static void Settle(int threads)
    {
        if (threads == 1) return;
        double spent = double.PositiveInfinity;
        for (int i = 0; i < MostPauses && spent > SettledMilliseconds; i++)
        {
            TimeSpan before = Environment.CpuUsage.TotalTime;
            Thread.Sleep(SettleMilliseconds);
            spent = (Environment.CpuUsage.TotalTime - before).TotalMilliseconds;
        }
    }

    /// <summary>Warms up, then finds how many runs a sample of at least <see cref="SampleSeconds"/> takes.</summary>
    private static int Calibrate(Contestant contestant)
    {
        int n = 1;
        double seconds = contestant.Time(1);
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < WarmUpSeconds)
        {
            seconds = contestant.Time(n);
            n = RunsFor(seconds / n);
        }

        return n;
    }

    private static int RunsFor(double secondsPerRun) =>
        (int)Math.Clamp(Math.Ceiling(SampleSeconds / secondsPerRun), 1, 1_000_000);

    private static double Median(double[] values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}

/// <summary>How many cores other processes use: all time of the machine minus that of ours. Linux only.</summary>
internal sealed class ForeignLoadMeter
{
    private const double TicksPerSecond = 100; // USER_HZ, fixed in Linux's interface
    private readonly Process[] ours;
    private readonly double foreignAtStart;
    private readonly long start = Stopwatch.GetTimestamp();

    private ForeignLoadMeter(Process[] ours)
    {
        this.ours = ours;
        foreignAtStart = Foreign();
    }

    public static ForeignLoadMeter Start(Process[] ours) => new(ours);

    /// <summary>Mean number of busy cores since the start.</summary>
    public double Stop() => Math.Max(0, (Foreign() - foreignAtStart) / Stopwatch.GetElapsedTime(start).TotalSeconds);

    private double Foreign()
    {
        if (!OperatingSystem.IsLinux()) return double.NaN;
        // cpu user nice system idle iowait irq softirq steal guest guest_nice; guest is counted in user already
        string[] fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        double[] ticks = [.. fields[1..9].Select(double.Parse)];
        double busy = (ticks.Sum() - ticks[3] - ticks[4]) / TicksPerSecond;
        foreach (Process p in ours)
        {
            p.Refresh();
            busy -= p.TotalProcessorTime.TotalSeconds;
        }

        return busy;
    }
}
