using System.Runtime.InteropServices;

namespace Recur.Text;

/// <summary>Counts tokens in the order of their first appearance.</summary>
internal sealed class TokenCounter(int? pruneAbove)
{
    private readonly Dictionary<string, long> counts = new(StringComparer.Ordinal);
    private long pruned = 1; // the next count to forget

    /// <summary>How often all tokens occurred, the forgotten included.</summary>
    public long Total { get; private set; }

    public IEnumerable<(string Token, long Count)> Counts => counts.Select(pair => (pair.Key, pair.Value));

    public void Add(ReadOnlySpan<char> token)
    {
        CollectionsMarshal.GetValueRefOrAddDefault(counts.GetAlternateLookup<ReadOnlySpan<char>>(), token, out _)++;
        Total++;
        if (counts.Count <= pruneAbove || pruneAbove is null) return;
        foreach ((string seen, long count) in counts)
        {
            if (count <= pruned) counts.Remove(seen); // allowed while enumerating
        }

        pruned++;
    }
}
