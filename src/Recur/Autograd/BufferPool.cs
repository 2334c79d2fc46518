using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Recur.Autograd;

/// <summary>Float arrays by size class, four classes an octave (at most 25 % larger than asked), kept for reuse by one
/// thread.</summary>
/// <remarks>Large arrays do not move and are used from the first cache line that begins in them (<see cref="StartOf"/>): two
/// threads that write neighbouring rows do not write the same line.</remarks>
internal sealed class BufferPool
{
    private const int SmallestAligned = 1 << 10, FloatsPerLine = 16;
    private const int SmallestLog2 = 4;
    private readonly Stack<float[]>?[] classes = new Stack<float[]>?[4 * 32];
    private long lent;

    /// <summary>An array of at least <paramref name="length"/> elements from <see cref="StartOf"/> on, with unspecified contents.</summary>
    public float[] Rent(int length)
    {
        int c = ClassOf(length, out int size);
        lent++;
        if (classes[c] is { Count: > 0 } stack) return stack.Pop();
        return size < SmallestAligned
            ? GC.AllocateUninitializedArray<float>(size)
            : GC.AllocateUninitializedArray<float>(size + FloatsPerLine, pinned: true);
    }

    /// <summary>The first element of a lent array to use.</summary>
    public static unsafe int StartOf(float[] array)
    {
        if (array.Length < SmallestAligned + FloatsPerLine) return 0;
        nuint address = (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(array)); // it does not move
        return (int)(((nuint)0 - address) / sizeof(float) % FloatsPerLine);
    }

    /// <summary>Keeps an array for reuse; never more than were lent, so that a thread which only differentiates what
    /// others record
    /// does not gather their memory.</summary>
    public void Return(float[] array)
    {
        if (lent == 0) return;
        lent--;
        int c = ClassOf(array.Length < SmallestAligned + FloatsPerLine ? array.Length : array.Length - FloatsPerLine, out _);
        (classes[c] ??= new Stack<float[]>()).Push(array);
    }

    /// <summary>The class of the arrays that serve <paramref name="length"/>, and their size: 2^k · (4 + j) /
    /// 4.</summary>
    private static int ClassOf(int length, out int size)
    {
        if (length <= 1 << SmallestLog2)
        {
            size = 1 << SmallestLog2;
            return 0;
        }

        int log2 = BitOperations.Log2((uint)(length - 1));
        int quarter = 1 << (log2 - 2);
        int steps = (int)(((uint)(length - (1 << log2)) + (uint)quarter - 1) / (uint)quarter); // 1..4
        size = (int)Math.Min((1L << log2) + (long)steps * quarter, Array.MaxLength - FloatsPerLine);
        return (log2 - SmallestLog2) * 4 + steps;
    }
}
