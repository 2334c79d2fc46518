using System.Text.Json.Nodes;
using Recur.Peers;

namespace Recur.Benchmarks.Compare;

/// <summary>The table on the console and the JSON lines in the file.</summary>
internal sealed class Report : IDisposable
{
    private readonly StreamWriter? json;
    private readonly Clock clock;

    public Report(string? jsonFile, Clock clock)
    {
        this.clock = clock;
        if (jsonFile is null) return;
        if (Path.GetDirectoryName(Path.GetFullPath(jsonFile)) is { } folder) Directory.CreateDirectory(folder);
        json = new StreamWriter(jsonFile, append: true) { AutoFlush = true };
    }

    /// <summary>Lines written so far.</summary>
    public int Count { get; private set; }

    public void Begin(int threads, PyTorchProcess? pytorch, string missing)
    {
        Console.WriteLine();
        Console.WriteLine($"{threads} thread{(threads == 1 ? "" : "s")}; ONNX Runtime {OnnxSession.Version}; " +
            (pytorch is null ? missing : $"PyTorch {pytorch.Version} over {pytorch.Blas}"));
        if (pytorch?.Warning is { } warning) Console.WriteLine($"warning: {warning}");
        Console.WriteLine(
            $"{"work",-34} {"Recur",11} {"GFLOP/s",8} {"of peak",7} {"bytes",6}  {"peer",-24} {"peer",11} {"ratio",8}  {"others",6}");
    }

    /// <summary>A row without a peer to measure against.</summary>
    public static void AddWithoutPeer(Row row) => Console.WriteLine($"{row.Work,-34} not timed: no peer is here that does this work with the same numbers");

    public void Add(Row row, int threads, IReadOnlyList<Contestant> contestants, ContestResult result)
    {
        double recur = result.Milliseconds[0];
        double gflops = row.Flops / recur * 1e-6;
        for (int i = 1; i < contestants.Count; i++)
        {
            double peer = result.Milliseconds[i];
            string own = i > 1
                ? new string(' ', 34 + 1 + 11 + 1 + 8 + 1 + 7 + 1 + 6)
                : $"{row.Work,-34} {Format(recur),11} {gflops,8:f1} {gflops / result.PeakGflops,7:p0} {result.Bytes,6:f0}";
            Console.WriteLine(
                $"{own}  {contestants[i].Name,-24} {Format(peer),11} {peer / recur,8:f2}  {result.ForeignLoad,6:f2}");
            Count++;
            json?.WriteLine(new JsonObject
            {
                ["work"] = row.Work,
                ["threads"] = threads,
                ["recur_ms"] = Round(recur),
                ["peer"] = contestants[i].Name,
                ["peer_ms"] = Round(peer),
                ["ratio"] = Round(peer / recur),
                ["gflops"] = Round(gflops),
                ["peak_gflops"] = Round(result.PeakGflops),
                ["recur_bytes"] = Math.Round(result.Bytes),
                ["other_load"] = Round(result.ForeignLoad),
                ["clock"] = clock.Name,
                ["cpu"] = Machine.Processor,
                ["os"] = Machine.OperatingSystemName,
                ["runtime"] = Machine.Runtime,
                ["kernels"] = Kernels.Isa.Current.ToString(),
                ["date"] = DateTime.UtcNow.ToString("yyyy-MM-dd"),
            }.ToJsonString());
        }
    }

    private static string Format(double milliseconds) => milliseconds switch
    {
        < 0.1 => $"{milliseconds * 1e3:f2} us",
        < 10 => $"{milliseconds:f3} ms",
        _ => $"{milliseconds:f1} ms",
    };

    /// <summary>Four significant digits: more would be noise.</summary>
    private static JsonValue? Round(double value) =>
        double.IsFinite(value) ? JsonValue.Create(double.Parse(value.ToString("g4"))) : null;

    public void Dispose() => json?.Dispose();
}
