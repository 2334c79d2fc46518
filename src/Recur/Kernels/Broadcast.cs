using System.Diagnostics;

namespace Recur.Kernels;

/// <summary>Element-wise functions of two arrays whose shapes differ, by NumPy's rule: aligned at the last dimension,
/// size 1 repeats.</summary>
internal static class Broadcast
{
    // y (+)= f(a, b), every shape as it is; a and b broadcast to y's shape.
    //   a [aShape], b [bShape] in; y [yShape] out, in/out when accumulate
    // Every array is row-major, so after merging dimensions the innermost one is either contiguous or repeats one
    // element:
    // an odometer over the outer dimensions, one call of the loop per row.
    public static void Zip<TOp>(ReadOnlySpan<float> a, in Shape aShape, ReadOnlySpan<float> b, in Shape bShape,
        Span<float> y, in Shape yShape, bool accumulate) where TOp : struct, IBinary
    {
        if (y.Length == 0) return;
        bool aWhole = a.Length == y.Length, bWhole = b.Length == y.Length; // broadcasting only ever adds elements
        if ((aWhole && bWhole) || (aWhole && b.Length == 1) || (bWhole && a.Length == 1))
        {
            Row<TOp>(a, aWhole ? 1 : 0, b, bWhole ? 1 : 0, y, accumulate);
            return;
        }

        // Dimensions from the innermost outwards, neighbours merged where both arrays run on.
        Span<int> sizes = stackalloc int[Shape.MaxRank], aStrides = stackalloc int[Shape.MaxRank], bStrides = stackalloc int[Shape.MaxRank];
        int count = 0, aNext = 1, bNext = 1;
        for (int d = 1; d <= yShape.Rank; d++)
        {
            int size = yShape[-d];
            if (size == 1) continue;
            bool aRepeats = d > aShape.Rank || aShape[-d] == 1, bRepeats = d > bShape.Rank || bShape[-d] == 1;
            int aStride = aRepeats ? 0 : aNext, bStride = bRepeats ? 0 : bNext;
            if (!aRepeats) aNext *= size;
            if (!bRepeats) bNext *= size;
            if (count > 0 && aStride == aStrides[count - 1] * sizes[count - 1] && bStride == bStrides[count - 1] * sizes[count - 1])
            {
                sizes[count - 1] *= size;
                continue;
            }

            sizes[count] = size;
            aStrides[count] = aStride;
            bStrides[count++] = bStride;
        }

        Span<int> at = stackalloc int[Shape.MaxRank];
        at.Clear();
        int row = sizes[0], aAt = 0, bAt = 0;
        for (int yAt = 0; ; yAt += row)
        {
            Row<TOp>(a.Slice(aAt, aStrides[0] == 0 ? 1 : row), aStrides[0], b.Slice(bAt, bStrides[0] == 0 ? 1 : row), bStrides[0],
                y.Slice(yAt, row), accumulate);
            int d = 1;
            for (; d < count; d++)
            {
                aAt += aStrides[d];
                bAt += bStrides[d];
                if (++at[d] < sizes[d]) break;
                aAt -= aStrides[d] * sizes[d];
                bAt -= bStrides[d] * sizes[d];
                at[d] = 0;
            }

            if (d == count) return;
        }
    }

    private static void Row<TOp>(ReadOnlySpan<float> a, int aStride, ReadOnlySpan<float> b, int bStride, Span<float> y, bool accumulate)
        where TOp : struct, IBinary
    {
        Debug.Assert(aStride is 0 or 1 && bStride is 0 or 1 && (aStride | bStride) == 1);
        switch (aStride, bStride, accumulate)
        {
            case (1, 1, false): Elementwise.Zip<TOp>(a, b, y); break;
            case (1, 0, false): Elementwise.Zip<TOp>(a, b[0], y); break;
            case (0, _, false): Elementwise.Zip<TOp>(a[0], b, y); break;
            case (1, 1, true): Elementwise.ZipAdd<TOp>(a, b, y); break;
            case (1, 0, true): Elementwise.ZipAdd<TOp>(a, b[0], y); break;
            default: Elementwise.ZipAdd<TOp>(a[0], b, y); break;
        }
    }
}
