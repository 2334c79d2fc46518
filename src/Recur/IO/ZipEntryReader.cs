using System.IO.Compression;

namespace Recur.IO;

/// <summary>Reads an entry of a zip archive from its first byte to its last; it never gives more bytes than the
/// directory announces, and <see cref="Finish"/> checks that they were all and that their sum is right.</summary>
internal sealed class ZipEntryReader : ByteReader, IDisposable
{
    /// <summary>Deflate cannot pack more than 1032 bytes into one.</summary>
    private const long LargestRatio = 1032;

    private readonly ZipEntry entry;
    private readonly Stream? inflated;
    private Crc32 crc = new();

    public ZipEntryReader(FileBytes file, ZipEntry entry)
        : base(file, $"the entry {SafetensorsHeader.Quote(entry.Name)}", entry.Length)
    {
        this.entry = entry;
        if (!entry.IsDeflated) return;
        if (entry.Length / LargestRatio > entry.PackedLength)
            file.Fail($"{What} cannot unpack from {entry.PackedLength} bytes to {entry.Length}");
        inflated = new DeflateStream(new PackedStream(file, entry), CompressionMode.Decompress);
    }

    protected override void ReadNext(Span<byte> bytes)
    {
        if (inflated is null)
        {
            File.Read(entry.DataOffset + Position, bytes);
        }
        else if (Inflate(bytes) < bytes.Length)
        {
            File.Fail($"{What} unpacks to fewer bytes than the {entry.Length} that the zip directory announces");
        }

        crc.Append(bytes);
    }

    public override void Finish()
    {
        if (Remaining != 0) File.Fail($"{What} goes on for {Remaining} bytes behind its content");
        Span<byte> more = stackalloc byte[1];
        if (inflated is not null && Inflate(more) != 0)
            File.Fail($"{What} unpacks to more bytes than the {entry.Length} that the zip directory announces");
        if (crc.Value != entry.Crc) File.Fail($"the check sum of {What} is wrong; the file is damaged");
    }

    public void Dispose() => inflated?.Dispose();

    private int Inflate(Span<byte> bytes)
    {
        try
        {
            return inflated!.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        }
        catch (InvalidDataException e)
        {
            throw new ModelFormatException($"{File.Name}: {What} is not validly compressed.", e);
        }
    }

    /// <summary>The packed bytes of one entry as the decoder wants them.</summary>
    private sealed class PackedStream(FileBytes file, ZipEntry entry) : Stream
    {
        private long position;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(Span<byte> buffer)
        {
            int count = (int)Math.Min(buffer.Length, entry.PackedLength - position);
            file.Read(entry.DataOffset + position, buffer[..count]);
            position += count;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush() { }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
