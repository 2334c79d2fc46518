namespace Recur.IO;

/// <summary>Saves and loads named tensors as <c>.npz</c>, the format of <c>numpy.savez</c>: a zip archive of
/// <c>.npy</c> files.</summary>
/// <remarks>
/// <code>
/// Npz.Save("data.npz", [("x", x), ("y", y)]);        # Python: numpy.load("data.npz")["x"]
/// foreach (var (name, tensor) in Npz.Load("data.npz")) Console.WriteLine($"{name} {tensor.Shape}");
/// </code>
/// What an array may be: <see cref="Npy"/>. Compressed archives are read too; together their arrays may unpack to 100
/// times the file's length, or to 64 MB if that is more. Check sums are verified.
/// </remarks>
public static class Npz
{
    private const long LargestExpansion = 100, AlwaysAllowed = 64 << 20;

    private const string Suffix = ".npy";

    /// <summary>Loads all arrays as float32, in the order of the archive.</summary>
    /// <exception cref="ModelFormatException">The file breaks a rule of the format, or holds what a float32 tensor
    /// cannot.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    public static OrderedDictionary<string, Tensor> Load(string path)
    {
        using var file = FileBytes.Open(path);
        return Load(file);
    }

    /// <summary>Loads all arrays from a stream that can seek.</summary>
    /// <param name="stream">The file, from the stream's position to its end.</param>
    /// <param name="name">What error texts call it.</param>
    /// <exception cref="ModelFormatException">The file breaks a rule of the format, or holds what a float32 tensor
    /// cannot.</exception>
    public static OrderedDictionary<string, Tensor> Load(Stream stream, string name)
    {
        using var file = new FileBytes(stream, name, leaveOpen: true);
        return Load(file);
    }

    /// <summary>Writes tensors as f4 in the given order; the file appears complete or not at all (<see
    /// cref="AtomicFile"/>).</summary>
    /// <param name="path">The file; one that exists is replaced.</param>
    /// <param name="tensors">Names, each once, and values.</param>
    /// <param name="compress">Whether to compress, as <c>numpy.savez_compressed</c> does.</param>
    /// <exception cref="ArgumentException">A name comes twice.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Save(string path, IEnumerable<(string Name, Tensor Value)> tensors, bool compress = false)
    {
        FileTensor[] list = Collect(tensors);
        AtomicFile.Write(path, stream => Write(stream, list, compress));
    }

    /// <summary>Writes the tensors of a dictionary.</summary>
    /// <inheritdoc cref="Save(string, IEnumerable{ValueTuple{string, Tensor}}, bool)"/>
    public static void Save(
        string path, IEnumerable<KeyValuePair<string, Tensor>> tensors, bool compress = false)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        Save(path, tensors.Select(t => (t.Key, t.Value)), compress);
    }

    /// <summary>Writes tensors to a stream, which need not seek.</summary>
    /// <exception cref="ArgumentException">A name comes twice.</exception>
    public static void Save(Stream stream, IEnumerable<(string Name, Tensor Value)> tensors, bool compress = false)
    {
        ArgumentNullException.ThrowIfNull(stream);
        Write(stream, Collect(tensors), compress);
    }

    internal static void Write(Stream stream, IReadOnlyList<FileTensor> tensors, bool compress)
    {
        CheckNames(tensors);
        var zip = new ZipWriter(stream);
        foreach (FileTensor tensor in tensors)
        {
            string name = tensor.Name + Suffix;
            if (compress) zip.AddDeflated(name, write => Npy.Write(write, tensor));
            else zip.AddStored(name, write => Npy.Write(write, tensor));
        }

        zip.Finish();
    }

    /// <summary>The directory of an archive whose entries are all arrays.</summary>
    internal static ZipDirectory Directory(FileBytes file)
    {
        var directory = ZipDirectory.Read(file);
        Int128 unpacked = 0;
        foreach (ZipEntry entry in directory.Entries)
        {
            if (!entry.Name.EndsWith(Suffix, StringComparison.Ordinal))
                file.Fail($"the entry {SafetensorsHeader.Quote(entry.Name)} of the archive is not an array (.npy)");
            unpacked += entry.Length;
        }

        Int128 most = Int128.Max(AlwaysAllowed, (Int128)file.Length * LargestExpansion);
        if (unpacked > most)
            file.Fail($"the arrays would unpack to {unpacked} bytes but a file of this size may unpack to {most}");
        return directory;
    }

    internal static string NameOf(ZipEntry entry) => entry.Name[..^Suffix.Length];

    private static OrderedDictionary<string, Tensor> Load(FileBytes file)
    {
        var tensors = new OrderedDictionary<string, Tensor>();
        foreach (ZipEntry entry in Directory(file).Entries)
        {
            using var reader = new ZipEntryReader(file, entry);
            string name = NameOf(entry);
            tensors.Add(name, NpyData.ReadTensor(reader, SafetensorsHeader.Quote(name)));
        }

        return tensors;
    }

    private static FileTensor[] Collect(IEnumerable<(string Name, Tensor Value)> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        FileTensor[] list = [.. tensors.Select(t => FileTensor.Of(t.Name, t.Value))];
        CheckNames(list);
        return list;
    }

    private static void CheckNames(IReadOnlyList<FileTensor> tensors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (FileTensor tensor in tensors)
        {
            ArgumentNullException.ThrowIfNull(tensor.Name);
            if (tensor.Name.Length > short.MaxValue / 3)
                throw new ArgumentException($"Npz.Save: a name has {tensor.Name.Length} characters, too many for zip.");
            if (!names.Add(tensor.Name))
                throw new ArgumentException($"Npz.Save: the name \"{tensor.Name}\" comes twice.");
        }
    }
}
