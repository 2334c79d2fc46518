using Microsoft.Win32.SafeHandles;
using Recur.Kernels;

namespace Recur.Text;

/// <summary>The pairs of a text sorted into tiles: those of the words of one block with the neighbours of
/// another.</summary>
/// <remarks>16 bytes for each pair, in memory or, beyond the budget, in a temporary file. The order within a tile is
/// that of <see cref="Cooccurrences"/>; it is shuffled by whoever takes a copy.</remarks>
internal sealed unsafe class GloVeTiles : IDisposable
{
    private readonly GloVeBlocks blocks;
    private readonly long[] starts;
    private readonly NativeBlock? memory;
    private readonly SafeFileHandle? file;

    public GloVeTiles(Cooccurrences pairs, GloVeBlocks blocks, GloVeOptions options, CancellationToken cancel)
    {
        this.blocks = blocks;
        Source = pairs;
        starts = new long[blocks.Count * blocks.Count + 1];
        bool mirrored = pairs.Options.Symmetric;
        pairs.Read(part =>
        {
            foreach (ref readonly PairUnits p in part)
            {
                starts[TileOf(p.Row, p.Column) + 1]++;
                if (mirrored && p.Row != p.Column) starts[TileOf(p.Column, p.Row) + 1]++;
            }
        });
        for (int i = 1; i < starts.Length; i++)
        {
            Longest = Math.Max(Longest, checked((int)starts[i]));
            starts[i] += starts[i - 1];
        }

        // Counting may hold its pairs as long as this is built; half of the budget is for each.
        if (PairCount * sizeof(GloVePair) <= options.MemoryBudget / 2)
            memory = new NativeBlock(PairCount * sizeof(GloVePair));
        else file = TemporaryFile.Create(options.TemporaryFolder, "glove");
        try
        {
            Fill(pairs, options, mirrored, cancel);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What they were made of.</summary>
    public Cooccurrences Source { get; }

    /// <summary>Blocks of words, and of neighbours.</summary>
    public int BlockCount => blocks.Count;

    public long PairCount => starts[^1];

    /// <summary>Pairs of the largest tile.</summary>
    public int Longest { get; }

    public bool IsOnDisk => file is not null;

    /// <summary>Copies the pairs of a tile and returns how many there are.</summary>
    public int Copy(int wordBlock, int contextBlock, Span<GloVePair> to)
    {
        int tile = wordBlock * blocks.Count + contextBlock;
        int length = (int)(starts[tile + 1] - starts[tile]);
        to = to[..length];
        if (file is not null) TemporaryFile.Read(file, to, starts[tile]);
        else new ReadOnlySpan<GloVePair>((GloVePair*)memory!.Start + starts[tile], length).CopyTo(to);
        GC.KeepAlive(memory);
        return length;
    }

    public void Dispose()
    {
        memory?.Dispose();
        file?.Dispose();
    }

    private int TileOf(int row, int column) => blocks.OfWord[row] * blocks.Count + blocks.OfWord[column];

    private void Fill(Cooccurrences pairs, GloVeOptions options, bool mirrored, CancellationToken cancel)
    {
        int tiles = starts.Length - 1;
        // A file is written tile by tile in pieces of some kilobytes.
        int piece = file is null ? 0 : (int)Math.Clamp(options.MemoryBudget / 4 / tiles / sizeof(GloVePair), 4, 1024);
        GloVePair[] buffers = new GloVePair[piece * tiles];
        int[] filled = new int[tiles];
        long[] next = [.. starts.AsSpan(0, tiles)];

        void Put(int row, int column, float log, float weight)
        {
            int tile = TileOf(row, column);
            (row, column) = (blocks.Rows[row], blocks.Rows[column]);
            var pair = new GloVePair { Row = row, Column = column, Log = log, Weight = weight };
            if (memory is not null)
            {
                ((GloVePair*)memory.Start)[next[tile]++] = pair;
                return;
            }

            buffers[tile * piece + filled[tile]++] = pair;
            if (filled[tile] == piece) Flush(tile);
        }

        void Flush(int tile)
        {
            TemporaryFile.Write<GloVePair>(file!, buffers.AsSpan(tile * piece, filled[tile]), next[tile]);
            next[tile] += filled[tile];
            filled[tile] = 0;
        }

        pairs.Read(part =>
        {
            cancel.ThrowIfCancellationRequested();
            foreach (ref readonly PairUnits p in part)
            {
                double x = pairs.ValueOf(p);
                float log = (float)Math.Log(x);
                float weight = x < options.XMax ? (float)Math.Pow(x / options.XMax, options.Alpha) : 1f;
                Put(p.Row, p.Column, log, weight);
                if (mirrored && p.Row != p.Column) Put(p.Column, p.Row, log, weight);
            }
        });
        for (int i = 0; i < tiles; i++)
            if (filled[i] > 0) Flush(i);
    }
}
