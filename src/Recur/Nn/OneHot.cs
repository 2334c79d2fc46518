using System.Diagnostics.CodeAnalysis;
using Recur.Ops;

namespace Recur.Nn;

/// <summary>Numbers of classes as vectors of zeros with a single one, and back; as
/// torch.nn.functional.one_hot.</summary>
/// <remarks>
/// <code>y[*, v] = 1 where v = indices[*], else 0</code>
/// The first step from words to numbers, and a costly one: V floats for every token. An <see cref="Embedding"/> gives
/// <c>OneHot.Encode(indices, V).MatMul(weight)</c> without the zeros, and <see cref="Losses"/> take classes as numbers.
/// <code>
/// Tensor x = OneHot.Encode([2, 0, 1, 1], [2, 2], numClasses: 3);   // [T, N, V] = [2, 2, 3]
/// Tensor y = BatchLayout.ToBatchFirst(x);                          // [N, T, V]
/// int[] back = OneHot.Decode(x);                                   // 2, 0, 1, 1
/// </code>
/// </remarks>
public static class OneHot
{
    /// <summary>Encodes a list of classes.</summary>
    /// <param name="indices">[n]: numbers from 0 to numClasses - 1.</param>
    /// <param name="numClasses">V; one more than the largest index when null.</param>
    /// <returns>[n, V].</returns>
    /// <exception cref="ArgumentException">V is less than 1, or null without any index.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An index is no class.</exception>
    public static Tensor Encode(ReadOnlySpan<int> indices, int? numClasses = null) =>
        Encode(indices, [indices.Length], numClasses);

    /// <summary>Encodes classes that stand in an array of some shape.</summary>
    /// <param name="indices">Numbers from 0 to numClasses - 1, in row-major order.</param>
    /// <param name="shape">[*], such as [T, N].</param>
    /// <param name="numClasses">V; one more than the largest index when null.</param>
    /// <returns>[*, V].</returns>
    /// <exception cref="ShapeException">The shape has another number of elements, or too many dimensions.</exception>
    /// <exception cref="ArgumentException">V is less than 1, or null without any index.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An index is no class.</exception>
    public static Tensor Encode(ReadOnlySpan<int> indices, Shape shape, int? numClasses = null)
    {
        if (shape.ElementCount != indices.Length)
            throw new ShapeException(
                $"OneHot.Encode: {shape} needs {shape.ElementCount} indices but {indices.Length} came.");
        if (shape.Rank == Shape.MaxRank)
            ShapeException.Throw("OneHot.Encode: indices", $"of at most {Shape.MaxRank - 1} dimensions", shape);
        if (numClasses is null && indices.IsEmpty)
            throw new ArgumentException("OneHot.Encode: numClasses must be given where there are no indices.");
        if (numClasses < 1)
            throw new ArgumentException($"OneHot.Encode: numClasses must be at least 1 but was {numClasses}.");
        int classes = numClasses ?? Largest(indices) + 1;
        Tensor result = Tensor.Zeros(Axes.Inserted("OneHot.Encode", shape, -1, classes, out _));
        Span<float> values = result.MutableSpan;
        for (int i = 0; i < indices.Length; i++)
        {
            if ((uint)indices[i] >= (uint)classes) ThrowIndex(indices[i], i, classes);
            values[i * classes + indices[i]] = 1f;
        }

        return result;
    }

    /// <summary>Encodes a tensor of classes.</summary>
    /// <param name="indices">[*]: whole numbers from 0 to numClasses - 1, of any shape.</param>
    /// <param name="numClasses">V; one more than the largest index when null.</param>
    /// <returns>[*, V].</returns>
    /// <exception cref="ShapeException">Too many dimensions.</exception>
    /// <exception cref="ArgumentException">V is less than 1, or null without any index.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An index is no class.</exception>
    public static Tensor Encode(Tensor indices, int? numClasses = null)
    {
        ReadOnlySpan<float> values = indices.Span;
        int[] numbers = new int[values.Length];
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = (int)values[i]; // saturates; what is no whole number differs
            if (numbers[i] != values[i]) ThrowBroken(values[i], i);
        }

        return Encode(numbers, indices.Shape, numClasses);
    }

    /// <summary>The classes of one-hot rows: where the one is.</summary>
    /// <param name="oneHot">[*, V]: each row has a single 1 and zeros.</param>
    /// <returns>The classes, in row-major order of [*].</returns>
    /// <exception cref="ShapeException">A scalar, or rows without elements.</exception>
    /// <exception cref="ArgumentException">A row is not one-hot, such as one of probabilities.</exception>
    public static int[] Decode(Tensor oneHot)
    {
        if (oneHot.Rank == 0 || oneHot.Shape[^1] == 0)
            ShapeException.Throw("OneHot.Decode: oneHot", "[*, V] with V of at least 1", oneHot.Shape);
        int classes = oneHot.Shape[^1];
        ReadOnlySpan<float> values = oneHot.Span;
        int[] indices = new int[values.Length / classes];
        for (int i = 0; i < indices.Length; i++)
        {
            ReadOnlySpan<float> row = values.Slice(i * classes, classes);
            int one = row.IndexOf(1f);
            if (one < 0) ThrowRow(i, "has no 1");
            int other = row[..one].IndexOfAnyExcept(0f);
            if (other < 0 && (other = row[(one + 1)..].IndexOfAnyExcept(0f)) >= 0) other += one + 1;
            if (other >= 0) ThrowRow(i, $"has {row[other]} at {other} besides the 1 at {one}");
            indices[i] = one;
        }

        return indices;
    }

    private static int Largest(ReadOnlySpan<int> indices)
    {
        int largest = 0; // a negative index is complained about when it is encoded
        foreach (int index in indices) largest = Math.Max(largest, index);
        return largest < Array.MaxLength
            ? largest
            : throw new ArgumentOutOfRangeException(
                null, $"OneHot.Encode: numClasses must be given for an index as large as {largest}.");
    }

    [DoesNotReturn]
    private static void ThrowIndex(int index, int position, int classes) => throw new ArgumentOutOfRangeException(
        null, $"OneHot.Encode: index {index} at position {position} is not one of the classes 0 to {classes - 1}.");

    [DoesNotReturn]
    private static void ThrowBroken(float index, int position) => throw new ArgumentOutOfRangeException(
        null, $"OneHot.Encode: indices must be whole numbers but {index} is at position {position}.");

    [DoesNotReturn]
    private static void ThrowRow(int row, string what) => throw new ArgumentException(
        $"OneHot.Decode: each row of oneHot must have a single 1 and zeros but row {row} {what}.");
}
