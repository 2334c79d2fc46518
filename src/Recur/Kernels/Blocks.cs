using System.Diagnostics;

namespace Recur.Kernels;

/// <summary>Copies of equal runs between arrays whose runs stand at different distances: slices and
/// concatenations.</summary>
internal static class Blocks
{
    // target[i, 0..length] = source[i, 0..length] for i in 0..count; the rows start sourceStep and targetStep apart
    public static void Copy(ReadOnlySpan<float> source, int sourceStep, Span<float> target, int targetStep, int length, int count)
    {
        Debug.Assert(length <= sourceStep && length <= targetStep);
        if (length == sourceStep && length == targetStep)
        {
            source[..(length * count)].CopyTo(target);
            return;
        }

        for (int i = 0; i < count; i++) source.Slice(i * sourceStep, length).CopyTo(target[(i * targetStep)..]);
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
