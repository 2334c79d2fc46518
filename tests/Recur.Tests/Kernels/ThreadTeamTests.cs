using Recur.Kernels;

namespace Recur.Tests.Kernels;

[Collection(AloneCollection.Name)]
public sealed unsafe class ThreadTeamTests
{
    // Adds 1 to counts[part], and in counts[Parts] notes how many parts it was told there are.
    private struct Count : IParallelKernel
    {
        public int* Counts;
        public int* Told;

        public readonly void Run(int part, int parts)
        {
            Counts[part]++; // no other part writes here
            if (part == 0) *Told = parts;
        }
    }

    private struct Nested : IParallelKernel
    {
        public int* Counts;
        public int* Told;

        public readonly void Run(int part, int parts)
        {
            var inner = new Count { Counts = Counts + 8 * part, Told = Told + part };
            ThreadTeam.Run(ref inner, 4);
        }
    }

    private struct Failing : IParallelKernel
    {
        public int* Counts;

        public readonly void Run(int part, int parts)
        {
            if (part == 0) throw new InvalidOperationException("part 0");
            Counts[part]++;
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(17)]
    public void Run_AnyNumberOfParts_RunsEachOnce(int parts)
    {
        int* counts = stackalloc int[20];
        int told = 0;
        var work = new Count { Counts = counts, Told = &told };
        for (int i = 1; i <= 100; i++)
        {
            ThreadTeam.Run(ref work, parts);
            for (int p = 0; p < 20; p++) Assert.Equal(p < Math.Max(parts, 1) ? i : 0, counts[p]);
            Assert.Equal(Math.Max(parts, 1), told);
        }
    }

    // The helpers are met in every state: spinning, about to sleep, asleep. A lost wake-up would hang for ever; the
    // limit only turns that into a failure.
    [Fact]
    public void Run_ManyDispatchesWithPauses_LosesNoWakeUp()
    {
        const int dispatches = 100_000;
        (int, int, int) total = default;
        var caller = new Thread(() =>
        {
            int* counts = stackalloc int[3];
            int told;
            var work = new Count { Counts = counts, Told = &told };
            var random = new Random(1);
            for (int i = 0; i < dispatches; i++)
            {
                ThreadTeam.Run(ref work, 3);
                if (i % 16 == 0) Thread.SpinWait(random.Next(6000));
                if (i % 1000 == 0) Thread.Sleep(1);
            }

            total = (counts[0], counts[1], counts[2]);
        })
        { IsBackground = true };
        caller.Start();
        Assert.True(caller.Join(TimeSpan.FromMinutes(5)), "a helper sleeps although there is work");
        Assert.Equal((dispatches, dispatches, dispatches), total);
    }

    // One caller has the team; the other finds it busy and computes all of its parts itself, as one.
    [Fact]
    public void Run_FromSeveralThreads_EachWorkIsDoneOnce()
    {
        const int callers = 4, dispatches = 5_000;
        long[] sums = new long[callers];
        Thread[] threads = [.. Enumerable.Range(0, callers).Select(c => new Thread(() => sums[c] = Dispatch()))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        Assert.All(sums, s => Assert.Equal(dispatches, s));

        static long Dispatch()
        {
            int* counts = stackalloc int[2];
            int told;
            var work = new Count { Counts = counts, Told = &told };
            long whole = 0;
            for (int i = 0; i < dispatches; i++)
            {
                counts[0] = counts[1] = 0;
                ThreadTeam.Run(ref work, 2);
                if (counts[0] == 1 && counts[1] == told - 1) whole++;
            }

            return whole;
        }
    }

    [Fact]
    public void Run_InsideAPart_RunsAllPartsThere()
    {
        int* counts = stackalloc int[24];
        int* told = stackalloc int[3];
        new Span<int>(counts, 24).Clear();
        var work = new Nested { Counts = counts, Told = told };
        ThreadTeam.Run(ref work, 3);
        for (int part = 0; part < 3; part++)
        {
            Assert.Equal(1, told[part]);
            Assert.Equal(1, counts[8 * part]);
        }
    }

    [Fact]
    public void Run_PartOfTheCallerThrows_OthersFinishAndTheTeamGoesOn()
    {
        int* counts = stackalloc int[3];
        int told;
        bool caught = false;
        var failing = new Failing { Counts = counts };
        try
        {
            ThreadTeam.Run(ref failing, 3);
        }
        catch (InvalidOperationException)
        {
            caught = true;
        }

        Assert.True(caught);
        Assert.Equal((0, 1, 1), (counts[0], counts[1], counts[2]));
        var work = new Count { Counts = counts, Told = &told };
        ThreadTeam.Run(ref work, 3);
        Assert.Equal((1, 2, 2, 3), (counts[0], counts[1], counts[2], told));
    }

    private static readonly AllocationMeter[] Meters = [new(), new(), new()];

    // Each part, always the same thread, counts for itself: the process has other threads, such as the test runner's.
    private readonly struct Allocations : IParallelKernel
    {
        public void Run(int part, int parts) => Meters[part].Mark();
    }

    [Fact]
    public void Run_WarmedUp_AllocatesNothingOnAnyThread()
    {
        var work = new Allocations();
        for (int i = 0; i < 1000; i++) ThreadTeam.Run(ref work, 3);
        Assert.All(Meters, m => Assert.Equal(0, m.Bytes));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(257)]
    public void Threads_OutOfRange_SaysWhichRange(int threads)
    {
        int former = Parallelism.Threads;
        string message = Assert.Throws<ArgumentOutOfRangeException>(() => Parallelism.Threads = threads).Message;
        Assert.Equal($"Parallelism.Threads must be in 1..256 but was {threads}. (Parameter 'value')", message);
        Assert.Equal(former, Parallelism.Threads);
    }
}
