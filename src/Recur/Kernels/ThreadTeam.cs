using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>Work that can be split: a struct of plain values and pointers whose parts are run by the threads of the
/// team.</summary>
internal interface IParallelKernel
{
    /// <summary>Computes part <paramref name="part"/> of <paramref name="parts"/>; every element belongs to exactly one
    /// part.</summary>
    void Run(int part, int parts);
}

/// <summary>One persistent team of threads that spin briefly for the next piece of work and then sleep.</summary>
/// <remarks>
/// Dispatch and join cost about 0.2 us and no allocation, against 1.3 to 5 us for Parallel.For. One caller uses the
/// team at
/// a time; another thread that finds it busy computes all of its work itself: the split never changes a result.
/// </remarks>
internal static unsafe class ThreadTeam
{
    public const int MaxThreads = 256;

    /// <summary>How long a helper spins before it sleeps: long enough to catch the next layer of the same
    /// step.</summary>
    private const int SpinsBeforeYield = 400, SpinsBeforeSleep = 4000;

    [SuppressMessage("Design", "CA1001", Justification = "Helpers live as long as the process.")]
    private sealed class Helper(int index)
    {
        private readonly AutoResetEvent wake = new(false);
        private volatile int sleeping;
        private volatile int ticket;   // raised by the caller when there is work
        private int done;              // the last ticket finished
        private delegate*<void*, int, int, void> body;
        private void* work;
        private int parts;

        public void Start() =>
            new Thread(Loop) { IsBackground = true, Name = $"recur {index}" }.Start();

        public void Post(delegate*<void*, int, int, void> body, void* work, int parts)
        {
            this.body = body;
            this.work = work;
            this.parts = parts;
            Interlocked.Increment(ref ticket);
            if (sleeping != 0 && Interlocked.Exchange(ref sleeping, 0) != 0) wake.Set();
        }

        public void Join()
        {
            int spins = 0;
            while (Volatile.Read(ref done) != ticket) Spin(++spins);
        }

        private void Loop()
        {
            int seen = 0;
            while (true)
            {
                int spins = 0;
                while (ticket == seen)
                {
                    if (++spins < SpinsBeforeSleep)
                    {
                        Spin(spins);
                        continue;
                    }

                    sleeping = 1;
                    Interlocked.MemoryBarrier();
                    if (ticket == seen) wake.WaitOne();
                    else if (Interlocked.Exchange(ref sleeping, 0) == 0) wake.WaitOne(); // the caller has released us already: take it
                    spins = 0;
                }

                seen = ticket;
                body(work, index, parts);
                Volatile.Write(ref done, seen);
            }
        }

        // A spin that never yields can sit on the very core its partner needs.
        private static void Spin(int spins)
        {
            if (spins % SpinsBeforeYield == 0) Thread.Yield();
            else Thread.SpinWait(1);
        }
    }

    /// <summary>Elements of a simple function for each thread: some 50 us of memory traffic.</summary>
    private const int StreamedElements = 125_000;

    private static Helper[] helpers = [];
    private static int busy;
    private static readonly Lock Growing = new();

    public static int Threads { get; set; } = Initial();

    private static int Initial()
    {
        string? text = Environment.GetEnvironmentVariable("RECUR_THREADS");
        if (string.IsNullOrEmpty(text)) return Math.Min(Environment.ProcessorCount, MaxThreads);
        return int.TryParse(text, out int n) && n is >= 1 and <= MaxThreads
            ? n
            : throw new InvalidOperationException($"RECUR_THREADS must be a number in 1..{MaxThreads} but was \"{text}\".");
    }

    /// <summary>In how many parts a pass over so many elements is worth being split.</summary>
    public static int PartsOf(int elements) => Math.Clamp(elements / StreamedElements, 1, Threads);

    /// <summary>Runs all parts of the work, part 0 on the calling thread, and returns when all are done.</summary>
    /// <param name="work">Lives on the caller's stack; must hold only values and pointers that stay valid during the
    /// call.</param>
    /// <param name="parts">At most <see cref="Threads"/> run at a time.</param>
    public static void Run<T>(ref T work, int parts) where T : unmanaged, IParallelKernel
    {
        if (parts <= 1)
        {
            work.Run(0, 1);
            return;
        }

        if (Interlocked.CompareExchange(ref busy, 1, 0) != 0)
        {
            work.Run(0, 1);
            return;
        }

        if (helpers.Length < parts - 1) Grow(parts - 1);
        Helper[] team = helpers;
        void* address = Unsafe.AsPointer(ref work); // a local of the caller: it cannot move
        for (int i = 0; i < parts - 1; i++) team[i].Post(&Invoke<T>, address, parts);
        try
        {
            work.Run(0, parts);
        }
        finally
        {
            for (int i = 0; i < parts - 1; i++) team[i].Join();
            Volatile.Write(ref busy, 0);
        }
    }

    /// <summary>Waits until all parts of a running piece of work have called this for the <paramref name="turn"/>-th
    /// time.</summary>
    /// <param name="arrived">A counter the parts share, 0 before the first meeting.</param>
    /// <param name="parts">Their number.</param>
    /// <param name="turn">1 for the first meeting.</param>
    public static void Meet(int* arrived, int parts, int turn)
    {
        Interlocked.Increment(ref *arrived);
        int all = unchecked(parts * turn), spins = 0;
        while (unchecked(Volatile.Read(ref *arrived) - all) < 0)
        {
            if (++spins % SpinsBeforeYield == 0) Thread.Yield();
            else Thread.SpinWait(1);
        }
    }

    private static void Invoke<T>(void* work, int part, int parts) where T : unmanaged, IParallelKernel =>
        Unsafe.AsRef<T>(work).Run(part, parts);

    private static void Grow(int count)
    {
        lock (Growing)
        {
            if (helpers.Length >= count) return;
            var grown = new Helper[count];
            helpers.CopyTo(grown, 0);
            for (int i = helpers.Length; i < count; i++)
            {
                grown[i] = new Helper(i + 1);
                grown[i].Start();
            }

            helpers = grown;
        }
    }
}
