using System.Runtime.CompilerServices;

namespace Recur.Optim;

/// <summary>A number for all groups of an optimizer, or one per group: <c>0.1</c> or <c>[0.1, 0.01]</c>.</summary>
[CollectionBuilder(typeof(GroupValues), nameof(Create))]
public readonly struct GroupValues : IEquatable<GroupValues>
{
    private readonly double[]? values;

    private GroupValues(double[] values) => this.values = values;

    /// <summary>One number per group.</summary>
    public static GroupValues Create(ReadOnlySpan<double> values) => new(values.ToArray());

    /// <summary>The same number for all groups.</summary>
    public static implicit operator GroupValues(double value) => new([value]);

    /// <summary>One number per group.</summary>
    public static implicit operator GroupValues(double[] values) => Create(values);

    /// <summary>How many numbers were given.</summary>
    public int Count => values?.Length ?? 0;

    /// <summary>Walks through the numbers.</summary>
    public IEnumerator<double> GetEnumerator() => ((IEnumerable<double>)(values ?? [])).GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(GroupValues other) => (values ?? []).AsSpan().SequenceEqual(other.values);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is GroupValues other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Count > 0 ? HashCode.Combine(Count, values![0]) : 0;

    /// <summary>Whether all numbers are the same.</summary>
    public static bool operator ==(GroupValues a, GroupValues b) => a.Equals(b);

    /// <summary>Whether a number differs.</summary>
    public static bool operator !=(GroupValues a, GroupValues b) => !a.Equals(b);

    /// <summary>One number for each of so many groups; null when that cannot be.</summary>
    internal double[]? For(int groups)
    {
        if (Count == groups) return [.. values!];
        return Count == 1 ? [.. Enumerable.Repeat(values![0], groups)] : null;
    }
}
