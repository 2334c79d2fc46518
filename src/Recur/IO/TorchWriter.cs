namespace Recur.IO;

/// <summary>Writes a value as PyTorch's zip archive; the same content gives the same bytes.</summary>
internal sealed class TorchWriter
{
    private const int Alignment = 64; // as PyTorch's writer: a file mapped into memory has aligned tensors
    private const string Folder = "archive/";

    private readonly byte[] pickle;
    private readonly List<FileTensor> storages = [];
    private readonly Dictionary<object, string> keys = [];

    public TorchWriter(TorchValue value)
    {
        ArgumentNullException.ThrowIfNull(value);
        pickle = new PickleWriter(KeyOf).Write(value);
    }

    public void WriteTo(Stream stream)
    {
        var zip = new ZipWriter(stream);
        zip.AddStored(Folder + "data.pkl", write => write(pickle), Alignment);
        zip.AddStored(Folder + "byteorder", write => write("little"u8), Alignment);
        foreach (FileTensor storage in storages)
            zip.AddStored($"{Folder}data/{storage.Name}", storage.Write, Alignment);
        zip.AddStored(Folder + "version", write => write("3\n"u8), Alignment);
        zip.Finish();
    }

    /// <summary>A tensor that comes twice is written once: both names share it, as in PyTorch.</summary>
    private string KeyOf(TorchTensor tensor)
    {
        object identity = tensor.Value is { } value ? value : tensor;
        if (keys.TryGetValue(identity, out string? key)) return key;
        key = $"{storages.Count}";
        keys.Add(identity, key);
        storages.Add(new FileTensor(key, tensor.DataType, [.. tensor.Dimensions], tensor.Value, tensor.ToBytes));
        return key;
    }
}
