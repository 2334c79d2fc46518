using System.Text.Json;

namespace Recur.Benchmarks.Results;

/// <summary>Figures of peers that <c>compare</c> cannot run, measured apart and recorded by hand: one JSON line per
/// case with lib, threads, cell, T, B, I, H, L, mode (fwd, fwdbwd) and ms. A field bench says what the figure is of:
/// table (a layer over whole sequences, also without the field), cell (a cell in a loop) or stream (single
/// steps).</summary>
internal sealed class RecordedFigures
{
    public const string FileName = "peers.jsonl";

    private readonly Dictionary<(string Peer, string Work, int Threads), double> milliseconds = [];

    private sealed record Figure(string Library, string? Work, int Threads, double Milliseconds);

    /// <summary>Who, short: libtorch, oneDNN.</summary>
    public List<string> Names { get; } = [];

    /// <summary>The same as the file calls them, with versions.</summary>
    public List<string> Libraries { get; } = [];

    /// <param name="file">May be missing.</param>
    public static RecordedFigures Read(string file)
    {
        var all = new RecordedFigures();
        if (!File.Exists(file)) return all;
        foreach (Figure figure in JsonLines.Read(file, Parse))
        {
            if (figure.Work is null) continue;
            string name = Short(figure.Library);
            if (!all.Names.Contains(name)) all.Names.Add(name);
            if (!all.Libraries.Contains(figure.Library)) all.Libraries.Add(figure.Library);
            // Of several figures the best counts: whatever else a machine does makes a program slower, never faster.
            var key = (name, figure.Work, figure.Threads);
            double best = all.milliseconds.GetValueOrDefault(key, double.PositiveInfinity);
            all.milliseconds[key] = Math.Min(figure.Milliseconds, best);
        }

        return all;
    }

    /// <summary>Milliseconds; null when there is no figure.</summary>
    public double? Find(string peer, string work, int threads) =>
        milliseconds.TryGetValue((peer, work, threads), out double ms) ? ms : null;

    private static string Short(string library) =>
        library.Contains("libtorch", StringComparison.OrdinalIgnoreCase) ? "libtorch"
        : library.Contains("onednn", StringComparison.OrdinalIgnoreCase) ? "oneDNN"
        : library;

    private static Figure Parse(JsonElement e)
    {
        string Text(string name) => e.GetProperty(name).GetString()!;
        int Number(string name) => e.GetProperty(name).GetInt32();
        string? work = null;
        string bench = e.TryGetProperty("bench", out JsonElement b) ? b.GetString()! : "table";
        if (bench is "table" or "cell" or "stream")
        {
            string cell = Text("cell").Replace("Cell", "", StringComparison.Ordinal);
            string shape = $"{cell}({Number("T")},{Number("B")},{Number("I")},{Number("H")},{Number("L")})";
            string mode = Text("mode") switch
            {
                "fwd" => "forward",
                "fwdbwd" => "forward+backward",
                string other => throw new InvalidOperationException($"mode must be fwd or fwdbwd but was {other}."),
            };
            work = bench switch
            {
                "cell" => $"{shape} cell loop {mode}",
                "stream" => $"{shape} stream",
                _ => $"{shape} {mode}",
            };
        }

        double ms = work is null ? double.NaN : e.GetProperty("ms").GetDouble();
        return new Figure(Text("lib"), work, Number("threads"), ms);
    }
}
