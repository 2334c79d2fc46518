using System.Text.Json;
using Recur.Benchmarks.Compare;

namespace Recur.Benchmarks.Results;

/// <summary>One JSON line of <c>compare</c>: Recur beside one peer.</summary>
internal sealed record Measurement(
    string Work, int Threads, double RecurMs, string Peer, double PeerMs, double Ratio, double Gflops,
    double PeakGflops, double Bytes, double OtherLoad, string Clock, string Cpu, string Os, string Runtime,
    string Kernels, string Date);

/// <summary>What was measured on one machine: the lines of <c>compare</c> in a folder, and beside them the figures of
/// peers that were measured apart.</summary>
internal sealed class ResultsFolder
{
    private ResultsFolder(string path, Measurement[] lines, RecordedFigures recorded)
    {
        Name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
        Lines = lines;
        Recorded = recorded;
    }

    public string Name { get; }

    /// <summary>The newest line of each work, thread count and peer, in the order of <see cref="Rows"/>.</summary>
    public Measurement[] Lines { get; }

    public IEnumerable<int> ThreadCounts => Lines.Select(l => l.Threads).Distinct().Order();

    /// <summary>The peers that <c>compare</c> ran, with their versions.</summary>
    public IEnumerable<string> Peers => Lines.Select(l => l.Peer).Distinct();

    /// <summary>What was measured apart.</summary>
    public RecordedFigures Recorded { get; }

    /// <summary>Processor, system and runtime; several where they have changed between the runs.</summary>
    public string Machine =>
        $"{Lines[0].Cpu}; {All(l => l.Os)}; {All(l => l.Runtime)}; kernels: {All(l => l.Kernels)}; {All(l => l.Date)}";

    private string All(Func<Measurement, string> property) =>
        string.Join(", ", Lines.Select(property).Distinct().Order());

    /// <exception cref="InvalidDataException">A line cannot be read, there is none, or they come from several
    /// processors.</exception>
    public static ResultsFolder Read(string path)
    {
        string figures = Path.Combine(path, RecordedFigures.FileName);
        Dictionary<string, int> order = Rows.All().Select((r, i) => (r.Work, i)).ToDictionary();
        Measurement[] lines =
        [
            .. Directory.EnumerateFiles(path, "*.jsonl").Where(f => f != figures).Order()
                .SelectMany(f => JsonLines.Read(f, Parse))
                .Where(l => l.Clock == Clock.Wall.Name)
                .GroupBy(l => (l.Work, l.Threads, l.Peer))
                .Select(g => g.Last())
                .OrderBy(l => order.GetValueOrDefault(l.Work, int.MaxValue)),
        ];
        if (lines.Length == 0) throw new InvalidDataException($"no results in {path}.");
        string[] machines = [.. lines.Select(l => l.Cpu).Distinct()];
        if (machines.Length > 1)
        {
            throw new InvalidDataException(
                $"{path} has results of {string.Join(" and of ", machines)}; every machine needs a folder of its own.");
        }

        return new ResultsFolder(path, lines, RecordedFigures.Read(figures));
    }

    private static Measurement Parse(JsonElement e)
    {
        string Text(string name) => e.GetProperty(name).GetString()!;
        double Number(string name) =>
            e.GetProperty(name) is { ValueKind: JsonValueKind.Number } v ? v.GetDouble() : double.NaN;
        return new Measurement(
            Text("work"), (int)Number("threads"), Number("recur_ms"), Text("peer"), Number("peer_ms"), Number("ratio"),
            Number("gflops"), Number("peak_gflops"), Number("recur_bytes"), Number("other_load"), Text("clock"),
            Text("cpu"), Text("os"), Text("runtime"), Text("kernels"), Text("date"));
    }
}
