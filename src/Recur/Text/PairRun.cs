using Microsoft.Win32.SafeHandles;

namespace Recur.Text;

/// <summary>Pairs in the order of their keys, in a temporary file.</summary>
internal sealed class PairRun(SafeFileHandle file, long count) : IDisposable
{
    public SafeFileHandle File => file;

    public long Count => count;

    /// <summary>Writes sorted pairs.</summary>
    public static PairRun Write(ReadOnlySpan<PairUnits> pairs, string? folder)
    {
        const int part = 1 << 20;
        SafeFileHandle file = TemporaryFile.Create(folder, "pairs");
        try
        {
            for (int i = 0; i < pairs.Length; i += part)
                TemporaryFile.Write(file, pairs.Slice(i, Math.Min(part, pairs.Length - i)), i);
            return new PairRun(file, pairs.Length);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Merges runs into one, adding up what belongs to the same pair.</summary>
    /// <param name="runs">Two or more; the caller disposes of them.</param>
    /// <param name="folder">For the new one.</param>
    /// <param name="budget">Bytes for all buffers together.</param>
    /// <param name="cancel">Stops it.</param>
    public static PairRun Merge(IReadOnlyList<PairRun> runs, string? folder, long budget, CancellationToken cancel)
    {
        int length = (int)Math.Clamp(budget / 16 / (runs.Count + 1), 32, 1 << 16);
        SafeFileHandle file = TemporaryFile.Create(folder, "pairs");
        try
        {
            PairUnits[] buffer = new PairUnits[length];
            long written = 0;
            int filled = 0;
            var heads = new PriorityQueue<Reader, ulong>(runs.Count);
            foreach (PairRun run in runs)
            {
                var reader = new Reader(run, length);
                if (reader.MoveNext()) heads.Enqueue(reader, reader.Current.Key);
            }

            while (heads.TryPeek(out Reader? first, out _))
            {
                PairUnits pair = first.Current;
                if (first.MoveNext()) heads.DequeueEnqueue(first, first.Current.Key);
                else heads.Dequeue();
                if (filled > 0 && buffer[filled - 1].Key == pair.Key)
                {
                    buffer[filled - 1].Units = PairUnits.Sum(buffer[filled - 1].Units, pair.Units);
                    continue;
                }

                if (filled == length)
                {
                    cancel.ThrowIfCancellationRequested();
                    TemporaryFile.Write<PairUnits>(file, buffer, written);
                    written += filled;
                    filled = 0;
                }

                buffer[filled++] = pair;
            }

            TemporaryFile.Write<PairUnits>(file, buffer.AsSpan(0, filled), written);
            return new PairRun(file, written + filled);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public void Dispose() => file.Dispose();

    private sealed class Reader(PairRun run, int length)
    {
        private readonly PairUnits[] buffer = new PairUnits[length];
        private long next;
        private int at, filled;

        public PairUnits Current => buffer[at];

        public bool MoveNext()
        {
            if (++at < filled) return true;
            filled = (int)Math.Min(buffer.Length, run.Count - next);
            TemporaryFile.Read(run.File, buffer.AsSpan(0, filled), next);
            next += filled;
            at = 0;
            return filled > 0;
        }
    }
}
