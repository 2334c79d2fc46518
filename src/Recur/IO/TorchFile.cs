namespace Recur.IO;

/// <summary>Reads and writes the files of <c>torch.save</c>, <c>.pt</c> and <c>.pth</c>, without Python.</summary>
/// <remarks>
/// <code>
/// model.Load("model.pt");                                             // a state dictionary: see ModuleFiles
/// TorchValue checkpoint = TorchFile.Load("checkpoint.pt");            // everything, in memory
/// using var file = TorchFile.Open("huge.pt");                         // names now, elements when asked
/// foreach (var (name, tensor) in file.Root.Tensors()) Console.WriteLine($"{name} {tensor}");
/// TorchFile.Save("out.pt", model.StateDict());                        // torch.load("out.pt", weights_only=True)
/// </code>
/// <para>Read: zip archives (since PyTorch 1.6, with what 2.x adds) and the older form, pickle protocols 2 to 5. The
/// pickle in a file is a program; here it is read by <see cref="PickleReader"/>, which knows an allow-list of names and
/// never runs anything. A name beyond the list, such as <c>os.system</c>, ends reading with an error that names
/// it.</para>
/// <para>A file is not trusted: memory is bounded by a fixed multiple of the file's length. Values keep the types of
/// the file; <see cref="TorchTensor.ToTensor()"/> makes float32 of them. Tensors that share a storage come as copies of
/// their parts. docs/formats.md says what is refused, and why.</para>
/// </remarks>
public sealed class TorchFile : IDisposable
{
    private readonly FileBytes file;

    private TorchFile(FileBytes file)
    {
        this.file = file;
        if (IsZip(file)) (IsLegacy, Root) = (false, TorchArchive.Read(file));
        else if (StartsWithPickle(file)) (IsLegacy, Root) = (true, TorchLegacy.Read(file));
        else if (IsTar(file)) file.Fail("this is a tar archive of PyTorch before 0.1.10, which is not supported");
        else file.Fail("this is not a file of torch.save: it is neither a zip archive nor a pickle");
    }

    /// <summary>The file's name without its folder, as error texts say it.</summary>
    public string FileName => file.Name;

    /// <summary>The whole file's length in bytes.</summary>
    public long FileLength => file.Length;

    /// <summary>Whether it has the form that PyTorch wrote before 1.6.</summary>
    public bool IsLegacy { get; }

    /// <summary>What was saved; its tensors are read from the file when they are asked for.</summary>
    public TorchValue Root { get; } = TorchValue.None;

    /// <summary>Opens a file and reads all but the elements of its tensors.</summary>
    /// <exception cref="ModelFormatException">The file breaks a rule of the format, or asks for a name that is not on
    /// the list.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    public static TorchFile Open(string path) => Open(FileBytes.Open(path));

    /// <summary>Reads a file that begins at the stream's position and ends where the stream ends.</summary>
    /// <param name="stream">A stream that can seek.</param>
    /// <param name="name">What error texts call it.</param>
    /// <param name="leaveOpen">Whether the stream stays open when this object is disposed.</param>
    /// <exception cref="ModelFormatException">The file breaks a rule of the format, or asks for a name that is not on
    /// the list.</exception>
    public static TorchFile Open(Stream stream, string name, bool leaveOpen = false) =>
        Open(new FileBytes(stream, name, leaveOpen));

    /// <summary>Loads a whole file into memory.</summary>
    /// <exception cref="ModelFormatException">The file breaks a rule of the format, or asks for a name that is not on
    /// the list.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    public static TorchValue Load(string path)
    {
        using TorchFile opened = Open(path);
        return LoadAll(opened);
    }

    /// <summary>Loads a whole file from a stream that can seek.</summary>
    /// <param name="stream">The file, from the stream's position to its end.</param>
    /// <param name="name">What error texts call it.</param>
    /// <exception cref="ModelFormatException">The file breaks a rule of the format, or asks for a name that is not on
    /// the list.</exception>
    public static TorchValue Load(Stream stream, string name)
    {
        using TorchFile opened = Open(stream, name, leaveOpen: true);
        return LoadAll(opened);
    }

    /// <summary>Loads all tensors of a file as float32, by the paths that lead to them: a state dictionary's names, or
    /// <c>model.rnn.weight_ih_l0</c> in a checkpoint.</summary>
    /// <remarks>What is exact: <see cref="TorchTensor.ToTensor()"/>. An object that the file holds under two names is
    /// one tensor here too.</remarks>
    /// <param name="path">The file.</param>
    /// <param name="prefix">Takes only tensors whose names begin so, such as <c>model.</c>, and leaves this beginning
    /// out.</param>
    /// <exception cref="ModelFormatException">The file breaks a rule of the format, asks for a name that is not on the
    /// list, has two tensors of one name, or one that float32 cannot hold.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    public static OrderedDictionary<string, Tensor> LoadTensors(string path, string prefix = "")
    {
        using TorchFile opened = Open(path);
        return opened.ReadTensors(prefix);
    }

    /// <summary>Writes a value that PyTorch loads with <c>torch.load(path, weights_only=True)</c>; the file appears
    /// complete or not at all (<see cref="AtomicFile"/>).</summary>
    /// <remarks>A zip archive with a pickle of protocol 2, as PyTorch 1.6 and later write. Tensors keep the types they
    /// were loaded with. Sets are written as lists, names such as <c>torch.float32</c> or <c>cuda:0</c> as texts. (PyTorch
    /// 1.13 knows no float64 numbers and no bytes under weights_only, in its own files neither; 2.x does.)</remarks>
    /// <exception cref="ArgumentException">Tensors of types that PyTorch has only since 2.3 (unsigned, 8-bit floats), a
    /// text that is not valid Unicode, or what is nested deeper than 100 levels.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Save(string path, TorchValue value)
    {
        var writer = new TorchWriter(value);
        AtomicFile.Write(path, writer.WriteTo);
    }

    /// <summary>Writes a dictionary of tensors, such as a module's state dictionary.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Save(string path, IEnumerable<KeyValuePair<string, Tensor>> tensors) =>
        Save(path, TorchValue.Dictionary(tensors));

    /// <summary>Writes a value to a stream, which need not seek.</summary>
    /// <exception cref="ArgumentException">A value that cannot be written.</exception>
    public static void Save(Stream stream, TorchValue value)
    {
        ArgumentNullException.ThrowIfNull(stream);
        new TorchWriter(value).WriteTo(stream);
    }

    /// <summary>Closes the file; tensors that were not read cannot be read then.</summary>
    public void Dispose() => file.Dispose();

    /// <summary>The names and tensors under a prefix, each name once.</summary>
    internal OrderedDictionary<string, TorchTensor> NamedTensors(string prefix)
    {
        var tensors = new OrderedDictionary<string, TorchTensor>();
        foreach ((string name, TorchTensor tensor) in Root.Tensors(prefix))
        {
            // A file that is one tensor, without a name.
            string shown = name.Length == 0 && prefix.Length == 0 ? Path.GetFileNameWithoutExtension(FileName) : name;
            if (!tensors.TryAdd(shown, tensor))
                file.Fail($"two tensors have the name {SafetensorsHeader.Quote(shown)}");
        }

        return tensors;
    }

    internal OrderedDictionary<string, Tensor> ReadTensors(string prefix)
    {
        var tensors = new OrderedDictionary<string, Tensor>();
        var read = new Dictionary<TorchTensor, Tensor>();
        foreach ((string name, TorchTensor source) in NamedTensors(prefix))
        {
            if (!read.TryGetValue(source, out Tensor tensor))
                read.Add(source, tensor = source.ToTensor(SafetensorsHeader.Quote(name)));
            tensors.Add(name, tensor);
        }

        return tensors;
    }

    internal static bool IsZip(FileBytes file) => StartsWith(file, "PK\u0003\u0004"u8);

    internal static bool StartsWithPickle(FileBytes file) => StartsWith(file, [0x80]);

    private static bool IsTar(FileBytes file)
    {
        const int place = 257;
        Span<byte> magic = stackalloc byte[5];
        if (file.Length < place + magic.Length) return false;
        file.Read(place, magic);
        return magic.SequenceEqual("ustar"u8);
    }

    private static bool StartsWith(FileBytes file, ReadOnlySpan<byte> magic)
    {
        Span<byte> start = stackalloc byte[magic.Length];
        if (file.Length < start.Length) return false;
        file.Read(0, start);
        return start.SequenceEqual(magic);
    }

    internal static TorchFile Open(FileBytes bytes)
    {
        try
        {
            return new TorchFile(bytes);
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }

    private static TorchValue LoadAll(TorchFile opened)
    {
        var seen = new HashSet<TorchStorage>();
        foreach ((_, TorchTensor tensor) in opened.Root.Tensors())
            if (tensor.Storage is { } storage && seen.Add(storage)) storage.Load();
        return opened.Root;
    }
}
