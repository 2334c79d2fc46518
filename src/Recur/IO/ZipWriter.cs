using System.IO.Compression;
using System.Text;
using static System.Buffers.Binary.BinaryPrimitives;

namespace Recur.IO;

/// <summary>Writes the bytes of a file in pieces to the function it is given; called twice, it gives the same.</summary>
internal delegate void PieceWriter(Action<ReadOnlySpan<byte>> write);

/// <summary>Writes a zip archive from front to back; the same content gives the same bytes. Sizes above 32 bits take
/// the zip64 form.</summary>
/// <param name="stream">Need not seek.</param>
/// <param name="alwaysZip64">Whether short entries take that form too, for tests.</param>
internal sealed class ZipWriter(Stream stream, bool alwaysZip64 = false)
{
    private const int Version = 20, Version64 = 45, Utf8Names = 1 << 11, SizesFollow = 1 << 3, Deflated = 8;
    private const int January1980 = 0x21; // the format's first day: the time of writing is none of the content
    private const int LocalLength = 30;

    private readonly List<Written> entries = [];
    private long position;

    private readonly record struct Written(
        byte[] Name, int Method, int Flags, uint Crc, long PackedLength, long Length, long Begin);

    /// <summary>Adds a file as it is.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="content">Its bytes.</param>
    /// <param name="alignment">The first byte's place in the archive is a multiple of this.</param>
    public void AddStored(string name, PieceWriter content, int alignment = 1)
    {
        var crc = new Crc32();
        long length = 0;
        content(piece =>
        {
            crc.Append(piece);
            length += piece.Length;
        });
        var entry = new Written(Encoding.UTF8.GetBytes(name), 0, Utf8Names, crc.Value, length, length, position);
        WriteLocal(entry, alignment);
        content(Write);
        entries.Add(entry);
    }

    /// <summary>Adds a file compressed; its sizes are written behind it, so that it need not be held in
    /// memory.</summary>
    public void AddDeflated(string name, PieceWriter content)
    {
        var crc = new Crc32();
        long length = 0, begin = position;
        byte[] nameBytes = Encoding.UTF8.GetBytes(name);
        // Whether the descriptor has 32 or 64 bits must be known before; 64 fit always.
        var entry = new Written(nameBytes, Deflated, Utf8Names | SizesFollow, 0, uint.MaxValue, uint.MaxValue, begin);
        WriteLocal(entry, alignment: 1);
        long start = position;
        using (var packed = new DeflateStream(new CountedStream(this), CompressionLevel.Optimal))
        {
            content(piece =>
            {
                crc.Append(piece);
                length += piece.Length;
                packed.Write(piece);
            });
        }

        entry = entry with { Crc = crc.Value, PackedLength = position - start, Length = length };
        var descriptor = new byte[24];
        WriteUInt32LittleEndian(descriptor, 0x08074b50);
        WriteUInt32LittleEndian(descriptor.AsSpan(4), entry.Crc);
        WriteInt64LittleEndian(descriptor.AsSpan(8), entry.PackedLength);
        WriteInt64LittleEndian(descriptor.AsSpan(16), entry.Length);
        Write(descriptor);
        entries.Add(entry);
    }

    /// <summary>Writes the directory; nothing may follow.</summary>
    public void Finish()
    {
        long begin = position;
        foreach (Written entry in entries) WriteCentral(entry);
        long length = position - begin;
        bool is64 = alwaysZip64 || entries.Count >= ushort.MaxValue || position >= uint.MaxValue;
        if (is64) WriteEnd64(begin, length);
        var end = new byte[22];
        WriteUInt32LittleEndian(end, 0x06054b50);
        ushort count = is64 ? ushort.MaxValue : (ushort)entries.Count;
        WriteUInt16LittleEndian(end.AsSpan(8), count);
        WriteUInt16LittleEndian(end.AsSpan(10), count);
        WriteUInt32LittleEndian(end.AsSpan(12), is64 ? uint.MaxValue : (uint)length);
        WriteUInt32LittleEndian(end.AsSpan(16), is64 ? uint.MaxValue : (uint)begin);
        Write(end);
    }

    private void WriteLocal(Written entry, int alignment)
    {
        bool isLate = (entry.Flags & SizesFollow) != 0;
        bool is64 = isLate || alwaysZip64 || entry.Length >= uint.MaxValue;
        int extra = is64 ? 20 : 0;
        long data = position + LocalLength + entry.Name.Length + extra;
        // An extra field has at least four bytes.
        int padding = (int)(-data % alignment + alignment) % alignment;
        if (padding is > 0 and < 4) padding += (4 - padding + alignment - 1) / alignment * alignment;
        var header = new byte[LocalLength + entry.Name.Length + extra + padding];
        WriteUInt32LittleEndian(header, 0x04034b50);
        WriteCommon(header.AsSpan(4), entry, is64, is64, extra + padding);
        if (isLate) header.AsSpan(14, 4).Clear();
        entry.Name.CopyTo(header, LocalLength);
        Span<byte> field = header.AsSpan(LocalLength + entry.Name.Length);
        if (is64)
        {
            WriteUInt16LittleEndian(field, 1);
            WriteUInt16LittleEndian(field[2..], 16);
            WriteInt64LittleEndian(field[4..], isLate ? 0 : entry.Length);
            WriteInt64LittleEndian(field[12..], isLate ? 0 : entry.PackedLength);
            field = field[extra..];
        }

        if (padding > 0)
        {
            "FB"u8.CopyTo(field); // the kind PyTorch pads with
            WriteUInt16LittleEndian(field[2..], (ushort)(padding - 4));
            field[4..].Fill((byte)'Z');
        }

        Write(header);
    }

    /// <summary>What local header and directory share, from the version to the length of the extra field.</summary>
    private static void WriteCommon(Span<byte> header, Written entry, bool is64, bool hidesSizes, int extra)
    {
        WriteUInt16LittleEndian(header, (ushort)(is64 ? Version64 : Version));
        WriteUInt16LittleEndian(header[2..], (ushort)entry.Flags);
        WriteUInt16LittleEndian(header[4..], (ushort)entry.Method);
        WriteUInt16LittleEndian(header[8..], January1980);
        WriteUInt32LittleEndian(header[10..], entry.Crc);
        WriteUInt32LittleEndian(header[14..], hidesSizes ? uint.MaxValue : (uint)entry.PackedLength);
        WriteUInt32LittleEndian(header[18..], hidesSizes ? uint.MaxValue : (uint)entry.Length);
        WriteUInt16LittleEndian(header[22..], (ushort)entry.Name.Length);
        WriteUInt16LittleEndian(header[24..], (ushort)extra);
    }

    private void WriteCentral(Written entry)
    {
        bool is64 = alwaysZip64 || entry.Length >= uint.MaxValue || entry.PackedLength >= uint.MaxValue
            || entry.Begin >= uint.MaxValue;
        int extra = is64 ? 28 : 0;
        var header = new byte[46 + entry.Name.Length + extra];
        WriteUInt32LittleEndian(header, 0x02014b50);
        WriteUInt16LittleEndian(header.AsSpan(4), Version64);
        WriteCommon(header.AsSpan(6), entry, is64 || (entry.Flags & SizesFollow) != 0, is64, extra);
        WriteUInt32LittleEndian(header.AsSpan(42), is64 ? uint.MaxValue : (uint)entry.Begin);
        entry.Name.CopyTo(header, 46);
        if (is64)
        {
            Span<byte> field = header.AsSpan(46 + entry.Name.Length);
            WriteUInt16LittleEndian(field, 1);
            WriteUInt16LittleEndian(field[2..], 24);
            WriteInt64LittleEndian(field[4..], entry.Length);
            WriteInt64LittleEndian(field[12..], entry.PackedLength);
            WriteInt64LittleEndian(field[20..], entry.Begin);
        }

        Write(header);
    }

    private void WriteEnd64(long begin, long length)
    {
        var end = new byte[56 + 20];
        WriteUInt32LittleEndian(end, 0x06064b50);
        WriteInt64LittleEndian(end.AsSpan(4), 44);
        WriteUInt16LittleEndian(end.AsSpan(12), Version64);
        WriteUInt16LittleEndian(end.AsSpan(14), Version64);
        WriteInt64LittleEndian(end.AsSpan(24), entries.Count);
        WriteInt64LittleEndian(end.AsSpan(32), entries.Count);
        WriteInt64LittleEndian(end.AsSpan(40), length);
        WriteInt64LittleEndian(end.AsSpan(48), begin);
        WriteUInt32LittleEndian(end.AsSpan(56), 0x07064b50); // the locator
        WriteInt64LittleEndian(end.AsSpan(64), position);
        WriteInt32LittleEndian(end.AsSpan(72), 1);
        Write(end);
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        stream.Write(bytes);
        position += bytes.Length;
    }

    /// <summary>Where the compressor writes.</summary>
    private sealed class CountedStream(ZipWriter writer) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Write(ReadOnlySpan<byte> buffer) => writer.Write(buffer);

        public override void Write(byte[] buffer, int offset, int count) => writer.Write(buffer.AsSpan(offset, count));

        public override void Flush() { }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
