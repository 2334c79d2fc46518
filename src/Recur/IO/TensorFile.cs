namespace Recur.IO;

/// <summary>An open file with tensors, of any format that is known: what is in it, and its tensors on demand.</summary>
/// <remarks>
/// <code>
/// using var file = TensorFile.Open("model.pt");       // or .safetensors, .pth, .npy, .npz
/// foreach (TensorFileEntry e in file.Entries) Console.WriteLine(e); // rnn.weight_ih_l0 F32 [10, 1]
/// </code>
/// The format is recognised by the content, and by the extension when the content says nothing.
/// </remarks>
public sealed class TensorFile : IDisposable
{
    private static readonly Dictionary<string, string> nothing = [];

    private readonly IDisposable owner;

    private TensorFile(
        TensorFileFormat format, string name, long length, IReadOnlyList<TensorFileEntry> entries,
        IReadOnlyDictionary<string, string> metadata, IDisposable owner)
    {
        Format = format;
        FileName = name;
        FileLength = length;
        Entries = entries;
        Metadata = metadata;
        this.owner = owner;
    }

    /// <summary>The file's format.</summary>
    public TensorFileFormat Format { get; }

    /// <summary>The file's name without its folder, as error texts say it.</summary>
    public string FileName { get; }

    /// <summary>The whole file's length in bytes.</summary>
    public long FileLength { get; }

    /// <summary>The tensors in the order of the file, each name once.</summary>
    public IReadOnlyList<TensorFileEntry> Entries { get; }

    /// <summary>What is in the file beside tensors: a safetensors file's strings; of a PyTorch file the numbers and
    /// texts by the paths that lead to them, such as <c>epoch</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>What a PyTorch file holds.</summary>
    internal TorchValue? Root { get; private init; }

    /// <summary>Opens a file; elements are read when asked.</summary>
    /// <exception cref="ModelFormatException">The file breaks a rule of its format.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    public static TensorFile Open(string path) => Open(FileBytes.Open(path));

    /// <summary>Reads a file that begins at the stream's position and ends where the stream ends.</summary>
    /// <param name="stream">A stream that can seek.</param>
    /// <param name="name">What error texts call it; its extension may decide.</param>
    /// <param name="leaveOpen">Whether the stream stays open when this object is disposed.</param>
    /// <exception cref="ModelFormatException">The file breaks a rule of its format.</exception>
    public static TensorFile Open(Stream stream, string name, bool leaveOpen = false) =>
        Open(new FileBytes(stream, name, leaveOpen));

    /// <summary>Closes the file.</summary>
    public void Dispose() => owner.Dispose();

    private static TensorFile Open(FileBytes file)
    {
        try
        {
            return TensorFileFormats.Recognise(file) switch
            {
                TensorFileFormat.Torch => OpenTorch(file),
                TensorFileFormat.Npy => OpenNpy(file),
                TensorFileFormat.Npz => OpenNpz(file),
                _ => OpenSafetensors(file),
            };
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static TensorFile OpenSafetensors(FileBytes bytes)
    {
        // The stream belongs to the bytes, which are disposed in its place.
        var file = SafetensorsFile.Open(bytes.At(0), bytes.Name, leaveOpen: true);
        var entries = file.Entries.Select(e => new TensorFileEntry(
            e.Name, e.DataType, [.. e.Dimensions], () => file.ReadBytes(e.Name), () => file.ReadTensor(e.Name)));
        return new TensorFile(
            TensorFileFormat.Safetensors, bytes.Name, bytes.Length, [.. entries], file.Metadata, bytes);
    }

    private static TensorFile OpenTorch(FileBytes bytes)
    {
        TorchFile file = TorchFile.Open(bytes);
        var tensors = new Dictionary<TorchTensor, Tensor>();
        var entries = file.NamedTensors("").Select(t => new TensorFileEntry(
            t.Key, t.Value.DataType, [.. t.Value.Dimensions], t.Value.ToBytes, () => Read(t.Key, t.Value)));
        var metadata = new OrderedDictionary<string, string>();
        foreach ((string name, TorchValue value) in TorchFlatten.Leaves(file.Root))
        {
            if (value.Kind == TorchKind.Tensor) continue;
            metadata[name] = value.Kind == TorchKind.Text ? value.TextOrName : value.ToString();
        }

        return new TensorFile(TensorFileFormat.Torch, bytes.Name, bytes.Length, [.. entries], metadata, file)
        {
            Root = file.Root,
        };

        // An object that stands there twice is one tensor here too.
        Tensor Read(string name, TorchTensor source)
        {
            if (!tensors.TryGetValue(source, out Tensor tensor))
                tensors.Add(source, tensor = source.ToTensor(SafetensorsHeader.Quote(name)));
            return tensor;
        }
    }

    private static TensorFile OpenNpy(FileBytes bytes)
    {
        string name = Path.GetFileNameWithoutExtension(bytes.Name);
        var header = NpyHeader.Read(Npy.Reader(bytes));
        var entry = new TensorFileEntry(
            name, header.Type, header.Dimensions, () => NpyData.ReadBytes(Npy.Reader(bytes), "the array"),
            () => NpyData.ReadTensor(Npy.Reader(bytes), "the array"));
        return new TensorFile(TensorFileFormat.Npy, bytes.Name, bytes.Length, [entry], nothing, bytes);
    }

    private static TensorFile OpenNpz(FileBytes bytes)
    {
        var entries = new List<TensorFileEntry>();
        foreach (ZipEntry entry in Npz.Directory(bytes).Entries)
        {
            string name = Npz.NameOf(entry), quoted = SafetensorsHeader.Quote(name);
            using var reader = new ZipEntryReader(bytes, entry);
            var header = NpyHeader.Read(reader);
            entries.Add(new TensorFileEntry(
                name, header.Type, header.Dimensions, () => Read(entry, r => NpyData.ReadBytes(r, quoted)),
                () => Read(entry, r => NpyData.ReadTensor(r, quoted))));
        }

        return new TensorFile(TensorFileFormat.Npz, bytes.Name, bytes.Length, entries, nothing, bytes);

        T Read<T>(ZipEntry entry, Func<ByteReader, T> read)
        {
            using var reader = new ZipEntryReader(bytes, entry);
            return read(reader);
        }
    }
}
