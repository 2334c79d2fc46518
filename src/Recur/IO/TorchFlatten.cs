namespace Recur.IO;

/// <summary>The leaves of a tree of values with the dotted names that lead to them.</summary>
internal static class TorchFlatten
{
    /// <summary>All values that are no collections, depth first, in the order of the file.</summary>
    /// <remarks>That this ends, and with how much memory, <see cref="PickleCheck"/> has seen to.</remarks>
    public static IEnumerable<(string Name, TorchValue Value)> Leaves(TorchValue root) => Leaves(root, "");

    /// <summary>The part of a name that a key makes.</summary>
    public static string NameOf(TorchValue key) => key.Kind == TorchKind.Text ? key.TextOrName : key.ToString();

    private static IEnumerable<(string Name, TorchValue Value)> Leaves(TorchValue value, string name)
    {
        if (value.Kind == TorchKind.Dictionary)
        {
            foreach ((TorchValue key, TorchValue child) in value.Entries)
                foreach (var leaf in Leaves(child, Join(name, NameOf(key)))) yield return leaf;
        }
        else if (value.Kind is TorchKind.List or TorchKind.Tuple or TorchKind.Set)
        {
            for (int i = 0; i < value.Items.Count; i++)
                foreach (var leaf in Leaves(value.Items[i], Join(name, $"{i}"))) yield return leaf;
        }
        else
        {
            yield return (name, value);
        }
    }

    private static string Join(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";
}
