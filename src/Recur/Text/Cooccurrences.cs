using System.Diagnostics;

namespace Recur.Text;

/// <summary>How often each two words of a text stand near each other: the matrix X of GloVe, without its
/// zeros.</summary>
/// <remarks>
/// <para>Two words of a sentence that are d words apart, d at most the window, add 1/d (Pennington and others 2014). In
/// a symmetric count X_ij = X_ji, and a word beside itself adds 2/d to X_ii, once from either side.</para>
/// <para>The sums are exact: they are kept as whole numbers of 1/lcm(1..window) up to window 22. With larger windows
/// 1/d is rounded to multiples of 2^-32, which changes a value by less than 1.2e-7 of it. Either way the result does
/// not depend on the order of adding, so that it is the same, bit for bit, for any <see
/// cref="CooccurrenceOptions.MemoryBudget"/>. A symmetric count holds each pair once, in 16 bytes.</para>
/// <para>It never changes; several threads may read it. <see cref="Dispose"/> gives memory and file back at once,
/// otherwise the garbage collector does.</para>
/// </remarks>
public sealed class Cooccurrences : IDisposable
{
    internal const int MostExactWindow = 22;

    /// <summary>Pairs of a call of <see cref="Read"/> at most.</summary>
    internal const int PartLength = 1 << 14;

    private readonly NativeBlock? memory;
    private readonly PairRun? file;
    private bool isDisposed;

    private Cooccurrences(
        Vocabulary vocabulary, CooccurrenceOptions options, NativeBlock? memory, PairRun? file, long held, int runs)
    {
        (Vocabulary, Options, HeldCount, Runs) = (vocabulary, options, held, runs);
        (this.memory, this.file) = (memory, file);
        Scale = 1.0 / UnitsOf(options.Window);
        long diagonal = 0;
        Read(pairs =>
        {
            foreach (ref readonly PairUnits pair in pairs)
                if (pair.Row == pair.Column) diagonal++;
        });
        PairCount = options.Symmetric ? 2 * held - diagonal : held;
    }

    /// <summary>What the ids mean.</summary>
    public Vocabulary Vocabulary { get; }

    /// <summary>How it was counted.</summary>
    public CooccurrenceOptions Options { get; }

    /// <summary>The number of pairs, entries of the matrix that are not zero.</summary>
    public long PairCount { get; }

    /// <summary>Whether the pairs lie in a temporary file, because the table outgrew the budget.</summary>
    public bool IsOnDisk => file is not null;

    /// <summary>Pairs as they are held: each once in a symmetric count.</summary>
    internal long HeldCount { get; }

    /// <summary>How often the table was written to a file.</summary>
    internal int Runs { get; }

    /// <summary>What a unit counts.</summary>
    internal double Scale { get; }

    /// <summary>Counts the pairs of a text.</summary>
    /// <param name="corpus">The text; windows end at its sentences, and words that are not in its vocabulary are not
    /// there at all, as in the authors' program.</param>
    /// <param name="options">The numbers; the defaults when null.</param>
    /// <param name="words">Gets the words counted so far, ten times a second.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="IOException">A temporary file cannot be written.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was cancelled.</exception>
    public static Cooccurrences Count(
        EncodedCorpus corpus, CooccurrenceOptions? options = null, IProgress<long>? words = null,
        CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(corpus);
        options ??= new CooccurrenceOptions();
        options.Check();
        using var counter = new CooccurrenceCounter(options, cancel);
        var clock = Stopwatch.StartNew();
        long done = 0;
        for (int i = 0; i < corpus.ChunkCount; i++)
        {
            ReadOnlySpan<int> ids = corpus.Chunk(i);
            while (ids.Length > 0)
            {
                cancel.ThrowIfCancellationRequested();
                int length = ids.IndexOf(EncodedCorpus.EndOfSentence);
                counter.Add(ids[..length]);
                ids = ids[(length + 1)..];
                done += length;
                if (words is null || clock.ElapsedMilliseconds < 100) continue;
                clock.Restart();
                words.Report(done);
            }
        }

        words?.Report(done);
        (NativeBlock? memory, PairRun? file, long count) = counter.Finish();
        return new Cooccurrences(corpus.Vocabulary, options, memory, file, count, counter.RunsWritten);
    }

    /// <summary>All pairs, each once; in a symmetric count a pair is followed by its mirror image. The order depends on
    /// the text and its vocabulary alone.</summary>
    public IEnumerable<Cooccurrence> Pairs()
    {
        PairUnits[] buffer = new PairUnits[PartLength];
        for (long start = 0; start < HeldCount; start += PartLength)
        {
            int length = (int)Math.Min(PartLength, HeldCount - start);
            CopyPart(start, buffer.AsSpan(0, length));
            for (int i = 0; i < length; i++)
            {
                (int row, int column) = (buffer[i].Row, buffer[i].Column);
                double value = ValueOf(buffer[i]);
                yield return new Cooccurrence(row, column, value);
                if (Options.Symmetric && row != column) yield return new Cooccurrence(column, row, value);
            }
        }
    }

    /// <summary>Gives memory and file back.</summary>
    public void Dispose()
    {
        isDisposed = true;
        memory?.Dispose();
        file?.Dispose();
    }

    /// <summary>X of a pair as it is held.</summary>
    internal double ValueOf(in PairUnits pair) =>
        Options.Symmetric && pair.Row == pair.Column ? 2 * (pair.Units * Scale) : pair.Units * Scale;

    /// <summary>Shows all pairs as they are held, in the order of their keys.</summary>
    internal void Read(PairAction action)
    {
        PairUnits[] buffer = new PairUnits[PartLength];
        for (long start = 0; start < HeldCount; start += PartLength)
        {
            Span<PairUnits> part = buffer.AsSpan(0, (int)Math.Min(PartLength, HeldCount - start));
            CopyPart(start, part);
            action(part);
        }
    }

    internal delegate void PairAction(ReadOnlySpan<PairUnits> pairs);

    /// <summary>Units of a whole: lcm(1..window), so that 1/d is a whole number of them, or 2^32.</summary>
    internal static ulong UnitsOf(int window)
    {
        if (window > MostExactWindow) return 1UL << 32;
        ulong units = 1;
        for (ulong d = 2; d <= (ulong)window; d++)
        {
            (ulong a, ulong b) = (units, d);
            while (b != 0) (a, b) = (b, a % b);
            units *= d / a;
        }

        return units;
    }

    private unsafe void CopyPart(long start, Span<PairUnits> part)
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        if (file is not null)
        {
            TemporaryFile.Read(file.File, part, start);
            return;
        }

        new ReadOnlySpan<PairUnits>((PairUnits*)memory!.Start + start, part.Length).CopyTo(part);
        GC.KeepAlive(memory);
    }
}
