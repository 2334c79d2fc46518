using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Recur.Text;

/// <summary>Counts of pairs in a hash table with linear probing, which grows up to a budget.</summary>
internal sealed unsafe class CooccurrenceTable : IDisposable
{
    private const int FirstCapacity = 1 << 16;
    private const double Load = 0.75;

    private readonly int mostCapacity;
    private NativeBlock block;
    private PairUnits* slots;
    private int capacity, limit;

    /// <param name="budget">Bytes that the table takes at most; while it grows the former one counts too.</param>
    public CooccurrenceTable(long budget)
    {
        mostCapacity = (int)Math.Min(Array.MaxLength, budget / 3 * 2 / sizeof(PairUnits));
        int first = mostCapacity;
        while (first > FirstCapacity) first = (first + 1) / 2;
        Allocate(first);
    }

    /// <summary>Pairs in the table.</summary>
    public int Count { get; private set; }

    /// <summary>Makes room for so many new pairs; false when the budget does not allow it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool HasRoom(int pairs) => Count + pairs <= limit || Grow();

    /// <summary>Asks for the memory of a pair.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prefetch(ulong key)
    {
        if (Sse.IsSupported) Sse.Prefetch0(slots + Home(key));
    }

    /// <summary>Adds to the count of a pair; there must be room.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(ulong key, ulong units)
    {
        PairUnits* slot = Find(key);
        if (slot->Units == 0) Count++;
        slot->Key = key;
        slot->Units = PairUnits.Sum(slot->Units, units);
    }

    /// <summary>Moves all pairs to the front, in the order of their keys; nothing may be added then before
    /// <see cref="Clear"/>.</summary>
    public Span<PairUnits> Sorted()
    {
        int n = 0;
        for (int i = 0; i < capacity; i++)
            if (slots[i].Units != 0) slots[n++] = slots[i];
        var sorted = new Span<PairUnits>(slots, n);
        sorted.Sort();
        return sorted;
    }

    public void Clear()
    {
        NativeMemory.Clear(slots, (nuint)capacity * (nuint)sizeof(PairUnits));
        Count = 0;
    }

    /// <summary>The memory of <see cref="Sorted"/>, without the rest; the table is gone then.</summary>
    public NativeBlock Detach()
    {
        NativeBlock result = block;
        result.Shrink((long)Count * sizeof(PairUnits));
        block = new NativeBlock(0);
        slots = null;
        capacity = limit = Count = 0;
        return result;
    }

    public void Dispose() => block.Dispose();

    private bool Grow()
    {
        if (capacity == mostCapacity) return false;
        NativeBlock former = block;
        PairUnits* from = slots;
        int size = capacity;
        Allocate((int)Math.Min(mostCapacity, 2L * size));
        for (int i = 0; i < size; i++)
            if (from[i].Units != 0) *Find(from[i].Key) = from[i];
        former.Dispose();
        return true;
    }

    [System.Diagnostics.CodeAnalysis.MemberNotNull(nameof(block))]
    private void Allocate(int size)
    {
        block = new NativeBlock((long)size * sizeof(PairUnits));
        slots = (PairUnits*)block.Start;
        capacity = size;
        limit = (int)(Load * size);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private PairUnits* Find(ulong key)
    {
        nint i = Home(key);
        while (slots[i].Units != 0 && slots[i].Key != key)
            if (++i == capacity) i = 0;
        return slots + i;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private nint Home(ulong key)
    {
        ulong hash = key * 0x9E3779B97F4A7C15;
        hash = (hash ^ BitOperations.RotateLeft(hash, 32)) * 0xD6E8FEB86659FD93;
        return (nint)(((hash >> 32) * (uint)capacity) >> 32);
    }
}
