namespace Recur.IO;

/// <summary>The elements that one or several tensors of a PyTorch file are views of.</summary>
internal sealed class TorchStorage(FileBytes file, SafetensorsDataType type, long count, bool isUntyped)
{
    private const long Unknown = -1;

    private byte[]? loaded;

    public SafetensorsDataType Type { get; } = type;

    /// <summary>The number of elements; of bytes when <see cref="IsUntyped"/>.</summary>
    public long Count { get; } = count;

    /// <summary>Whether each tensor says for itself what the bytes are.</summary>
    public bool IsUntyped { get; } = isUntyped;

    public long ByteLength => Count * Type.Size();

    public FileBytes File { get; } = file;

    /// <summary>The place of the first byte in the file; legacy files say it last.</summary>
    public long Offset { get; set; } = Unknown;

    /// <summary>Fills a span with bytes from <paramref name="first"/> on, as they stand in the file.</summary>
    public void Read(long first, Span<byte> bytes)
    {
        if (loaded is not null) loaded.AsSpan((int)first, bytes.Length).CopyTo(bytes);
        else File.Read(Offset + first, bytes);
    }

    /// <summary>All bytes from now on in memory, so that the file can be closed.</summary>
    public byte[] Load() => loaded ??= File.Read(Offset, ByteLength, "a storage");
}
