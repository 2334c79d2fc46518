using System.Text;
using System.Text.RegularExpressions;
using Recur.Benchmarks.Compare;

namespace Recur.Benchmarks.Results;

/// <summary>The tables of results inside a document: one line per work, all thread counts and peers beside each other.
/// A document may show several machines, each in a block of its own that names the folder its rows come from.</summary>
internal static partial class ResultsBlock
{
    private const string End = "<!-- /results -->";

    /// <summary>Writes the document's blocks of this folder anew.</summary>
    /// <param name="document">A Markdown file.</param>
    /// <param name="folder">The results.</param>
    /// <param name="page">The folder's page, to which the block links.</param>
    /// <exception cref="InvalidDataException">The document has no block of this folder, or the block would have no
    /// rows.</exception>
    public static void Update(string document, ResultsFolder folder, string page)
    {
        string text = File.ReadAllText(document);
        string home = Path.GetDirectoryName(Path.GetFullPath(document))!;
        string link = Path.GetRelativePath(home, page).Replace('\\', '/');
        int blocks = 0;
        string updated = Block().Replace(text, match =>
        {
            if (match.Groups["folder"].Value != folder.Name) return match.Value;
            blocks++;
            string begin = match.Groups["begin"].Value;
            string[] filters = [.. match.Groups["text"].Captures.Select(c => c.Value.Trim())];
            string[] works = [.. folder.Lines.Select(l => l.Work).Distinct().Where(w => Contains(w, filters))];
            if (works.Length == 0) throw new InvalidDataException($"{document}: no row fits {begin}");
            return $"{begin}\n\n{Table(folder, works)}\n{Caption(folder, link)}\n\n{End}";
        });
        if (blocks == 0) throw new InvalidDataException($"{document} has no block <!-- results {folder.Name} -->.");
        File.WriteAllText(document, updated);
    }

    private static bool Contains(string work, string[] filters) =>
        filters.Length == 0 || filters.Any(f => work.Contains(f, StringComparison.OrdinalIgnoreCase));

    private static string Table(ResultsFolder folder, string[] works)
    {
        string[] peers = [.. folder.Peers, .. folder.Recorded.Names];
        StringBuilder head = new StringBuilder("| work (T, N, I, H, layers) |"), rule = new StringBuilder("| --- |");
        StringBuilder[] rows = [.. works.Select(w => new StringBuilder($"| {w} |"))];
        foreach (int threads in folder.ThreadCounts)
        {
            Measurement[][] lines =
                [.. works.Select(w => folder.Lines.Where(l => l.Work == w && l.Threads == threads).ToArray())];
            Column(
                $"Recur, {threads} thread{(threads == 1 ? "" : "s")}",
                [.. lines.Select(l => l is [var first, ..] ? Duration.Text(first.RecurMs) : "")]);
            foreach (string peer in peers) Column($"{peer} takes", [.. lines.Select(l => Times(folder, l, peer))]);
        }

        return $"{head}\n{rule}\n{string.Concat(rows.Select(r => $"{r}\n"))}";

        void Column(string title, string[] cells)
        {
            if (cells.All(c => c.Length == 0)) return;
            head.Append($" {title} |");
            rule.Append(" --: |");
            for (int i = 0; i < rows.Length; i++) rows[i].Append($" {cells[i]} |");
        }
    }

    private static string Times(ResultsFolder folder, Measurement[] lines, string peer)
    {
        if (lines is not [var any, ..]) return "";
        double? ratio = lines.FirstOrDefault(l => l.Peer == peer)?.Ratio
            ?? folder.Recorded.Find(peer, any.Work, any.Threads) / any.RecurMs;
        return ratio is { } r ? $"{r.ToString(r < 9.95 ? "f2" : "f0")} x" : "";
    }

    private static string Caption(ResultsFolder folder, string link)
    {
        string[] libraries = [.. folder.Recorded.Libraries];
        string apart = libraries.Length == 0 ? "" : $"; {string.Join(", ", libraries)} measured apart";
        return $"{folder.Machine}; medians of one run, [all rows]({link}){apart}.\n" +
            "\"Takes 3 x\" means three times Recur's time.";
    }

    [GeneratedRegex(
        @"(?<begin><!-- results (?<folder>[^\s|]+)( \|(?<text>[^|\n]+?))* -->)\n.*?<!-- /results -->",
        RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Block();
}
