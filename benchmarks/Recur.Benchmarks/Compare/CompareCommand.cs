using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;
using Recur.Peers;

namespace Recur.Benchmarks.Compare;

/// <summary><c>compare</c>: the same numbers on both sides first, then the times of both in alternation.</summary>
internal sealed class CompareCommand
{
    public const string Usage =
        """
        compare [--filter TEXT] [--threads N] [--json FILE] [--attempts N] [--clock wall|cpu]
          --filter TEXT   only rows whose name contains TEXT; may be repeated
          --threads N     only with N threads (default: 1, then 2 where there are 2 cores)
          --json FILE     appends one JSON line per row and peer
          --attempts N    times a row up to N times while other processes keep the machine busy, and takes the quietest
                          attempt (default: 1)
          --clock cpu     times by the processor time of each side instead of the wall clock: on a busy machine a first
                          impression for 1 thread; published figures are by the wall clock
        """;

    private readonly List<string> filters = [];
    private int[] threadCounts = Environment.ProcessorCount > 1 ? [1, 2] : [1];
    private string? jsonFile;
    private Clock clock = Clock.Wall;
    private int attempts = 1;
    private int failures;
    private OneDnn? oneDnn;
    private string oneDnnMissing = "";

    /// <summary>Exit code 0: all rows agree; 1: a row does not, or nothing was compared; 2: wrong usage.</summary>
    public static int Run(ReadOnlySpan<string> arguments)
    {
        var command = new CompareCommand();
        if (command.Parse(arguments) is { } error)
        {
            Console.Error.WriteLine($"{error}\n{Usage}");
            return 2;
        }

        return command.Run();
    }

    private string? Parse(ReadOnlySpan<string> arguments)
    {
        for (int i = 0; i < arguments.Length; i += 2)
        {
            if (i + 1 == arguments.Length) return $"compare: {arguments[i]} needs a value.";
            string value = arguments[i + 1];
            switch (arguments[i])
            {
                case "--filter": filters.Add(value); break;
                case "--json": jsonFile = value; break;
                case "--attempts" when int.TryParse(value, out int a) && a >= 1: attempts = a; break;
                case "--attempts": return $"compare: --attempts must be a number above 0 but was \"{value}\".";
                case "--clock" when Clock.Find(value) is { } found: clock = found; break;
                case "--clock": return $"compare: --clock must be wall or cpu but was \"{value}\".";
                case "--threads" when int.TryParse(value, out int n) && n is >= 1 and <= 256: threadCounts = [n]; break;
                case "--threads": return $"compare: --threads must be a number in 1..256 but was \"{value}\".";
                default: return $"compare: unknown option \"{arguments[i]}\".";
            }
        }

        if (clock != Clock.Wall && threadCounts is not [1])
            return "compare: --clock cpu adds up the time of all threads, so it needs --threads 1.";
        return null;
    }

    private int Run()
    {
        Row[] Selected() => [.. Rows.All().Where(IsSelected)];
        if (Selected().Length == 0)
        {
            Console.Error.WriteLine($"compare: no row's name contains \"{string.Join("\" or \"", filters)}\".");
            return 2;
        }

        Console.WriteLine(
            $"{Machine.Processor}; {Machine.OperatingSystemName}; {Machine.Runtime}; kernels {Kernels.Isa.Current}");
        using var report = new Report(jsonFile, clock);
        oneDnn = OneDnn.TryLoad(out oneDnnMissing);
        foreach (int threads in threadCounts) RunWithThreads(threads, Selected(), report);
        if (failures > 0) Console.Error.WriteLine($"compare: {failures} comparisons failed.");
        return failures > 0 || report.Count == 0 ? 1 : 0;
    }

    private bool IsSelected(Row row) =>
        filters.Count == 0 || filters.Exists(f => row.Work.Contains(f, StringComparison.OrdinalIgnoreCase));

    private void RunWithThreads(int threads, Row[] rows, Report report)
    {
        Parallelism.Threads = threads;
        var peak = new FmaPeak(threads, clock);
        using PyTorchProcess? pytorch = PyTorchProcess.TryStart(threads, out string missing);
        report.Begin(rows, threads,
            oneDnn is null ? oneDnnMissing : $"oneDNN {oneDnn.Version}",
            pytorch is null ? missing : $"PyTorch {pytorch.Version} over {pytorch.Blas}", pytorch?.Warning);
        using var self = Process.GetCurrentProcess();
        Process[] ours = pytorch is null ? [self] : [self, pytorch.Process];
        foreach (Row row in rows)
        {
            try
            {
                RunRow(row, threads, peak, pytorch, ours, report);
            }
            catch (Exception e) when (e is InvalidOperationException or ArgumentException or OnnxRuntimeException)
            {
                Console.Error.WriteLine($"compare: {row.Work}: {e.Message}");
                failures++;
                if (pytorch?.Process.HasExited != true) continue;
                Console.Error.WriteLine(
                    $"compare: PyTorch has ended, so the remaining rows with {threads} threads are not compared.");
                return;
            }
        }
    }

    private void RunRow(Row row, int threads, FmaPeak peak, PyTorchProcess? pytorch, Process[] ours, Report report)
    {
        IReadOnlyList<PeerTensor> tensors = row.Prepare();
        IReadOnlyList<PeerTensor> results = row.Compute();
        Action<int> run = row.Run; // once: a method group would make a delegate in every sample, and bytes are counted
        var contestants = new List<Contestant> { new("Recur", n => Time(run, n)) };
        if (pytorch is not null)
        {
            (string op, var options) = row.PyTorchCase;
            if (Agrees(row, "PyTorch", pytorch.Compute(op, options, tensors), results))
                contestants.Add(new($"PyTorch {pytorch.Version}", n => pytorch.Time(n, clock.Name)));
        }

        using OnnxSession? onnx = row.OpenOnnx(tensors, threads);
        if (onnx is not null && Agrees(row, "ONNX Runtime", row.ComputeOnnx(onnx), results))
            contestants.Add(new($"ONNX Runtime {OnnxSession.Version}", n => Time(onnx.RunMany, n)));
        using OneDnn.Layer? layer = oneDnn is null ? null : row.OpenOneDnn(oneDnn, tensors, threads);
        if (layer is not null && Agrees(row, "oneDNN", layer.Run(), results))
            contestants.Add(new($"oneDNN {oneDnn!.Version}", n => Time(layer.RunMany, n)));
        if (contestants.Count == 1) report.AddWithoutPeer(row);
        else report.Add(row, threads, contestants, BestContest(contestants, peak, threads, ours));
    }

    private ContestResult BestContest(IReadOnlyList<Contestant> contestants, FmaPeak peak, int threads, Process[] ours)
    {
        const double quiet = 0.1; // a tenth of a core
        ContestResult? best = null;
        for (int i = 0; i < attempts && !(best?.ForeignLoad < quiet); i++)
        {
            ContestResult result = Contest.Run(contestants, peak, threads, ours);
            if (!(best?.ForeignLoad <= result.ForeignLoad)) best = result;
        }

        return best!;
    }

    private bool Agrees(Row row, string peer, IReadOnlyList<PeerTensor> expected, IReadOnlyList<PeerTensor> actual)
    {
        if (Agreement.Check(expected, actual) is not { } difference) return true;
        Console.Error.WriteLine($"compare: {row.Work}: Recur and {peer} differ: {difference}.");
        failures++;
        return false;
    }

    private double Time(Action<int> run, int n)
    {
        double start = clock.Seconds;
        run(n);
        return clock.Seconds - start;
    }
}
