using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;

namespace Recur.IO;

/// <summary>The form PyTorch wrote before 1.6, and still writes when asked: pickles one after the other, then the
/// storages.</summary>
/// <remarks>
/// <code>
/// pickle of the magic number | pickle of the version, 1001 | pickle of {protocol_version, little_endian, type_sizes}
/// pickle of the value        | pickle of the list of the storages' keys
/// for each key: number of elements, 64 bits | elements
/// </code>
/// Source: torch/serialization.py, _legacy_save and _legacy_load.
/// </remarks>
internal sealed class TorchLegacy(FileBytes file)
{
    private const int Version = 1001;

    private static readonly BigInteger magic =
        BigInteger.Parse("1950a86a20f9469cfc6c", NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private readonly Dictionary<string, TorchValue> storages = [];
    private long position;

    public static TorchValue Read(FileBytes file) => new TorchLegacy(file).Read();

    private TorchValue Read()
    {
        if (Next() is not { Kind: TorchKind.Integer, Big: { } number } || number != magic)
            file.Fail("this is a pickle but not one of torch.save: its first value is not the magic number");
        TorchValue version = Next();
        if (version is not { Kind: TorchKind.Integer, Bits: Version })
            file.Fail($"the file has the version {version} of its form but {Version} is known");
        TorchValue system = Next();
        if (!system.TryGetValue("little_endian", out TorchValue? little) || little.Kind != TorchKind.Boolean)
            file.Fail("the file does not say in which byte order it was written");
        if (!little.ToBoolean()) file.Fail("the file was written on a big-endian machine, which is not supported");
        TorchValue value = Next(Storage);
        ReadStorages(Next());
        return value;
    }

    private TorchValue Next(Func<TorchValue, TorchValue>? persistent = null)
    {
        long length = file.Length - position;
        TorchValue value = PickleReader.Read(file, position, ref length, persistent);
        position += length;
        return value;
    }

    /// <summary>('storage', type, key, location, number of elements, view): the storage as a tensor.</summary>
    private TorchValue Storage(TorchValue id)
    {
        if (id.Items is [{ Kind: TorchKind.Text, TextOrName: "module" }, ..])
            file.Fail("a whole module was saved, which is a program; save its state_dict() instead");
        (SafetensorsDataType type, bool isUntyped, string key, long count) = TorchStorageId.Parse(file, id, 6);
        if (id.Items[5].Kind != TorchKind.None)
            file.Fail("the file has views of storages as PyTorch 0.3 wrote them, which are not supported");
        if (storages.TryGetValue(key, out TorchValue? known))
        {
            TorchStorageId.CheckSame(known.AsTensor().Storage!, type, isUntyped, key, count);
            return known;
        }

        // All storages stand in the rest of the file.
        if ((Int128)count * type.Size() > file.Length - position)
            file.Fail(
                $"the storage {SafetensorsHeader.Quote(key)} of {count} elements of {type.FileName()} is longer than " +
                "the rest of the file; it is cut off");
        var storage = new TorchStorage(file, type, count, isUntyped);
        var value = new TorchValue(TorchKind.Tensor, TorchTensor.Whole(storage), file: file.Name);
        storages.Add(key, value);
        return value;
    }

    private void ReadStorages(TorchValue keys)
    {
        if (keys.Kind != TorchKind.List) file.Fail("the list of the storages is missing");
        Span<byte> prefix = stackalloc byte[sizeof(long)];
        foreach (TorchValue key in keys.Items)
        {
            if (key.Kind != TorchKind.Text || !storages.TryGetValue(key.TextOrName, out TorchValue? value))
            {
                file.Fail($"the storage {key} belongs to no tensor");
                return;
            }

            TorchStorage storage = value.AsTensor().Storage!;
            if (storage.Offset >= 0) file.Fail($"the storage {key} comes twice");
            file.Read(position, prefix);
            long count = BinaryPrimitives.ReadInt64LittleEndian(prefix);
            if (count != storage.Count)
                file.Fail($"the storage {key} must have {storage.Count} elements but has {count}");
            position += prefix.Length;
            if (storage.ByteLength > file.Length - position)
                file.Fail($"the storage {key} needs {storage.ByteLength} bytes but the file is cut off");
            storage.Offset = position;
            position += storage.ByteLength;
        }

        foreach ((string key, TorchValue value) in storages)
            if (value.AsTensor().Storage!.Offset < 0)
                file.Fail($"the elements of the storage {SafetensorsHeader.Quote(key)} are missing");
        if (position != file.Length) file.Fail($"{file.Length - position} bytes follow the last storage");
    }
}
