using System.Diagnostics;
using Recur.Kernels;

namespace Recur.Text;

/// <summary>One pass over a corpus by several threads, which take pieces of it in turn and change the same rows without
/// waiting for each other.</summary>
/// <remarks>What is drawn in a piece, and the learning rate, depend on the piece's place alone: with one thread the pass
/// is repeatable bit for bit.</remarks>
internal sealed unsafe class Word2VecEpoch
{
    // Ids of a piece, about 10 ms of work: short enough that no thread waits long at the end of an epoch.
    private const int PieceLength = 1 << 14;

    private readonly EncodedCorpus corpus;
    private readonly Word2VecOptions options;
    private readonly long[] chunkStarts; // in ids
    private readonly int[] chunkPieces;  // pieces before a chunk
    private readonly CancellationToken cancel;
    private readonly Lock gate = new();

    private int nextPiece;
    private Exception? error;
    private long idsDone, predictions;
    private double loss;

    public Word2VecEpoch(EncodedCorpus corpus, Word2VecOptions options, CancellationToken cancel)
    {
        this.corpus = corpus;
        this.options = options;
        this.cancel = cancel;
        chunkStarts = new long[corpus.ChunkCount + 1];
        chunkPieces = new int[corpus.ChunkCount + 1];
        for (int i = 0; i < corpus.ChunkCount; i++)
        {
            int length = corpus.ChunkSize(i);
            chunkStarts[i + 1] = chunkStarts[i] + length;
            chunkPieces[i + 1] = chunkPieces[i] + (length + PieceLength - 1) / PieceLength;
        }
    }

    /// <summary>The learning rate at the beginning and at the end.</summary>
    public (double First, double Last) Alpha { get; init; }

    /// <summary>What is drawn follows from it.</summary>
    public ulong Seed { get; init; }

    /// <summary>Is called by the calling thread with the words done and the mean loss so far.</summary>
    public Action<long, double>? Progress { get; init; }

    private long Ids => chunkStarts[^1];

    /// <summary>Runs the pass and returns the mean loss; 0 when there was nothing to predict.</summary>
    public double Run(Word2VecWeights weights)
    {
        Word2VecPlan plan = weights.Plan(options);
        int threads = Math.Min(options.Threads ?? Parallelism.Threads, Math.Max(1, chunkPieces[^1]));
        var others = new Thread[threads - 1];
        nint address = (nint)(&plan); // this method waits for everyone who has it
        for (int i = 0; i < others.Length; i++)
        {
            others[i] = new Thread(() => Work((Word2VecPlan*)address, null))
            {
                IsBackground = true,
                Name = $"word2vec {i + 1}",
            };
            others[i].Start();
        }

        Work(&plan, Progress);
        foreach (Thread thread in others) thread.Join();
        GC.KeepAlive(weights);
        if (error is not null) throw new InvalidOperationException($"Word2Vec: {error.Message}", error);
        cancel.ThrowIfCancellationRequested();
        return predictions == 0 ? 0 : loss / predictions;
    }

    private void Work(Word2VecPlan* plan, Action<long, double>? progress)
    {
        try
        {
            var memory = new Word2VecScratchMemory(options, plan->Stride);
            var clock = Stopwatch.StartNew();
            int held = -1;
            ReadOnlySpan<int> ids = default;
            while (!cancel.IsCancellationRequested && Volatile.Read(ref error) is null)
            {
                int piece = Interlocked.Increment(ref nextPiece) - 1;
                if (piece >= chunkPieces[^1]) break;
                int chunk = Array.BinarySearch(chunkPieces, piece);
                if (chunk < 0) chunk = ~chunk - 1;
                if (chunk != held) ids = corpus.Chunk(held = chunk);
                Train(plan, memory, ids, chunk, piece - chunkPieces[chunk]);
                if (progress is null || clock.ElapsedMilliseconds < 100) continue;
                clock.Restart();
                Report(progress);
            }
        }
        catch (Exception e)
        {
            Interlocked.CompareExchange(ref error, e, null);
        }
    }

    private void Report(Action<long, double> progress)
    {
        long words;
        double mean;
        lock (gate)
        {
            words = (long)((double)idsDone / Ids * corpus.TokenCount);
            mean = predictions == 0 ? 0 : loss / predictions;
        }

        progress(words, mean);
    }

    private void Train(Word2VecPlan* plan, Word2VecScratchMemory memory, ReadOnlySpan<int> ids, int chunk, int part)
    {
        int from = Boundary(ids, part), to = Boundary(ids, part + 1);
        Word2VecScratch scratch = memory.For(to - from);
        long start = chunkStarts[chunk] + from;
        fixed (int* p = ids)
        {
            var kernel = new Word2VecKernel(plan, &scratch)
            {
                Ids = p + from,
                Length = to - from,
                FirstAlpha = AlphaAt(start),
                LastAlpha = AlphaAt(start + to - from),
                Seed = SplitMix.Seed(Seed, (ulong)(chunkPieces[chunk] + part)),
            };
            Isa.Run(ref kernel);
            lock (gate)
            {
                idsDone += to - from;
                loss += kernel.Loss;
                predictions += kernel.Predictions;
            }
        }
    }

    private float AlphaAt(long id) => (float)(Alpha.First + (Alpha.Last - Alpha.First) * ((double)id / Ids));

    // The first sentence that begins at or after this place; every thread finds the same.
    private static int Boundary(ReadOnlySpan<int> ids, int part)
    {
        if (part == 0) return 0;
        int at = (int)Math.Min(ids.Length, (long)part * PieceLength);
        while (at < ids.Length && ids[at - 1] != EncodedCorpus.EndOfSentence) at++;
        return at;
    }
}
