using System.Diagnostics;
using System.Runtime.Intrinsics;

namespace Recur.Kernels;

/// <summary>Copies of equal runs between arrays whose runs stand at different distances: slices and
/// concatenations.</summary>
internal static unsafe class Blocks
{
    private const int ShortRow = 64;

    // target[i, 0..length] = source[i, 0..length] for i in 0..count; the rows start sourceStep and targetStep apart
    public static void Copy(ReadOnlySpan<float> source, int sourceStep, Span<float> target, int targetStep, int length, int count)
    {
        Debug.Assert(length <= sourceStep && length <= targetStep);
        if (length == sourceStep && length == targetStep)
        {
            source[..(length * count)].CopyTo(target);
            return;
        }

        if (length >= Vector256<float>.Count && length <= ShortRow && count > 0)
        {
            // Cut to what is read and written: the pointers know no bounds.
            fixed (float* from = source[..((count - 1) * sourceStep + length)], to = target[..((count - 1) * targetStep + length)])
                CopyShort(from, sourceStep, to, targetStep, length, count);
            return;
        }

        for (int i = 0; i < count; i++) source.Slice(i * sourceStep, length).CopyTo(target[(i * targetStep)..]);
    }

    // A call for each row would cost more than the row. The last vector of a row overlaps the one before.
    private static void CopyShort(float* source, int sourceStep, float* target, int targetStep, int length, int count)
    {
        int last = length - Vector256<float>.Count;
        for (; count > 0; count--)
        {
            for (int j = 0; j < last; j += Vector256<float>.Count) Vector256.Load(source + j).Store(target + j);
            Vector256.Load(source + last).Store(target + last);
            source += sourceStep;
            target += targetStep;
        }
    }

    // target[i, 0..length] += source[i, 0..length]
    public static void Add(ReadOnlySpan<float> source, int sourceStep, Span<float> target, int targetStep, int length, int count)
    {
        Debug.Assert(length <= sourceStep && length <= targetStep);
        if (length == sourceStep && length == targetStep)
        {
            Elementwise.MapAdd<Copy>(source[..(length * count)], target[..(length * count)]);
            return;
        }

        for (int i = 0; i < count; i++)
            Elementwise.MapAdd<Copy>(source.Slice(i * sourceStep, length), target.Slice(i * targetStep, length));
    }
}
