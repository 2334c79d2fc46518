using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Recur.Peers;

namespace Recur.Benchmarks.Compare;

/// <summary>The table on the console and the JSON lines in the file.</summary>
internal sealed class Report : IDisposable
{
    /// <summary>A "+" in a row's name stays a "+".</summary>
    private static readonly JsonSerializerOptions Readable =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly StreamWriter? json;
    private readonly Clock clock;
    private int width; // of the rows' names

    public Report(string? jsonFile, Clock clock)
    {
        this.clock = clock;
        if (jsonFile is null) return;
        if (Path.GetDirectoryName(Path.GetFullPath(jsonFile)) is { } folder) Directory.CreateDirectory(folder);
        json = new StreamWriter(jsonFile, append: true) { AutoFlush = true };
    }

    /// <summary>Lines written so far.</summary>
    public int Count { get; private set; }

    /// <param name="rows">What follows.</param>
    /// <param name="threads">Of every side.</param>
    /// <param name="oneDnn">Its version, or why there is none.</param>
    /// <param name="pytorch">Its version, or why there is none.</param>
    /// <param name="warning">Why PyTorch may run below its best.</param>
    public void Begin(IEnumerable<Row> rows, int threads, string oneDnn, string pytorch, string? warning)
    {
        width = rows.Max(r => r.Work.Length);
        Console.WriteLine();
        Console.WriteLine($"{threads} thread{(threads == 1 ? "" : "s")}; ONNX Runtime {OnnxSession.Version}; {oneDnn}; {pytorch}");
        if (warning is not null) Console.WriteLine($"warning: {warning}");
        Console.WriteLine(
            Own("work", "Recur", "GFLOP/s", "of peak", "bytes") + Others("peer", "takes", "ratio", "others"));
    }

    private string Own(string work, string time, string gflops, string ofPeak, string bytes) =>
        $"{work.PadRight(width)} {time,8} {gflops,8} {ofPeak,7} {bytes,8}";

    private static string Others(string peer, string time, string ratio, string load) =>
        $"  {peer,-20} {time,8} {ratio,7} {load,7}";

    /// <summary>A row without a peer to measure against.</summary>
    public void AddWithoutPeer(Row row) => Console.WriteLine(
        $"{row.Work.PadRight(width)} not timed: no peer is here that does this work with the same numbers");

    public void Add(Row row, int threads, IReadOnlyList<Contestant> contestants, ContestResult result)
    {
        double recur = result.Milliseconds[0];
        double gflops = row.Flops / recur * 1e-6;
        string own = Own(
            row.Work, Duration.Text(recur), $"{gflops:f1}", $"{gflops / result.PeakGflops:p0}", $"{result.Bytes:f0}");
        for (int i = 1; i < contestants.Count; i++)
        {
            double peer = result.Milliseconds[i];
            Console.WriteLine((i == 1 ? own : new string(' ', own.Length)) + Others(
                contestants[i].Name, Duration.Text(peer), $"{peer / recur:f2}", $"{result.ForeignLoad:f2}"));
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
            }.ToJsonString(Readable));
        }
    }

    /// <summary>Four significant digits: more would be noise.</summary>
    private static JsonValue? Round(double value) =>
        double.IsFinite(value) ? JsonValue.Create(double.Parse(value.ToString("g4"))) : null;

    public void Dispose() => json?.Dispose();
}
