namespace Recur.IO;

/// <summary>Bytes in order, with an end that is known beforehand.</summary>
/// <param name="file">The file they come from, for error texts.</param>
/// <param name="what">What they are, such as <c>the entry "a.npy"</c>.</param>
/// <param name="length">How many there are.</param>
internal abstract class ByteReader(FileBytes file, string what, long length)
{
    public FileBytes File { get; } = file;

    public string What { get; } = what;

    public long Length { get; } = length;

    public long Position { get; private set; }

    public long Remaining => Length - Position;

    /// <summary>Fills a span; the error is one of format when fewer bytes are left.</summary>
    public void Read(Span<byte> bytes)
    {
        if (bytes.Length > Remaining)
            File.Fail($"{What} ends at byte {Length} but {bytes.Length - Remaining} bytes more were expected");
        ReadNext(bytes);
        Position += bytes.Length;
    }

    /// <summary>After the last byte: checks what can be checked only then.</summary>
    public virtual void Finish() { }

    protected abstract void ReadNext(Span<byte> bytes);
}

/// <summary>A part of a file as it stands there.</summary>
internal sealed class RangeReader(FileBytes file, string what, long offset, long length)
    : ByteReader(file, what, length)
{
    protected override void ReadNext(Span<byte> bytes) => File.Read(offset + Position, bytes);
}
