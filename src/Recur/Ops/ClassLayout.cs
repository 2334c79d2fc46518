using System.Diagnostics.CodeAnalysis;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>Where the classes lie in a tensor: [C], or [N, C] and any further dimensions.</summary>
/// <param name="Classes">C.</param>
/// <param name="Inner">The elements behind a class: the product of the dimensions after it.</param>
/// <param name="Positions">How often a class is chosen: all elements over C.</param>
internal readonly record struct ClassLayout(int Classes, int Inner, int Positions)
{
    /// <summary>The layout of a tensor of at least one dimension.</summary>
    public static ClassLayout Of(in Shape shape)
    {
        int axis = Axis(shape), inner = Axes.Length(shape, axis + 1, shape.Rank);
        return new(shape[axis], inner, Axes.Length(shape, 0, axis) * inner);
    }

    /// <summary>The shape of what has one number for each position.</summary>
    public static Shape WithoutClasses(in Shape shape) => Axes.Reduced(shape, 1 << Axis(shape), keepDim: false);

    private static int Axis(in Shape shape) => shape.Rank == 1 ? 0 : 1;

    /// <summary>Copies class indices, checked, into an array that a node keeps.</summary>
    /// <param name="caller">Who complains.</param>
    /// <param name="indices">The indices, when they came as integers.</param>
    /// <param name="values">Otherwise the same as whole numbers.</param>
    /// <param name="ignored">An index that is no class.</param>
    /// <param name="kept">The array; grows.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is not whole, or not a class.</exception>
    public void CopyIndices(
        string caller, ReadOnlySpan<int> indices, ReadOnlySpan<float> values, int ignored, ref int[] kept)
    {
        if (kept.Length < Positions) kept = new int[Positions];
        Span<int> target = kept.AsSpan(0, Positions);
        if (values.IsEmpty)
        {
            indices.CopyTo(target);
        }
        else
        {
            int broken = ClassIndices.FromFloats(values, target);
            if (broken >= 0) Throw(caller, $"{values[broken]}", broken);
        }

        int outside = ClassIndices.FirstOutside(target, Classes, ignored);
        if (outside >= 0) Throw(caller, $"{target[outside]}", outside);
    }

    [DoesNotReturn]
    private void Throw(string caller, string value, int position) => throw new ArgumentOutOfRangeException(
        null, $"{caller}: target {value} at position {position} is not one of the classes 0 to {Classes - 1}.");
}
