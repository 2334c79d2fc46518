using System.Buffers.Binary;
using System.IO.Compression;
using Recur.IO;

namespace Recur.Tests.IO;

/// <summary>The container of .pt and .npz: what .NET's own reader writes is read, and every lie has its
/// sentence.</summary>
public sealed class ZipTests
{
    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 1)]
    [InlineData(false, 64)]
    [InlineData(true, 64)]
    public void Write_AnyForm_IsReadHereAndByDotNet(bool zip64, int alignment)
    {
        var stream = new MemoryStream();
        var zip = new ZipWriter(stream, zip64);
        byte[] content = [.. Enumerable.Range(0, 5000).Select(i => (byte)(i / 100))];
        zip.AddStored("a/b", write => { write(content.AsSpan(0, 100)); write(content.AsSpan(100)); }, alignment);
        zip.AddDeflated("grüße", write => write(content));
        zip.AddStored("empty", _ => { }, alignment);
        zip.Finish();

        using var file = new FileBytes(new MemoryStream(stream.ToArray()), "x", leaveOpen: false);
        var directory = ZipDirectory.Read(file);
        Assert.Equal(["a/b", "grüße", "empty"], directory.Entries.Select(e => e.Name));
        foreach (ZipEntry entry in directory.Entries)
        {
            if (!entry.IsDeflated) Assert.Equal(0, entry.DataOffset % alignment);
            using var reader = new ZipEntryReader(file, entry);
            var bytes = new byte[entry.Length];
            reader.Read(bytes);
            reader.Finish();
            Assert.Equal(entry.Name == "empty" ? [] : content, bytes);
        }

        using var archive = new ZipArchive(new MemoryStream(stream.ToArray()), ZipArchiveMode.Read);
        foreach (ZipArchiveEntry entry in archive.Entries)
        {
            using Stream s = entry.Open();
            var bytes = new MemoryStream();
            s.CopyTo(bytes);
            Assert.Equal(entry.Name == "empty" ? [] : content, bytes.ToArray());
        }
    }

    [Fact]
    public void Crc_OfTheStandardsText_IsTheStandardsNumber() => Assert.Equal(0xCBF43926, Crc32.Of("123456789"u8));

    [Fact]
    public void Read_DamagedContent_IsRefused()
    {
        byte[] stored = Archive(compress: false), packed = Archive(compress: true);
        int at = stored.AsSpan().IndexOf((ReadOnlySpan<byte>)[0, 0, 0x80, 0x3f]);
        stored[at] = 1;
        Assert.Equal("x.npz: the check sum of the entry \"a.npy\" is wrong; the file is damaged.", MessageOf(stored));
        int data = 30 + 5 + 20; // the first packed byte
        packed[data] ^= 0x06;   // another kind of block
        Assert.Equal("x.npz: the entry \"a.npy\" is not validly compressed.", MessageOf(packed));
    }

    [Fact]
    public void Read_LyingLengths_AreRefused()
    {
        // In the directory: the length of the only entry, 128 + 4000 bytes, which packs to few.
        byte[] shorter = WithLength(4127), longer = WithLength(4129), bomb = WithLength(1 << 30);
        Assert.Equal("x.npz: the entry \"a.npy\" must have 4000 bytes of elements (F32 [1000]) but has 3999.", MessageOf(shorter));
        Assert.Equal("x.npz: the entry \"a.npy\" must have 4000 bytes of elements (F32 [1000]) but has 4001.", MessageOf(longer));
        Assert.Equal("x.npz: the arrays would unpack to 1073741824 bytes but a file of this size may unpack to 67108864.", MessageOf(bomb));
        Assert.Matches("^x.npz: the entry \"a.npy\" cannot unpack from [0-9]+ bytes to 67000000.$", MessageOf(WithLength(67_000_000)));

        // Both agree, but there is more or less behind it.
        var one = new MemoryStream();
        var zip = new ZipWriter(one);
        zip.AddDeflated("a.npy", write => { write(NumPyTests.File("{'descr':'<f4','fortran_order':False,'shape':(2,)}", 8)); write(new byte[10]); });
        zip.Finish();
        byte[] more = one.ToArray();
        SetLength(more, more.Length, (uint)(10 + 50 + 8));
        Assert.Equal("x.npz: the entry \"a.npy\" unpacks to more bytes than the 68 that the zip directory announces.", MessageOf(more));
    }

    [Fact]
    public void Read_OverlappingEntries_AreRefused()
    {
        var stream = new MemoryStream();
        Npz.Save(stream, [("a", Tensor.Ones([2])), ("b", Tensor.Ones([2]))]);
        byte[] file = stream.ToArray();
        int second = IndexOfNth(file, "PK\u0001\u0002"u8, 2), firstLocal = 0;
        int secondLocal = IndexOfNth(file, "PK\u0003\u0004"u8, 2);
        // The second entry is made to begin inside the first, at a header of its own that the first's data holds.
        byte[] nested = [.. file];
        nested.AsSpan(secondLocal, 35).CopyTo(nested.AsSpan(firstLocal + 60));
        BinaryPrimitives.WriteInt32LittleEndian(nested.AsSpan(second + 42), firstLocal + 60);
        Assert.Equal("x.npz: the entries \"a.npy\" and \"b.npy\" of the zip archive overlap.", MessageOf(nested));

        // Or both at the same place: the header there has the other name.
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(second + 42), firstLocal);
        Assert.Equal("x.npz: the header of the entry \"b.npy\" does not agree with the zip directory.", MessageOf(file));
    }

    [Fact]
    public void Read_WrongDirectory_SaysWhy()
    {
        byte[] file = Archive(compress: false);
        int end = file.Length - 22, central = IndexOfNth(file, "PK\u0001\u0002"u8, 1);
        Assert.Equal("x.npz: the zip archive has no directory at its end; the file is cut off.", MessageOf(file[..^1]));
        Assert.Equal("x.npz: the zip archive has no directory at its end; the file is cut off.", MessageOf([.. "PK\u0003\u0004"u8]));
        Assert.Equal("x.npz: the zip archive is spread over several files.", MessageOf(With(end + 4, 1)));
        Assert.Equal("x.npz: the zip directory announces 200 entries but has only 51 bytes.", MessageOf(With(end + 8, 200, 0, 200, 0)));
        Assert.Equal("x.npz: 51 bytes follow the last entry of the zip directory.", MessageOf(With(end + 8, 0, 0, 0, 0)));
        Assert.Equal($"x.npz: the zip directory must end before byte {end} but 51 bytes begin at 65535.", MessageOf(With(end + 16, 255, 255, 0, 0)));
        Assert.Equal("x.npz: the zip64 record of the archive is missing.", MessageOf(With(end + 16, 255, 255, 255, 255)));
        Assert.Equal("x.npz: entry 0 of the zip directory is damaged.", MessageOf(With(central, 0)));
        Assert.Equal("x.npz: the entry \"a.npy\" is encrypted.", MessageOf(With(central + 8, 1)));
        Assert.Equal("x.npz: the entry \"a.npy\" is compressed with the unsupported method 12.", MessageOf(With(central + 10, 12)));
        Assert.Equal("x.npz: the entry \"a.npy\" does not fit into the file; it is cut off or damaged.", MessageOf(With(central + 22, 1)));
        Assert.Equal("x.npz: the zip64 sizes of the entry \"a.npy\" are missing.", MessageOf(With(central + 20, 255, 255, 255, 255)));
        Assert.Equal("x.npz: the header of the entry \"a.npy\" does not agree with the zip directory.", MessageOf(With(30, (byte)'b')));
        Assert.Equal("x.npz: the entry \"x\" of the archive is not an array (.npy).", MessageOf(Other("x")));

        byte[] With(int at, params byte[] bytes)
        {
            byte[] changed = [.. file];
            bytes.CopyTo(changed, at);
            return changed;
        }

        static byte[] Other(string name)
        {
            var stream = new MemoryStream();
            var zip = new ZipWriter(stream);
            zip.AddStored(name, write => write("abc"u8));
            zip.Finish();
            return stream.ToArray();
        }
    }

    [Fact]
    public void Read_NameTwice_IsRefused()
    {
        var stream = new MemoryStream();
        var zip = new ZipWriter(stream);
        for (int i = 0; i < 2; i++) zip.AddStored("a.npy", write => write(Fixture.Bytes("scalar.npy")));
        zip.Finish();
        Assert.Equal("x.npz: the entry \"a.npy\" comes twice in the zip directory.", MessageOf(stream.ToArray()));
    }

    /// <summary>torch.save never compresses; an archive that is packed again is told so.</summary>
    [Fact]
    public void LoadTorch_CompressedEntry_IsRefused()
    {
        var stream = new MemoryStream();
        var zip = new ZipWriter(stream);
        zip.AddDeflated("a/data.pkl", write => write(PickleBytes.Pickle("N")));
        zip.Finish();
        stream.Position = 0;
        Assert.Equal("x.pt: the entry \"a/data.pkl\" is compressed, which torch.save never does; unpack it and save it again.",
            Assert.Throws<ModelFormatException>(() => TorchFile.Load(stream, "x.pt")).Message);
    }

    [Fact]
    public void Read_FileCutAnywhere_IsRefused()
    {
        byte[] file = Archive(compress: true);
        for (int length = 0; length < file.Length; length += 7) MessageOf(file[..length]);
    }

    private static byte[] Archive(bool compress)
    {
        var stream = new MemoryStream();
        Npz.Save(stream, [("a", Tensor.Ones([1000]))], compress);
        return stream.ToArray();
    }

    private static byte[] WithLength(uint length)
    {
        byte[] file = Archive(compress: true);
        SetLength(file, file.Length, length);
        return file;
    }

    private static void SetLength(byte[] file, int end, uint length) =>
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(IndexOfNth(file.AsSpan(0, end), "PK\u0001\u0002"u8, 1) + 24), length);

    private static int IndexOfNth(ReadOnlySpan<byte> file, ReadOnlySpan<byte> what, int n)
    {
        int at = -1;
        for (int i = 0; i < n; i++) at += 1 + file[(at + 1)..].IndexOf(what);
        return at;
    }

    private static string MessageOf(byte[] file) =>
        Assert.Throws<ModelFormatException>(() => Npz.Load(new MemoryStream(file), "x.npz")).Message;
}
