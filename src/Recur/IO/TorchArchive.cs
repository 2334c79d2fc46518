using System.Globalization;
using System.Text;

namespace Recur.IO;

/// <summary>The form PyTorch writes since 1.6: a zip archive with a pickle and one entry per storage.</summary>
/// <remarks>
/// <code>
/// NAME/data.pkl                 the pickle; storages are referred to by key
/// NAME/data/KEY                 the elements of a storage, stored (not compressed)
/// NAME/version                  "3\n"
/// NAME/byteorder                "little" or "big"; since 2.1
/// NAME/.format_version, NAME/.storage_alignment, NAME/.data/serialization_id        since 2.x; nothing depends on them
/// </code>
/// Source: torch/serialization.py and caffe2/serialize/inline_container.h. As PyTorch, this does not verify the
/// check sums: since 2.x users may have them left out.
/// </remarks>
internal sealed class TorchArchive
{
    private const int HighestVersion = 10;

    private readonly FileBytes file;
    private readonly ZipDirectory zip;
    private readonly string root;
    private readonly Dictionary<string, TorchValue> storages = [];

    private TorchArchive(FileBytes file)
    {
        this.file = file;
        zip = ZipDirectory.Read(file);
        if (zip.Entries.Count == 0) file.Fail("the zip archive is empty");
        string first = zip.Entries[0].Name;
        root = first[..(first.IndexOf('/', StringComparison.Ordinal) + 1)];
    }

    public static TorchValue Read(FileBytes file)
    {
        var archive = new TorchArchive(file);
        if (archive.zip.Find(archive.root + "constants.pkl") is not null)
            file.Fail("this is a TorchScript program, which would have to be run; save its state_dict() instead");
        archive.CheckVersion();
        archive.CheckByteOrder();
        if (archive.zip.Find(archive.root + "data.pkl") is not { } pickle)
        {
            file.Fail("the zip archive has no data.pkl; it is not a file of torch.save");
            return TorchValue.None;
        }

        archive.CheckStored(pickle);
        if (pickle.Length > PickleInput.MaxLength)
            file.Fail($"the pickle has {pickle.Length} bytes but at most {PickleInput.MaxLength} are read");
        long length = pickle.Length;
        TorchValue value = PickleReader.Read(file, pickle.DataOffset, ref length, archive.Storage);
        if (length != pickle.Length) file.Fail($"{pickle.Length - length} bytes follow the end of the pickle");
        return value;
    }

    private void CheckVersion()
    {
        if (ReadShort("version") is not { } text) return;
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int version)
            || version is < 1 or > HighestVersion)
            file.Fail(
                $"the archive has the version {SafetensorsHeader.Quote(text)} but 1 to {HighestVersion} are known");
    }

    private void CheckByteOrder()
    {
        if (ReadShort("byteorder") is not { } order || order == "little") return;
        file.Fail(order == "big"
            ? "the file was written on a big-endian machine, which is not supported"
            : $"the byte order is {SafetensorsHeader.Quote(order)} but must be little");
    }

    private string? ReadShort(string name)
    {
        const int longest = 32;
        if (zip.Find(root + name) is not { } entry) return null;
        CheckStored(entry);
        byte[] bytes = file.Read(entry.DataOffset, Math.Min(entry.Length, longest), "an entry");
        return Encoding.Latin1.GetString(bytes).TrimEnd('\n');
    }

    private void CheckStored(ZipEntry entry)
    {
        if (entry.IsDeflated)
            file.Fail(
                $"the entry {SafetensorsHeader.Quote(entry.Name)} is compressed, which torch.save never does; unpack " +
                "it and save it again");
    }

    /// <summary>('storage', type, key, location, number of elements): the storage as a tensor.</summary>
    private TorchValue Storage(TorchValue id)
    {
        (SafetensorsDataType type, bool isUntyped, string key, long count) = TorchStorageId.Parse(file, id, 5);
        if (storages.TryGetValue(key, out TorchValue? known))
        {
            TorchStorageId.CheckSame(known.AsTensor().Storage!, type, isUntyped, key, count);
            return known;
        }

        string quoted = SafetensorsHeader.Quote("data/" + key);
        if (zip.Find($"{root}data/{key}") is not { } entry)
        {
            file.Fail($"the storage {quoted} is missing in the archive");
            return TorchValue.None;
        }

        CheckStored(entry);
        var storage = new TorchStorage(file, type, count, isUntyped) { Offset = entry.DataOffset };
        if ((Int128)count * type.Size() != entry.Length)
            file.Fail(
                $"the storage {quoted} must have {(Int128)count * type.Size()} bytes ({count} elements of " +
                $"{type.FileName()}) but has {entry.Length}");
        var value = new TorchValue(TorchKind.Tensor, TorchTensor.Whole(storage), file: file.Name);
        storages.Add(key, value);
        return value;
    }
}
