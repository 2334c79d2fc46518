using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text;

namespace Recur;

/// <summary>The dimensions of a tensor, outermost first; a small value without heap memory, written <c>[3,
/// 4]</c>.</summary>
/// <remarks>At most <see cref="MaxRank"/> dimensions; no dimension is negative; a scalar has rank 0 and one
/// element.</remarks>
[CollectionBuilder(typeof(Shape), nameof(Create))]
[SuppressMessage("Naming", "CA1710:Identifiers should have correct suffix", Justification = "A shape is a shape.")]
public readonly struct Shape : IEquatable<Shape>, IReadOnlyList<int>
{
    /// <summary>The largest number of dimensions.</summary>
    public const int MaxRank = 8;

    private readonly Dimensions dimensions;
    private readonly int rank;
    private readonly int lengthMinusOne; // so that default(Shape) is the scalar shape

    [InlineArray(MaxRank)]
    private struct Dimensions
    {
        private int first;
    }

    /// <summary>A shape with the given dimensions.</summary>
    /// <param name="dimensions">Sizes, outermost first.</param>
    /// <exception cref="ArgumentException">More than <see cref="MaxRank"/> dimensions, a negative one, or more than
    /// 2,147,483,591 elements.</exception>
    public Shape(params ReadOnlySpan<int> dimensions)
    {
        if (dimensions.Length > MaxRank)
            throw new ArgumentException($"Shape: at most {MaxRank} dimensions are supported but there are {dimensions.Length}.");
        long length = 1;
        for (int i = 0; i < dimensions.Length; i++)
        {
            if (dimensions[i] < 0)
                throw new ArgumentException($"Shape: dimension {i} must not be negative but was {dimensions[i]}.");
            this.dimensions[i] = dimensions[i];
            length = Math.Min(length * dimensions[i], long.MaxValue >> 32);
        }

        if (length > Array.MaxLength)
            throw new ArgumentException($"Shape: at most {Array.MaxLength} elements are supported but [{string.Join(", ", dimensions.ToArray())}] has more.");
        rank = dimensions.Length;
        lengthMinusOne = (int)length - 1;
    }

    /// <summary>Makes <c>Shape s = [3, 4]</c> possible.</summary>
    public static Shape Create(ReadOnlySpan<int> dimensions) => new(dimensions);

    /// <summary>The number of dimensions.</summary>
    public int Rank => rank;

    /// <summary>The number of elements: the product of the dimensions.</summary>
    public int ElementCount => lengthMinusOne + 1;

    int IReadOnlyCollection<int>.Count => rank;

    /// <summary>Dimension <paramref name="index"/>, counted from the outermost; negative counts from the
    /// innermost.</summary>
    public int this[int index]
    {
        get
        {
            int i = index < 0 ? index + rank : index;
            if ((uint)i >= (uint)rank)
                throw new ArgumentOutOfRangeException(nameof(index), $"Shape: dimension {index} was asked of {this}, which has {rank}.");
            return dimensions[i];
        }
    }

    /// <summary>Dimension <paramref name="index"/>, so that <c>shape[^1]</c> is the innermost.</summary>
    /// <remarks>Without this the compiler would count ^1 from <see cref="ElementCount"/>, the number of
    /// elements.</remarks>
    public int this[Index index] => this[index.GetOffset(rank)];

    /// <summary>The dimensions as a span that lives as long as this value.</summary>
    [UnscopedRef]
    public ReadOnlySpan<int> AsSpan() => ((ReadOnlySpan<int>)dimensions)[..rank];

    /// <summary>This shape with dimension <paramref name="index"/> replaced.</summary>
    public Shape With(int index, int size)
    {
        Span<int> d = stackalloc int[rank];
        AsSpan().CopyTo(d);
        d[index < 0 ? index + rank : index] = size;
        return new Shape(d);
    }

    /// <summary>This shape without its innermost dimension.</summary>
    internal Shape WithoutLast() => new(AsSpan()[..^1]);

    /// <inheritdoc/>
    public bool Equals(Shape other) => AsSpan().SequenceEqual(other.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (int d in AsSpan()) hash.Add(d);
        return hash.ToHashCode();
    }

    /// <summary>Same rank and same dimensions.</summary>
    public static bool operator ==(Shape left, Shape right) => left.Equals(right);

    /// <summary>Another rank or another dimension.</summary>
    public static bool operator !=(Shape left, Shape right) => !left.Equals(right);

    /// <summary>Python's notation: <c>[3, 4]</c>; a scalar is <c>[]</c>.</summary>
    public override string ToString()
    {
        var text = new StringBuilder("[");
        for (int i = 0; i < rank; i++) text.Append(i == 0 ? "" : ", ").Append(dimensions[i]);
        return text.Append(']').ToString();
    }

    /// <inheritdoc/>
    public IEnumerator<int> GetEnumerator()
    {
        for (int i = 0; i < rank; i++) yield return dimensions[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
