using System.Diagnostics.CodeAnalysis;

namespace Recur.Ops;

/// <summary>Checks of dimension arguments; negative ones count from the last.</summary>
internal static class Axes
{
    /// <summary>The dimension counted from the first.</summary>
    public static int Normalize(string caller, in Shape shape, int dim)
    {
        int d = dim < 0 ? dim + shape.Rank : dim;
        if ((uint)d >= (uint)shape.Rank) ThrowRange(caller, shape, dim);
        return d;
    }

    /// <summary>One bit per given dimension.</summary>
    public static int Mask(string caller, in Shape shape, ReadOnlySpan<int> dims)
    {
        int mask = 0;
        foreach (int dim in dims)
        {
            int bit = 1 << Normalize(caller, shape, dim);
            if ((mask & bit) != 0) ThrowTwice(caller, shape, dim);
            mask |= bit;
        }

        return mask;
    }

    /// <summary>The shape after a reduction over the dimensions in <paramref name="mask"/>.</summary>
    public static Shape Reduced(in Shape shape, int mask, bool keepDim)
    {
        Span<int> sizes = stackalloc int[Shape.MaxRank];
        int rank = 0;
        for (int d = 0; d < shape.Rank; d++)
        {
            bool reduced = (mask >> d & 1) != 0;
            if (!reduced) sizes[rank++] = shape[d];
            else if (keepDim) sizes[rank++] = 1;
        }

        return new Shape(sizes[..rank]);
    }

    /// <summary>The shape with a new dimension before <paramref name="dim"/>; -1 stands for the end.</summary>
    public static Shape Inserted(string caller, in Shape shape, int dim, int size, out int position)
    {
        position = dim < 0 ? dim + shape.Rank + 1 : dim;
        if ((uint)position > (uint)shape.Rank || shape.Rank == Shape.MaxRank) ThrowInsert(caller, shape, dim);
        Span<int> sizes = stackalloc int[shape.Rank + 1];
        for (int d = 0; d < shape.Rank; d++) sizes[d < position ? d : d + 1] = shape[d];
        sizes[position] = size;
        return new Shape(sizes);
    }

    /// <summary>The number of elements of the dimensions from <paramref name="first"/> up to, not including,
    /// <paramref name="end"/>.</summary>
    public static int Length(in Shape shape, int first, int end)
    {
        int length = 1;
        for (int d = first; d < end; d++) length *= shape[d];
        return length;
    }

    [DoesNotReturn]
    private static void ThrowRange(string caller, in Shape shape, int dim) => throw new ShapeException(
        $"{caller}: dimension {dim} was asked of {shape}, which has {shape.Rank}.");

    [DoesNotReturn]
    private static void ThrowInsert(string caller, in Shape shape, int dim) => throw new ShapeException(
        $"{caller}: a new dimension {dim} cannot be inserted into {shape}, which has {shape.Rank} of at most {Shape.MaxRank}.");

    [DoesNotReturn]
    private static void ThrowTwice(string caller, in Shape shape, int dim) => throw new ShapeException(
        $"{caller}: dimension {dim} of {shape} was given twice.");
}
