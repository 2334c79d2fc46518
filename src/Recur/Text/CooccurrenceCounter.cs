using System.Runtime.CompilerServices;

namespace Recur.Text;

/// <summary>Counts pairs sentence by sentence; a full table becomes a run in a temporary file.</summary>
internal sealed class CooccurrenceCounter : IDisposable
{
    // Runs are merged when there are so many, so that buffers and open files stay few.
    private const int MostRuns = 64;

    private readonly CooccurrenceOptions options;
    private readonly CancellationToken cancel;
    private readonly CooccurrenceTable table;
    private readonly List<PairRun> runs = [];
    private readonly ulong[] units; // by distance
    private ulong[] keys, nextKeys; // of a word with those on its left, the nearest first

    public CooccurrenceCounter(CooccurrenceOptions options, CancellationToken cancel)
    {
        this.options = options;
        this.cancel = cancel;
        ulong whole = Cooccurrences.UnitsOf(options.Window);
        units = new ulong[options.Window + 1];
        for (int d = 1; d < units.Length; d++) units[d] = (whole + (ulong)d / 2) / (ulong)d;
        keys = new ulong[options.Window];
        nextKeys = new ulong[options.Window];
        table = new CooccurrenceTable(options.MemoryBudget);
    }

    public int RunsWritten { get; private set; }

    /// <summary>Counts a sentence.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(ReadOnlySpan<int> sentence)
    {
        // The places of the next word's pairs are fetched while those of this word are counted.
        int count = Prepare(sentence, 1);
        for (int i = 1; i < sentence.Length; i++)
        {
            (keys, nextKeys) = (nextKeys, keys);
            int now = count;
            if (!table.HasRoom(now)) Spill();
            count = Prepare(sentence, i + 1);
            for (int k = 0; k < now; k++) table.Add(keys[k], units[k + 1]);
        }
    }

    /// <summary>All pairs in order: in memory when the table held them, else in a file. The caller gets what it must
    /// dispose of.</summary>
    public (NativeBlock? Memory, PairRun? File, long Count) Finish()
    {
        if (runs.Count == 0)
        {
            long count = table.Sorted().Length;
            return (table.Detach(), null, count);
        }

        if (table.Count > 0) Spill();
        table.Dispose(); // its memory is for the buffers now
        if (runs.Count > 1) MergeRuns();
        PairRun result = runs[0];
        runs.Clear();
        return (null, result, result.Count);
    }

    public void Dispose()
    {
        table.Dispose();
        foreach (PairRun run in runs) run.Dispose();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Prepare(ReadOnlySpan<int> sentence, int i)
    {
        if (i >= sentence.Length) return 0;
        int n = Math.Min(i, options.Window), word = sentence[i];
        for (int k = 0; k < n; k++)
        {
            int left = sentence[i - 1 - k];
            bool swap = options.Symmetric && left > word;
            ulong key = swap ? PairUnits.KeyOf(word, left) : PairUnits.KeyOf(left, word);
            nextKeys[k] = key;
            table.Prefetch(key);
        }

        return n;
    }

    private void Spill()
    {
        cancel.ThrowIfCancellationRequested();
        if (runs.Count == MostRuns) MergeRuns();
        runs.Add(PairRun.Write(table.Sorted(), options.TemporaryFolder));
        table.Clear();
        RunsWritten++;
    }

    private void MergeRuns()
    {
        PairRun merged = PairRun.Merge(runs, options.TemporaryFolder, options.MemoryBudget / 4, cancel);
        foreach (PairRun run in runs) run.Dispose();
        runs.Clear();
        runs.Add(merged);
    }
}
