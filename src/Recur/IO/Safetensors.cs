namespace Recur.IO;

/// <summary>Saves and loads named tensors as safetensors, the format of the Hugging Face libraries.</summary>
/// <remarks>
/// <code>
/// Safetensors.Save("weights.safetensors", model.NamedParameters());
/// foreach (var (name, tensor) in Safetensors.Load("weights.safetensors")) Console.WriteLine($"{name} {tensor.Shape}");
/// </code>
/// Source: https://github.com/huggingface/safetensors. For a file's header alone, or tensors one at a time:
/// <see cref="SafetensorsFile"/>.
/// </remarks>
public static class Safetensors
{
    /// <summary>Loads all tensors of a file as float32, in the order of the file's header.</summary>
    /// <remarks>F32 comes bit for bit, F64 is rounded, shorter floats, integers and truth values are exact.</remarks>
    /// <exception cref="ModelFormatException">The file breaks a rule of the format, or holds what a float32 tensor
    /// cannot.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    public static OrderedDictionary<string, Tensor> Load(string path) => Load(path, out _);

    /// <summary>Loads all tensors of a file and the strings of its metadata.</summary>
    /// <exception cref="ModelFormatException">The file breaks a rule of the format, or holds what a float32 tensor
    /// cannot.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    public static OrderedDictionary<string, Tensor> Load(string path, out IReadOnlyDictionary<string, string> metadata)
    {
        using var file = SafetensorsFile.Open(path);
        metadata = file.Metadata;
        return ReadAll(file);
    }

    /// <summary>Loads all tensors from a stream that can seek.</summary>
    /// <param name="stream">The file, from the stream's position to its end.</param>
    /// <param name="name">What error texts call it.</param>
    /// <exception cref="ModelFormatException">The file breaks a rule of the format, or holds what a float32 tensor
    /// cannot.</exception>
    public static OrderedDictionary<string, Tensor> Load(Stream stream, string name)
    {
        using var file = SafetensorsFile.Open(stream, name, leaveOpen: true);
        return ReadAll(file);
    }

    private static OrderedDictionary<string, Tensor> ReadAll(SafetensorsFile file)
    {
        var tensors = new OrderedDictionary<string, Tensor>();
        foreach (SafetensorsEntry entry in file.Entries) tensors.Add(entry.Name, file.ReadTensor(entry.Name));
        return tensors;
    }

    /// <summary>Writes tensors as F32 in the given order; the file appears complete or not at all
    /// (<see cref="AtomicFile"/>).</summary>
    /// <param name="path">The file; one that exists is replaced.</param>
    /// <param name="tensors">Names, each once, and values.</param>
    /// <param name="metadata">Strings to put beside them.</param>
    /// <exception cref="ArgumentException">A name comes twice, or is <c>__metadata__</c>.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Save(
        string path, IEnumerable<(string Name, Tensor Value)> tensors,
        IReadOnlyDictionary<string, string>? metadata = null)
    {
        SafetensorsWriter writer = Collect(tensors, metadata);
        AtomicFile.Write(path, writer.WriteTo);
    }

    /// <summary>Writes the tensors of a dictionary, such as one that <see cref="Load(string)"/> gave.</summary>
    /// <inheritdoc cref="Save(string, IEnumerable{ValueTuple{string, Tensor}}, IReadOnlyDictionary{string, string})"/>
    public static void Save(
        string path, IEnumerable<KeyValuePair<string, Tensor>> tensors,
        IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        Save(path, tensors.Select(t => (t.Key, t.Value)), metadata);
    }

    /// <summary>Writes tensors to a stream.</summary>
    /// <exception cref="ArgumentException">A name comes twice, or is <c>__metadata__</c>.</exception>
    public static void Save(
        Stream stream, IEnumerable<(string Name, Tensor Value)> tensors,
        IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        Collect(tensors, metadata).WriteTo(stream);
    }

    private static SafetensorsWriter Collect(
        IEnumerable<(string Name, Tensor Value)> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        var writer = new SafetensorsWriter();
        foreach ((string name, Tensor value) in tensors) writer.Add(name, value);
        if (metadata is null) return writer;
        foreach ((string key, string value) in metadata) writer.AddMetadata(key, value);
        return writer;
    }
}
