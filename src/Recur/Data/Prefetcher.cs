using System.Runtime.ExceptionServices;

namespace Recur.Data;

/// <summary>Threads that prepare batches in order while their taker works; one lock, and a ring of slots.</summary>
/// <remarks>
/// Batch i is prepared in slot i mod S. The taker holds one slot, so threads may be up to S - 1 batches ahead:
/// <code>held ≤ batch being prepared &lt; held + S</code>
/// Nothing is allocated by waiting, taking or preparing.
/// </remarks>
internal sealed class Prefetcher<TBatch> : IDisposable
{
    private readonly Func<int, BatchMemory, TBatch> prepare;
    private readonly int count;
    private readonly Slot[] slots;
    private readonly Thread[] threads;
    private readonly object gate = new(); // Lock cannot wait for a condition
    private int held = -1;                // the batch the taker has
    private int next;                     // the batch to be prepared next
    private int busy;                     // threads that prepare one
    private bool running, ended;

    public Prefetcher(Func<int, BatchMemory, TBatch> prepare, int count, int threadCount, int ahead)
    {
        this.prepare = prepare;
        this.count = count;
        slots = new Slot[ahead + 1];
        for (int i = 0; i < slots.Length; i++) slots[i] = new Slot();
        threads = new Thread[threadCount];
        for (int i = 0; i < threads.Length; i++)
        {
            threads[i] = new Thread(Work) { IsBackground = true, Name = $"DataLoader {i}" };
            threads[i].Start();
        }
    }

    /// <summary>Waits until no thread reads the order any more.</summary>
    public void Stop()
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(ended, typeof(DataLoader<TBatch>));
            Halt();
        }
    }

    /// <summary>Begins an epoch.</summary>
    public void Start()
    {
        lock (gate) Restart(0);
    }

    public TBatch Take(int index)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(ended, typeof(DataLoader<TBatch>));
            if (!running || (index != held && index != held + 1))
            {
                Halt(); // a resumed run begins in the middle
                Restart(index);
            }

            held = index;
            Monitor.PulseAll(gate);
            Slot slot = slots[index % slots.Length];
            while (slot.Index != index) Monitor.Wait(gate);
            slot.Error?.Throw();
            return slot.Batch!;
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            ended = true;
            Monitor.PulseAll(gate);
        }

        foreach (Thread thread in threads) thread.Join();
    }

    // Below, gate is held, but while a batch is prepared.

    private void Halt()
    {
        running = false;
        while (busy > 0) Monitor.Wait(gate);
    }

    private void Restart(int first)
    {
        foreach (Slot slot in slots) slot.Index = -1;
        held = first - 1;
        next = first;
        running = true;
        Monitor.PulseAll(gate);
    }

    private void Work()
    {
        lock (gate)
        {
            while (!ended)
            {
                if (!running || next >= count || next >= held + slots.Length)
                {
                    Monitor.Wait(gate);
                    continue;
                }

                int index = next++;
                Slot slot = slots[index % slots.Length];
                busy++;
                Monitor.Exit(gate);
                try
                {
                    slot.Batch = prepare(index, slot.Memory);
                    slot.Error = null;
                }
                catch (Exception e)
                {
                    slot.Error = ExceptionDispatchInfo.Capture(e); // the taker shall see it
                }
                finally
                {
                    Monitor.Enter(gate);
                }

                busy--;
                slot.Index = index;
                Monitor.PulseAll(gate);
            }
        }
    }

    private sealed class Slot
    {
        public readonly BatchMemory Memory = new();
        public int Index = -1;
        public TBatch? Batch;
        public ExceptionDispatchInfo? Error;
    }
}
