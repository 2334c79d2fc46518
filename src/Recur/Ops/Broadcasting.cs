using System.Diagnostics.CodeAnalysis;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>The shapes of NumPy broadcasting, forward and backward.</summary>
internal static class Broadcasting
{
    /// <summary>The shape of a result of <paramref name="a"/> and <paramref name="b"/>.</summary>
    public static Shape Resolve(string caller, in Shape a, in Shape b)
    {
        if (a == b) return a;
        int rank = Math.Max(a.Rank, b.Rank);
        Span<int> sizes = stackalloc int[Shape.MaxRank];
        for (int d = 1; d <= rank; d++)
        {
            int aSize = d <= a.Rank ? a[-d] : 1, bSize = d <= b.Rank ? b[-d] : 1;
            if (aSize != bSize && aSize != 1 && bSize != 1) ThrowMismatch(caller, a, b, d);
            sizes[rank - d] = aSize == 1 ? bSize : aSize;
        }

        return new Shape(sizes[..rank]);
    }

    /// <summary>inputGrad += scale · dy, summed over the dimensions along which the input was repeated.</summary>
    public static void SumInto(ReadOnlySpan<float> dy, in Shape yShape, Span<float> inputGrad, in Shape inputShape, float scale = 1f)
    {
        if (inputShape.ElementCount != yShape.ElementCount)
            Reduce.SumAxes(dy, yShape, RepeatedAxes(yShape, inputShape), inputGrad, scale, accumulate: true);
        else if (scale == 1f)
            Elementwise.MapAdd<Copy>(dy, inputGrad);
        else
            Elementwise.ZipAdd<Multiply>(dy, scale, inputGrad);
    }

    /// <summary>One bit for each dimension of the result along which the input was repeated.</summary>
    private static int RepeatedAxes(in Shape yShape, in Shape inputShape)
    {
        int axes = 0;
        for (int d = 1; d <= yShape.Rank; d++)
            if (d > inputShape.Rank || inputShape[-d] != yShape[-d]) axes |= 1 << (yShape.Rank - d);
        return axes;
    }

    [DoesNotReturn]
    private static void ThrowMismatch(string caller, in Shape a, in Shape b, int dimension) => throw new ShapeException(
        $"{caller}: shapes {a} and {b} do not broadcast: dimension -{dimension} is {a[-dimension]} and {b[-dimension]}.");
}
