namespace Recur.IO;

/// <summary>Equality of dictionary keys: scalars, texts, names, and tuples of a few of them.</summary>
internal sealed class TorchKeyComparer : IEqualityComparer<TorchValue>
{
    /// <summary>Longer keys are refused, so that no file can make looking them up slow.</summary>
    public const int LongestText = 4096, LongestTuple = 16;

    public static readonly TorchKeyComparer Instance = new();

    /// <summary>Whether a value may be a key; in Python lists and dictionaries may not either.</summary>
    public static bool IsKey(TorchValue value, bool inTuple = false) => value.Kind switch
    {
        TorchKind.None or TorchKind.Boolean or TorchKind.Integer or TorchKind.Number or TorchKind.Name => true,
        TorchKind.Text => value.TextOrName.Length <= LongestText,
        TorchKind.Tuple => !inTuple && value.Count <= LongestTuple && value.Items.All(i => IsKey(i, inTuple: true)),
        _ => false,
    };

    public bool Equals(TorchValue? x, TorchValue? y)
    {
        if (ReferenceEquals(x, y)) return true;
        if (x is null || y is null || x.Kind != y.Kind) return false;
        return x.Kind switch
        {
            TorchKind.Text or TorchKind.Name => x.TextOrName == y.TextOrName,
            TorchKind.Tuple => x.Items.SequenceEqual(y.Items, this),
            _ => x.Bits == y.Bits && Equals(x.Big, y.Big),
        };
    }

    public int GetHashCode(TorchValue value)
    {
        var hash = default(HashCode);
        hash.Add(value.Kind);
        if (value.Kind is TorchKind.Text or TorchKind.Name) hash.Add(value.TextOrName, StringComparer.Ordinal);
        else if (value.Kind == TorchKind.Tuple) foreach (TorchValue item in value.Items) hash.Add(GetHashCode(item));
        else hash.Add(value.Bits);
        return hash.ToHashCode();
    }
}
