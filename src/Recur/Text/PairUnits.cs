using System.Diagnostics.CodeAnalysis;

namespace Recur.Text;

/// <summary>A pair of words and its count in whole units of <see cref="Cooccurrences.UnitsOf"/>.</summary>
/// <remarks>Whole numbers add up to the same sum in any order, so that neither the budget nor the order of merging
/// shows in a result.</remarks>
[SuppressMessage("Design", "MA0096", Justification = "Compared for sorting only.")]
[SuppressMessage("Design", "MA0097", Justification = "Compared for sorting only.")]
internal struct PairUnits : IComparable<PairUnits>
{
    /// <summary>The row's id in the upper half, the column's in the lower.</summary>
    public ulong Key;

    /// <summary>0 marks a free place of a table.</summary>
    public ulong Units;

    public readonly int Row => (int)(Key >> 32);

    public readonly int Column => (int)(uint)Key;

    public static ulong KeyOf(int row, int column) => ((ulong)(uint)row << 32) | (uint)column;

    public readonly int CompareTo(PairUnits other) => Key.CompareTo(other.Key);

    /// <summary>The sum of two counts of one pair.</summary>
    /// <exception cref="InvalidOperationException">It is 2^64 units or more.</exception>
    public static ulong Sum(ulong a, ulong b)
    {
        ulong sum = unchecked(a + b);
        return sum >= a
            ? sum
            : throw new InvalidOperationException(
                "Cooccurrences: a pair of words comes more often than can be counted (2^64 units); "
                + "take a smaller window.");
    }
}
