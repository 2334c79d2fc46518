namespace Recur.IO;

/// <summary>The reference to a storage that stands in a pickle: ('storage', type, key, location, number of elements),
/// in legacy files with one item more.</summary>
internal static class TorchStorageId
{
    /// <summary>Takes a reference apart. The location (<c>cpu</c>, <c>cuda:0</c>) does not matter: everything comes
    /// into main memory.</summary>
    public static (SafetensorsDataType Type, bool IsUntyped, string Key, long Count) Parse(
        FileBytes file, TorchValue id, int items)
    {
        if (id.Kind == TorchKind.Tuple && id.Count == items
            && id.Items[0] is { Kind: TorchKind.Text, TextOrName: "storage" }
            && id.Items[1] is { Kind: TorchKind.Name } type
            && id.Items[2] is { Kind: TorchKind.Text } key && key.TextOrName.Length <= TorchKeyComparer.LongestText
            && id.Items[3].Kind == TorchKind.Text
            && id.Items[4] is { Kind: TorchKind.Integer, Big: null, Bits: >= 0 } count)
        {
            if (PickleNames.Storages.TryGetValue(type.TextOrName, out SafetensorsDataType t))
                return (t, false, key.TextOrName, count.Bits);
            if (PickleNames.UntypedStorages.Contains(type.TextOrName))
                return (SafetensorsDataType.U8, true, key.TextOrName, count.Bits);
        }

        file.Fail("a reference to a storage in the pickle has a form that is not known");
        return default;
    }

    /// <summary>A storage that is referred to twice must be described the same way.</summary>
    public static void CheckSame(TorchStorage known, SafetensorsDataType type, bool isUntyped, string key, long count)
    {
        if (known.Type != type || known.IsUntyped != isUntyped || known.Count != count)
            known.File.Fail($"the storage {SafetensorsHeader.Quote(key)} is described in two ways");
    }
}
