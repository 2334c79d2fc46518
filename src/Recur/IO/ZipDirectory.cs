using System.Text;
using static System.Buffers.Binary.BinaryPrimitives;

namespace Recur.IO;

/// <summary>A file in a zip archive.</summary>
/// <param name="Name">Its name, with folders.</param>
/// <param name="IsDeflated">Whether it is compressed.</param>
/// <param name="Length">Its bytes when unpacked.</param>
/// <param name="PackedLength">Its bytes in the archive.</param>
/// <param name="Crc">CRC-32 of the unpacked bytes.</param>
/// <param name="DataOffset">The first of its bytes in the archive.</param>
internal sealed record ZipEntry(
    string Name, bool IsDeflated, long Length, long PackedLength, uint Crc, long DataOffset);

/// <summary>Reads and checks the directory of a zip archive; trusts nothing in it.</summary>
/// <remarks>
/// PKWARE's APPNOTE 6.3.10 with zip64. Beyond what readers usually check: every name comes once, the local header
/// says the same name and method as the directory, no entry overlaps another or the directory, and the sizes fit. So
/// the sum of all packed bytes is at most the file's length.
/// </remarks>
internal sealed class ZipDirectory
{
    private const int EndLength = 22, LocatorLength = 20, End64Length = 56, CentralLength = 46, LocalLength = 30;
    private const uint EndSignature = 0x06054b50, LocatorSignature = 0x07064b50, End64Signature = 0x06064b50;
    private const uint CentralSignature = 0x02014b50, LocalSignature = 0x04034b50;
    private const int Stored = 0, Deflated = 8, Encrypted = 1, Utf8Names = 1 << 11, Zip64Extra = 1;

    private static readonly UTF8Encoding strictUtf8 =
        new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly FileBytes file;
    private readonly List<ZipEntry> entries = [];
    private readonly List<long> begins = [];
    private readonly Dictionary<string, ZipEntry> index = [];

    private ZipDirectory(FileBytes file) => this.file = file;

    /// <summary>In the order of the directory, folders left out.</summary>
    public IReadOnlyList<ZipEntry> Entries => entries;

    public ZipEntry? Find(string name) => index.GetValueOrDefault(name);

    public static ZipDirectory Read(FileBytes file)
    {
        var directory = new ZipDirectory(file);
        (long offset, long length, long count) = directory.ReadEnd();
        directory.ReadEntries(offset, length, count);
        directory.CheckOverlap(offset);
        return directory;
    }

    /// <summary>The directory's place from the record at the end of the archive.</summary>
    private (long Offset, long Length, long Count) ReadEnd()
    {
        const int longestComment = ushort.MaxValue;
        int tailLength = (int)Math.Min(file.Length, EndLength + longestComment);
        byte[] tail = file.Read(file.Length - tailLength, tailLength, "the end of the archive");
        int at = tailLength - EndLength;
        while (at >= 0 && !IsEnd(tail.AsSpan(at))) at--;
        if (at < 0) file.Fail("the zip archive has no directory at its end; the file is cut off");
        ReadOnlySpan<byte> end = tail.AsSpan(at, EndLength);
        long endOffset = file.Length - tailLength + at;
        long count = ReadUInt16LittleEndian(end[10..]);
        long length = ReadUInt32LittleEndian(end[12..]), offset = ReadUInt32LittleEndian(end[16..]);
        if (ReadUInt32LittleEndian(end[4..]) != 0 || ReadUInt16LittleEndian(end[8..]) != count)
            file.Fail("the zip archive is spread over several files");
        if (count == ushort.MaxValue || length == uint.MaxValue || offset == uint.MaxValue || HasLocator(endOffset))
            (offset, length, count, endOffset) = ReadEnd64(endOffset);
        if (offset < 0 || length < 0 || offset > endOffset - length)
            file.Fail($"the zip directory must end before byte {endOffset} but {length} bytes begin at {offset}");
        if (count < 0 || count > length / CentralLength)
            file.Fail($"the zip directory announces {count} entries but has only {length} bytes");
        return (offset, length, count);
    }

    private static bool IsEnd(ReadOnlySpan<byte> tail) => ReadUInt32LittleEndian(tail) == EndSignature
        && ReadUInt16LittleEndian(tail[20..]) == tail.Length - EndLength;

    private bool HasLocator(long endOffset)
    {
        if (endOffset < LocatorLength) return false;
        Span<byte> signature = stackalloc byte[4];
        file.Read(endOffset - LocatorLength, signature);
        return ReadUInt32LittleEndian(signature) == LocatorSignature;
    }

    private (long Offset, long Length, long Count, long EndOffset) ReadEnd64(long endOffset)
    {
        if (!HasLocator(endOffset)) file.Fail("the zip64 record of the archive is missing");
        Span<byte> locator = stackalloc byte[LocatorLength];
        file.Read(endOffset - LocatorLength, locator);
        long offset = ReadInt64LittleEndian(locator[8..]);
        if (offset < 0 || offset > endOffset - LocatorLength - End64Length)
            file.Fail($"the zip64 record cannot begin at byte {offset}");
        Span<byte> end = stackalloc byte[End64Length];
        file.Read(offset, end);
        if (ReadUInt32LittleEndian(end) != End64Signature) file.Fail($"there is no zip64 record at byte {offset}");
        return (ReadInt64LittleEndian(end[48..]), ReadInt64LittleEndian(end[40..]), ReadInt64LittleEndian(end[32..]),
            offset);
    }

    private void ReadEntries(long offset, long length, long count)
    {
        ReadOnlySpan<byte> rest = file.Read(offset, length, "the zip directory");
        for (long i = 0; i < count; i++)
        {
            if (rest.Length < CentralLength || ReadUInt32LittleEndian(rest) != CentralSignature)
                file.Fail($"entry {i} of the zip directory is damaged");
            int nameLength = ReadUInt16LittleEndian(rest[28..]), extraLength = ReadUInt16LittleEndian(rest[30..]);
            int whole = CentralLength + nameLength + extraLength + ReadUInt16LittleEndian(rest[32..]);
            if (whole > rest.Length) file.Fail($"entry {i} of the zip directory is damaged");
            ReadEntry(rest[..CentralLength], rest.Slice(CentralLength, nameLength),
                rest.Slice(CentralLength + nameLength, extraLength), offset);
            rest = rest[whole..];
        }

        if (!rest.IsEmpty) file.Fail($"{rest.Length} bytes follow the last entry of the zip directory");
    }

    private void ReadEntry(
        ReadOnlySpan<byte> header, ReadOnlySpan<byte> nameBytes, ReadOnlySpan<byte> extra, long directory)
    {
        int flags = ReadUInt16LittleEndian(header[8..]), method = ReadUInt16LittleEndian(header[10..]);
        string name = NameOf(nameBytes, flags), quoted = SafetensorsHeader.Quote(name);
        if ((flags & Encrypted) != 0) file.Fail($"the entry {quoted} is encrypted");
        if (method is not Stored and not Deflated)
            file.Fail($"the entry {quoted} is compressed with the unsupported method {method}");
        long packed = ReadUInt32LittleEndian(header[20..]), length = ReadUInt32LittleEndian(header[24..]);
        long begin = ReadUInt32LittleEndian(header[42..]);
        Widen(quoted, extra, ref length, ref packed, ref begin);
        if (length < 0 || packed < 0 || begin < 0 || begin > directory - LocalLength || packed > directory - begin)
            file.Fail($"the entry {quoted} does not fit into the file; it is cut off or damaged");
        if (method == Stored && packed != length)
            file.Fail($"the entry {quoted} is stored but has two lengths, {packed} and {length}");

        Span<byte> local = stackalloc byte[LocalLength];
        file.Read(begin, local);
        int localName = ReadUInt16LittleEndian(local[26..]);
        long data = begin + LocalLength + localName + ReadUInt16LittleEndian(local[28..]);
        if (ReadUInt32LittleEndian(local) != LocalSignature || ReadUInt16LittleEndian(local[8..]) != method
            || localName != nameBytes.Length || data > directory - packed)
            file.Fail($"the header of the entry {quoted} does not agree with the zip directory");
        byte[] again = file.Read(begin + LocalLength, localName, "a name");
        if (!nameBytes.SequenceEqual(again))
            file.Fail($"the header of the entry {quoted} does not agree with the zip directory");

        var entry = new ZipEntry(
            name, method == Deflated, length, packed, ReadUInt32LittleEndian(header[16..]), data);
        if (!index.TryAdd(name, entry)) file.Fail($"the entry {quoted} comes twice in the zip directory");
        begins.Add(begin);
        entries.Add(entry);
    }

    /// <summary>Values that do not fit into 32 bits stand in the extra field, in this order.</summary>
    private void Widen(string name, ReadOnlySpan<byte> extra, ref long length, ref long packed, ref long begin)
    {
        if (length != uint.MaxValue && packed != uint.MaxValue && begin != uint.MaxValue) return;
        while (extra.Length >= 4)
        {
            int kind = ReadUInt16LittleEndian(extra), size = ReadUInt16LittleEndian(extra[2..]);
            if (size > extra.Length - 4) break;
            ReadOnlySpan<byte> field = extra.Slice(4, size);
            extra = extra[(4 + size)..];
            if (kind != Zip64Extra) continue;
            if (!Take(ref field, ref length) || !Take(ref field, ref packed) || !Take(ref field, ref begin)) break;
            return;
        }

        file.Fail($"the zip64 sizes of the entry {name} are missing");

        static bool Take(ref ReadOnlySpan<byte> field, ref long value)
        {
            if (value != uint.MaxValue) return true;
            if (field.Length < 8) return false;
            value = ReadInt64LittleEndian(field);
            field = field[8..];
            return true;
        }
    }

    private string NameOf(ReadOnlySpan<byte> bytes, int flags)
    {
        try
        {
            return strictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            if ((flags & Utf8Names) == 0) return Encoding.Latin1.GetString(bytes);
            throw new ModelFormatException($"{file.Name}: a name in the zip directory is not valid UTF-8.", e);
        }
    }

    private void CheckOverlap(long directory)
    {
        long[] order = [.. begins];
        ZipEntry[] sorted = [.. entries];
        Array.Sort(order, sorted);
        for (int i = 0; i < sorted.Length; i++)
        {
            long next = i + 1 < sorted.Length ? order[i + 1] : directory;
            if (sorted[i].DataOffset + sorted[i].PackedLength <= next) continue;
            file.Fail(
                $"the entries {SafetensorsHeader.Quote(sorted[i].Name)} and " +
                $"{SafetensorsHeader.Quote(sorted[i + 1].Name)} of the zip archive overlap");
        }
    }
}
