using System.Numerics;

namespace Recur.Autograd;

/// <summary>Float arrays by size class, four classes an octave (at most 25 % larger than asked), kept for reuse by one
/// thread.</summary>
internal sealed class BufferPool
{
    private const int SmallestLog2 = 4;
    private readonly Stack<float[]>?[] classes = new Stack<float[]>?[4 * 32];
    private long lent;

    /// <summary>An array of at least <paramref name="length"/> elements with unspecified contents.</summary>
    public float[] Rent(int length)
    {
        int c = ClassOf(length, out int size);
        lent++;
        return classes[c] is { Count: > 0 } stack ? stack.Pop() : GC.AllocateUninitializedArray<float>(size);
    }

    /// <summary>Keeps an array for reuse; never more than were lent, so that a thread which only differentiates what
    /// others record
    /// does not gather their memory.</summary>
    public void Return(float[] array)
    {
        if (lent == 0) return;
        lent--;
        int c = ClassOf(array.Length, out _);
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
        size = (int)Math.Min((1L << log2) + (long)steps * quarter, Array.MaxLength);
        return (log2 - SmallestLog2) * 4 + steps;
    }
}
