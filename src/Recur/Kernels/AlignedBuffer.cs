using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>Float memory that starts on a cache line, never moves, and grows when more is asked for.</summary>
internal sealed unsafe class AlignedBuffer
{
    private const int Alignment = 64;
    private float[] array = [];
    private float* start;

    /// <summary>At least <paramref name="length"/> floats, of unspecified contents after growth.</summary>
    public float* Require(int length)
    {
        if (length > array.Length - Alignment / sizeof(float) || start == null) Grow(length);
        return start;
    }

    private void Grow(int length)
    {
        array = GC.AllocateUninitializedArray<float>(length + Alignment / sizeof(float), pinned: true);
        nuint address = (nuint)Unsafe.AsPointer(ref array[0]); // pinned for as long as the array lives
        start = (float*)((address + Alignment - 1) & ~(nuint)(Alignment - 1));
    }
}

/// <summary>Scratch memory of this thread for the time of one kernel call.</summary>
internal static unsafe class Workspace
{
    [ThreadStatic] private static AlignedBuffer[]? buffers;

    public static float* Require(WorkspaceSlot slot, int length)
    {
        AlignedBuffer[] all = buffers ??= CreateAll();
        return all[(int)slot].Require(length);
    }

    private static AlignedBuffer[] CreateAll()
    {
        var all = new AlignedBuffer[Enum.GetValues<WorkspaceSlot>().Length];
        for (int i = 0; i < all.Length; i++) all[i] = new AlignedBuffer();
        return all;
    }
}

/// <summary>Who uses a piece of scratch memory; two uses at the same time need two slots.</summary>
internal enum WorkspaceSlot
{
    PackedA,
    PackedB,
    PackedStates,
    Bias,
    Columns,
    StepSums,
    ClassRows,
}
