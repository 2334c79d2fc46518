using System.Runtime.InteropServices;

namespace Recur.IO;

/// <summary>What a conversion did.</summary>
/// <param name="Tensors">How many tensors were written.</param>
/// <param name="Elements">How many elements they have together.</param>
/// <param name="LeftOut">How many numbers and texts of the source the new format has no place for.</param>
/// <param name="Widened">The names of tensors whose type the new format does not have; they were written in a longer
/// one that holds every value exactly.</param>
public sealed record TensorConversion(int Tensors, long Elements, int LeftOut, IReadOnlyList<string> Widened);

/// <summary>Named tensors in files of any format that is known: safetensors, PyTorch's .pt and .pth, NumPy's .npy and
/// .npz.</summary>
/// <remarks>
/// <code>
/// OrderedDictionary&lt;string, Tensor&gt; state = TensorFiles.Load("checkpoint.pt", prefix: "model.");
/// TensorFiles.Save("model.npz", state);
/// TensorFiles.Convert("checkpoint.pt", "model.safetensors", prefix: "model.");
/// </code>
/// </remarks>
public static class TensorFiles
{
    /// <summary>Loads tensors as float32, in the order of the file.</summary>
    /// <param name="path">The file; its format is recognised by its content.</param>
    /// <param name="prefix">Takes only tensors whose names begin so, and leaves this beginning out.</param>
    /// <exception cref="ModelFormatException">The file breaks a rule of its format, or holds what a float32 tensor
    /// cannot.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    public static OrderedDictionary<string, Tensor> Load(string path, string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(prefix);
        return Load(path, prefix, prefix.Length);
    }

    /// <summary>Writes tensors as float32; the extension says the format. The file appears complete or not at all
    /// (<see cref="AtomicFile"/>).</summary>
    /// <exception cref="ArgumentException">Another extension; a name that comes twice or that the format cannot have;
    /// or not exactly one tensor for .npy.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Save(string path, IEnumerable<KeyValuePair<string, Tensor>> tensors)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(tensors);
        TensorFileFormat format = TensorFileFormats.OfOutput(path);
        FileTensor[] list = [.. tensors.Select(t => FileTensor.Of(t.Key, t.Value))];
        if (format == TensorFileFormat.Torch)
            TorchFile.Save(path, TorchValue.Dictionary(list.Select(t => (t.Name, (TorchValue)t.Values!.Value))));
        else
            Write(path, format, list, null);
    }

    /// <summary>Writes the tensors of one file into another, in the types they have.</summary>
    /// <remarks>
    /// A type that the new format does not have becomes a longer one that holds every value: BF16 and 8-bit floats
    /// become F32, unsigned integers signed ones of twice the length. From a PyTorch file without prefix to another, the
    /// whole structure is kept, numbers and texts included; otherwise a PyTorch file gets one dictionary of tensors. The
    /// strings of a safetensors file go to safetensors files only.
    /// </remarks>
    /// <param name="source">The file to read; its format is recognised by its content.</param>
    /// <param name="target">The file to write; its extension says the format.</param>
    /// <param name="prefix">Takes only tensors whose names begin so, and leaves this beginning out. The whole name of
    /// one tensor takes that one.</param>
    /// <exception cref="ModelFormatException">The source breaks a rule of its format, or there is no tensor under the
    /// prefix.</exception>
    /// <exception cref="ArgumentException">The target's extension is another one; the format cannot have the tensors;
    /// or there is not exactly one for .npy.</exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public static TensorConversion Convert(string source, string target, string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(prefix);
        TensorFileFormat format = TensorFileFormats.OfOutput(target);
        using var file = TensorFile.Open(source);
        bool isWhole = prefix.Length == 0;
        TensorFileEntry[] entries = [.. file.Entries.Where(e => e.Name.StartsWith(prefix, StringComparison.Ordinal))];
        if (entries.Length == 0 && !isWhole)
            throw new ModelFormatException(
                $"{file.FileName}: there is no tensor whose name begins with {SafetensorsHeader.Quote(prefix)}.");

        long elements = entries.Sum(e => e.ElementCount);
        if (format == TensorFileFormat.Torch && file.Root is { } root && isWhole)
        {
            TorchFile.Save(target, root);
            return new TensorConversion(entries.Length, elements, 0, []);
        }

        var widened = new List<string>();
        FileTensor[] tensors = [.. entries.Select(e => Fit(e.As(Shorten(e.Name, prefix)), format, widened))];
        bool keepsMetadata = format == TensorFileFormat.Safetensors && file.Format == TensorFileFormat.Safetensors;
        if (format == TensorFileFormat.Torch) TorchFile.Save(target, AsTorch(tensors));
        else Write(target, format, tensors, keepsMetadata ? file.Metadata : null);
        return new TensorConversion(tensors.Length, elements, keepsMetadata ? 0 : file.Metadata.Count, widened);
    }

    /// <summary>Loads tensors whose names begin so, with the first characters of the names left out.</summary>
    internal static OrderedDictionary<string, Tensor> Load(string path, string prefix, int leftOut)
    {
        using var file = TensorFile.Open(path);
        var tensors = new OrderedDictionary<string, Tensor>();
        foreach (TensorFileEntry entry in file.Entries)
            if (entry.Name.StartsWith(prefix, StringComparison.Ordinal))
                tensors.Add(entry.Name[leftOut..], entry.ReadTensor());
        return tensors;
    }

    private static string Shorten(string name, string prefix) =>
        name.Length > prefix.Length ? name[prefix.Length..] : name[(name.LastIndexOf('.') + 1)..];

    private static TorchValue AsTorch(IEnumerable<FileTensor> tensors) => TorchValue.Dictionary(
        tensors.Select(t => (t.Name, new TorchValue(TorchKind.Tensor, TorchTensor.Of(t)))));

    private static void Write(
        string path, TensorFileFormat format, FileTensor[] tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        switch (format)
        {
            case TensorFileFormat.Npy:
                if (tensors is not [var only])
                    throw new ArgumentException(
                        $"{path}: a .npy file holds one tensor but there are {tensors.Length}; write .npz, or choose " +
                        "one.");
                AtomicFile.Write(path, stream => Npy.Write(stream.Write, only));
                break;
            case TensorFileFormat.Npz:
                AtomicFile.Write(path, stream => Npz.Write(stream, tensors, compress: false));
                break;
            default:
                var writer = new SafetensorsWriter();
                foreach (FileTensor tensor in tensors) writer.Add(tensor);
                foreach ((string key, string value) in metadata ?? new Dictionary<string, string>())
                    writer.AddMetadata(key, value);
                AtomicFile.Write(path, writer.WriteTo);
                break;
        }
    }

    /// <summary>The tensor in a type the format has.</summary>
    private static FileTensor Fit(FileTensor tensor, TensorFileFormat format, List<string> widened)
    {
        bool fits = format switch
        {
            TensorFileFormat.Torch => PickleWriter.Knows(tensor.Type),
            TensorFileFormat.Safetensors => true,
            _ => NpyHeader.Knows(tensor.Type),
        };
        if (fits) return tensor;
        SafetensorsDataType? wide = tensor.Type switch
        {
            SafetensorsDataType.BF16 or SafetensorsDataType.F8E4M3 or SafetensorsDataType.F8E5M2 =>
                SafetensorsDataType.F32,
            SafetensorsDataType.U16 => SafetensorsDataType.I32,
            SafetensorsDataType.U32 or SafetensorsDataType.U64 => SafetensorsDataType.I64,
            _ => null,
        };
        if (wide is not { } type)
            throw new ArgumentException(
                $"{SafetensorsHeader.Quote(tensor.Name)} is {tensor.Type.FileName()}, which the new format does not " +
                "have.");
        widened.Add(tensor.Name);
        return tensor with { Type = type, Read = () => Widen(tensor, type) };
    }

    private static byte[] Widen(FileTensor tensor, SafetensorsDataType type)
    {
        byte[] bytes = tensor.Read!();
        int count = (int)tensor.ElementCount;
        if (type == SafetensorsDataType.F32)
        {
            var floats = new float[count];
            SafetensorsConvert.ToSingle(tensor.Type, bytes, floats, out _);
            return Bytes<float>(floats);
        }

        var longs = new long[count];
        if (!SafetensorsConvert.ToInt64(tensor.Type, bytes, longs, out int bad))
            throw new ArgumentException(
                $"{SafetensorsHeader.Quote(tensor.Name)} ({tensor.Type.FileName()}) holds " +
                $"{SafetensorsConvert.Describe(tensor.Type, bytes, bad)}, which int64 cannot represent.");
        return type == SafetensorsDataType.I64 ? Bytes<long>(longs) : Bytes<int>(Array.ConvertAll(longs, v => (int)v));

        static byte[] Bytes<T>(T[] values) where T : unmanaged
        {
            byte[] wide = MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
            LittleEndian.Swap(wide, System.Runtime.CompilerServices.Unsafe.SizeOf<T>());
            return wide;
        }
    }
}
