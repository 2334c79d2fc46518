using System.Diagnostics.CodeAnalysis;

namespace Recur.IO;

/// <summary>A file read at any place; every place is checked against its length first.</summary>
internal sealed class FileBytes : IDisposable
{
    private readonly Stream stream;
    private readonly bool leaveOpen;
    private readonly long start;

    /// <param name="stream">The file, from the stream's position to its end.</param>
    /// <param name="name">What error texts call it.</param>
    /// <param name="leaveOpen">Whether the stream stays open when this object is disposed.</param>
    public FileBytes(Stream stream, string name, bool leaveOpen)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(name);
        if (!stream.CanSeek) throw new ArgumentException($"{name}: the stream must be able to seek.", nameof(stream));
        this.stream = stream;
        this.leaveOpen = leaveOpen;
        Name = name;
        start = stream.Position;
        Length = stream.Length - start;
    }

    public static FileBytes Open(string path) =>
        new(SafetensorsFile.OpenForReading(path), Path.GetFileName(path), leaveOpen: false);

    public string Name { get; }

    public long Length { get; }

    /// <summary>Fills a span with the bytes from <paramref name="offset"/> on.</summary>
    public void Read(long offset, Span<byte> bytes)
    {
        if (offset < 0 || offset > Length - bytes.Length)
            Fail($"{bytes.Length} bytes at byte {offset} were expected but the file has {Length}; it is cut off");
        try
        {
            stream.Position = start + offset;
            stream.ReadExactly(bytes);
        }
        catch (EndOfStreamException e)
        {
            throw new ModelFormatException($"{Name}: the file became shorter while it was read.", e);
        }
    }

    /// <summary>A copy of bytes; the length is checked against the file's before anything is allocated.</summary>
    public byte[] Read(long offset, long length, string what)
    {
        if (offset < 0 || length < 0 || offset > Length - length)
            Fail($"{what} needs {length} bytes at byte {offset} but the file has {Length}; it is cut off");
        if (length > Array.MaxLength) Fail($"{what} has {length} bytes, more than an array can hold");
        var bytes = new byte[length];
        Read(offset, bytes);
        return bytes;
    }

    /// <summary>The stream at a place, to hand to a decoder that reads on from there.</summary>
    public Stream At(long offset)
    {
        stream.Position = start + offset;
        return stream;
    }

    [DoesNotReturn]
    public void Fail(string sentence) => throw new ModelFormatException($"{Name}: {sentence}.");

    public void Dispose()
    {
        if (!leaveOpen) stream.Dispose();
    }
}
