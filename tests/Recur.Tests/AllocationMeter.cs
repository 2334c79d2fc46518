namespace Recur.Tests;

/// <summary>What the calling thread allocates, piece by piece.</summary>
/// <remarks>A collection, which any thread of the process may start, takes from every thread the rest of the memory it was
/// given to allocate from, and the runtime's count of the thread may then jump by that rest, up to 8 KB, though nothing was
/// allocated. A piece into which a collection fell says nothing, therefore, and is left out.</remarks>
internal sealed class AllocationMeter
{
    private const int MostTimes = 10_000;
    private long last, bytes;
    private int collections, exact;
    private bool begun;

    /// <summary>Ends a piece and begins the next.</summary>
    public void Mark()
    {
        int before = GC.CollectionCount(0);
        long now = GC.GetAllocatedBytesForCurrentThread();
        if (begun && GC.CollectionCount(0) == collections)
        {
            bytes += now - last;
            exact++;
        }

        begun = true;
        last = now;
        collections = before;
    }

    /// <summary>The bytes allocated in all pieces without a collection, of which there must be one.</summary>
    public long Bytes => exact > 0 ? bytes : throw new InvalidOperationException("A collection fell into every piece.");

    /// <summary>The bytes allocated by so many calls, or more where a collection falls into all of them.</summary>
    public static long Of(int times, Action step)
    {
        var meter = new AllocationMeter();
        meter.Mark();
        for (int i = 0; i < times || (meter.exact == 0 && i < MostTimes); i++)
        {
            step();
            meter.Mark();
        }

        return meter.Bytes;
    }
}
