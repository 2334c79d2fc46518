using System.Diagnostics;
using Recur.Kernels;

namespace Recur.Text;

/// <summary>One pass over all pairs, each once, tile by tile.</summary>
/// <remarks>
/// With B blocks the pass has B turns of B tiles each, and no two tiles of a turn have a row in common (Gemulla and
/// others 2011, "Large-Scale Matrix Factorization with Distributed Stochastic Gradient Descent"). A tile is begun when
/// both of its blocks have the turns before behind them: rows see their tiles in the same order whatever threads there
/// are, and the result is the same, bit for bit. Chance decides which blocks of neighbours belong to which of words in
/// a turn, and the order of the pairs in a tile.
/// </remarks>
internal sealed unsafe class GloVeEpoch
{
    // Pairs between two looks at the clock and the token: some ten milliseconds.
    private const int PieceLength = 1 << 16;

    private readonly GloVeTiles tiles;
    private readonly GloVeWeights weights;
    private readonly GloVeOptions options;
    private readonly CancellationToken cancel;
    private readonly ulong seed;
    private readonly int[] contextOrder;
    private readonly double[] costs; // by word block, added up turn by turn
    private readonly int[] wordTurns, contextTurns; // how many turns each block has behind it

    private int nextTile;
    private Exception? error;
    private long pairsDone;

    public GloVeEpoch(GloVeTiles tiles, GloVeWeights weights, GloVeOptions options, int epoch, CancellationToken cancel)
    {
        (this.tiles, this.weights, this.options, this.cancel) = (tiles, weights, options, cancel);
        seed = SplitMix.Seed(options.Seed, (ulong)epoch);
        contextOrder = new int[tiles.BlockCount];
        for (int i = 0; i < contextOrder.Length; i++) contextOrder[i] = i;
        ulong state = seed;
        Shuffle(contextOrder.AsSpan(), ref state);
        costs = new double[tiles.BlockCount];
        wordTurns = new int[tiles.BlockCount];
        contextTurns = new int[tiles.BlockCount];
    }

    /// <summary>Is called by the calling thread with the pairs done and the mean cost so far.</summary>
    public Action<long, double>? Progress { get; init; }

    /// <summary>Runs the pass and returns the mean cost; 0 without pairs.</summary>
    public double Run()
    {
        int threads = Math.Min(options.Threads ?? Parallelism.Threads, tiles.BlockCount);
        var others = new Thread[threads - 1];
        for (int i = 0; i < others.Length; i++)
        {
            others[i] = new Thread(() => Work(null)) { IsBackground = true, Name = $"glove {i + 1}" };
            others[i].Start();
        }

        Work(Progress);
        foreach (Thread thread in others) thread.Join();
        GC.KeepAlive(weights);
        if (error is IOException or OutOfMemoryException)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(error);
        if (error is not null) throw new InvalidOperationException($"GloVe: {error.Message}", error);
        cancel.ThrowIfCancellationRequested();
        return tiles.PairCount == 0 ? 0 : costs.Sum() / tiles.PairCount;
    }

    private void Work(Action<long, double>? progress)
    {
        try
        {
            GloVePair[] memory = GC.AllocateUninitializedArray<GloVePair>(tiles.Longest, pinned: true);
            var clock = Stopwatch.StartNew();
            int blocks = tiles.BlockCount;
            while (!IsStopped)
            {
                int tile = Interlocked.Increment(ref nextTile) - 1;
                if (tile >= blocks * blocks) break;
                (int turn, int words) = (tile / blocks, tile % blocks);
                int contexts = contextOrder[(words + turn) % blocks];
                // The tiles before this one are taken by somebody, so that what it waits for is under way.
                var wait = default(SpinWait);
                while (Volatile.Read(ref wordTurns[words]) != turn || Volatile.Read(ref contextTurns[contexts]) != turn)
                {
                    if (IsStopped) return;
                    wait.SpinOnce(sleep1Threshold: -1);
                }

                Train(words, contexts, memory, progress, clock);
                Volatile.Write(ref wordTurns[words], turn + 1);
                Volatile.Write(ref contextTurns[contexts], turn + 1);
            }
        }
        catch (Exception e)
        {
            Interlocked.CompareExchange(ref error, e, null);
        }
    }

    private bool IsStopped => cancel.IsCancellationRequested || Volatile.Read(ref error) is not null;

    private void Train(int words, int contexts, GloVePair[] memory, Action<long, double>? progress, Stopwatch clock)
    {
        int length = tiles.Copy(words, contexts, memory);
        ulong state = SplitMix.Seed(seed, (ulong)(words * tiles.BlockCount + contexts));
        Shuffle(memory.AsSpan(0, length), ref state);
        fixed (GloVePair* pairs = memory)
        {
            for (int from = 0; from < length && !IsStopped; from += PieceLength)
            {
                var kernel = new GloVeKernel
                {
                    Pairs = pairs + from,
                    Count = Math.Min(PieceLength, length - from),
                    Words = weights.Words,
                    Contexts = weights.Contexts,
                    Stride = weights.Stride,
                    VectorSize = weights.VectorSize,
                    LearningRate = (float)options.LearningRate,
                };
                Isa.Run(ref kernel);
                costs[words] += kernel.Cost;
                long done = Interlocked.Add(ref pairsDone, kernel.Count);
                if (progress is null || clock.ElapsedMilliseconds < 100) continue;
                clock.Restart();
                progress(done, costs.Sum() / done);
            }
        }
    }

    private static void Shuffle<T>(Span<T> items, ref ulong state)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int other = SplitMix.Below((uint)(SplitMix.Next(ref state) >> 32), i + 1);
            (items[i], items[other]) = (items[other], items[i]);
        }
    }
}
