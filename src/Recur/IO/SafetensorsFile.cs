using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Recur.IO;

/// <summary>An open safetensors file: its header is read and checked, its tensors are read on demand.</summary>
/// <remarks>
/// <code>
/// using var file = SafetensorsFile.Open("model.safetensors");
/// foreach (SafetensorsEntry e in file.Entries) Console.WriteLine(e); // rnn.weight_ih_l0 F32 [10, 1]
/// Tensor w = file.ReadTensor("rnn.weight_ih_l0");
/// long step = file.ReadInt64("trainer.step")[0];
/// </code>
/// A file is not trusted: every number in the header is checked against the file's length before anything is allocated,
/// so no single allocation exceeds the file's size (elements of less than 32 bits grow when they become float32).
/// To load all tensors at once: <see cref="Safetensors.Load(string)"/>.
/// </remarks>
public sealed class SafetensorsFile : IDisposable
{
    private readonly Stream stream;
    private readonly bool leaveOpen;
    private readonly long dataStart;
    private readonly Dictionary<string, int> index;

    private SafetensorsFile(Stream stream, string name, bool leaveOpen)
    {
        this.stream = stream;
        this.leaveOpen = leaveOpen;
        FileName = name;
        long start = stream.Position;
        FileLength = stream.Length - start;
        if (FileLength < SafetensorsHeader.PrefixLength)
            throw new ModelFormatException(
                $"{name}: a safetensors file has at least 8 bytes but this one has {FileLength}.");
        Span<byte> prefix = stackalloc byte[SafetensorsHeader.PrefixLength];
        ReadExactly(prefix);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > SafetensorsHeader.MaxLength)
            throw new ModelFormatException(
                $"{name}: the header may have at most 100,000,000 bytes but announces {length}; this is not a " +
                "safetensors file.");
        if ((long)length > FileLength - SafetensorsHeader.PrefixLength)
            throw new ModelFormatException(
                $"{name}: the header announces {length} bytes but only {FileLength - SafetensorsHeader.PrefixLength} " +
                "follow; the file is cut off.");
        HeaderLength = (int)length;
        var header = new byte[HeaderLength];
        ReadExactly(header);
        dataStart = start + SafetensorsHeader.PrefixLength + HeaderLength;
        long dataLength = FileLength - SafetensorsHeader.PrefixLength - HeaderLength;
        SafetensorsHeader.Content content = SafetensorsHeader.Parse(name, header, dataLength);
        Entries = content.Entries;
        index = content.Index;
        Metadata = content.Metadata;
    }

    /// <summary>The file's name without its folder, as error texts say it.</summary>
    public string FileName { get; }

    /// <summary>The whole file's length in bytes.</summary>
    public long FileLength { get; }

    /// <summary>The length of the JSON header in bytes.</summary>
    public int HeaderLength { get; }

    /// <summary>The tensors in the order of the header.</summary>
    public IReadOnlyList<SafetensorsEntry> Entries { get; }

    /// <summary>The strings under <c>__metadata__</c>; empty when there are none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Opens a file and reads its header.</summary>
    /// <exception cref="ModelFormatException">The file breaks a rule of the format.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static SafetensorsFile Open(string path)
    {
        FileStream file = OpenForReading(path);
        try
        {
            return new SafetensorsFile(file, Path.GetFileName(path), leaveOpen: false);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads the header of a file that begins at the stream's position and ends where the stream
    /// ends.</summary>
    /// <param name="stream">A stream that can seek.</param>
    /// <param name="name">What error texts call it.</param>
    /// <param name="leaveOpen">Whether the stream stays open when this object is disposed.</param>
    /// <exception cref="ModelFormatException">The file breaks a rule of the format.</exception>
    public static SafetensorsFile Open(Stream stream, string name, bool leaveOpen = false)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(name);
        if (!stream.CanSeek)
            throw new ArgumentException("SafetensorsFile.Open: the stream must be able to seek.", nameof(stream));
        return new SafetensorsFile(stream, name, leaveOpen);
    }

    /// <summary>Whether there is a tensor of this name.</summary>
    public bool Contains(string name) => index.ContainsKey(name);

    /// <summary>The header's entry for a name.</summary>
    /// <exception cref="ModelFormatException">There is no tensor of this name.</exception>
    public SafetensorsEntry this[string name] => index.TryGetValue(name, out int i)
        ? Entries[i]
        : throw new ModelFormatException($"{FileName}: there is no tensor {SafetensorsHeader.Quote(name)}.");

    /// <summary>Reads a tensor as float32.</summary>
    /// <remarks>F32 comes bit for bit, F64 is rounded, shorter floats are exact. Integers and truth values must be
    /// exact in float32; read others with <see cref="ReadInt64"/>.</remarks>
    /// <exception cref="ModelFormatException">No such tensor, a type without such a conversion, an integer that float32
    /// cannot hold, or more dimensions or elements than a <see cref="Shape"/> can say.</exception>
    public Tensor ReadTensor(string name)
    {
        SafetensorsEntry entry = this[name];
        bool isRaw = entry.DataType == SafetensorsDataType.F32;
        if (!isRaw) CheckConvertible<float>(entry, SafetensorsConvert.ToSingle);
        Tensor tensor = Tensor.Empty(ShapeOf(entry));
        Span<float> values = tensor.MutableSpan;
        if (isRaw) ReadRaw(entry, values);
        else ReadInChunks(entry, values, SafetensorsConvert.ToSingle);
        return tensor;
    }

    /// <summary>Reads a tensor of integers or truth values exactly, in row-major order.</summary>
    /// <exception cref="ModelFormatException">No such tensor, another type, or a value above 2^63-1.</exception>
    public long[] ReadInt64(string name)
    {
        SafetensorsEntry entry = this[name];
        bool isRaw = entry.DataType == SafetensorsDataType.I64;
        if (!isRaw) CheckConvertible<long>(entry, SafetensorsConvert.ToInt64);
        var values = new long[ShapeOf(entry).ElementCount];
        if (isRaw) ReadRaw<long>(entry, values);
        else ReadInChunks<long>(entry, values, SafetensorsConvert.ToInt64);
        return values;
    }

    /// <summary>Reads a tensor of floats as float64, exactly, in row-major order.</summary>
    /// <exception cref="ModelFormatException">No such tensor, or another type than F64, F32, F16 and BF16.</exception>
    public double[] ReadDouble(string name)
    {
        SafetensorsEntry entry = this[name];
        bool isRaw = entry.DataType == SafetensorsDataType.F64;
        if (!isRaw) CheckConvertible<double>(entry, SafetensorsConvert.ToDouble);
        var values = new double[ShapeOf(entry).ElementCount];
        if (isRaw) ReadRaw<double>(entry, values);
        else ReadInChunks<double>(entry, values, SafetensorsConvert.ToDouble);
        return values;
    }

    /// <summary>Reads the bytes of a tensor as they stand in the file (little-endian), whatever its type.</summary>
    /// <exception cref="ModelFormatException">No such tensor, or more bytes than an array can hold.</exception>
    public byte[] ReadBytes(string name)
    {
        SafetensorsEntry entry = this[name];
        if (entry.ByteLength > Array.MaxLength)
            throw new ModelFormatException(
                $"{FileName}: {SafetensorsHeader.Quote(name)} has {entry.ByteLength} bytes, more than an array can " +
                "hold.");
        var bytes = new byte[entry.ByteLength];
        Seek(entry);
        ReadExactly(bytes);
        return bytes;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        if (!leaveOpen) stream.Dispose();
    }

    internal static FileStream OpenForReading(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new FileNotFoundException($"{path}: the file does not exist.", path, e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(
                $"{path}: {(Directory.Exists(path) ? "is a directory, not a file" : "the file may not be read")}.", e);
        }
    }

    private Shape ShapeOf(SafetensorsEntry entry)
    {
        string name = SafetensorsHeader.Quote(entry.Name);
        if (entry.Dimensions.Count > Shape.MaxRank)
            throw new ModelFormatException(
                $"{FileName}: {name} has {entry.Dimensions.Count} dimensions but at most {Shape.MaxRank} are " +
                "supported.");
        Span<int> dimensions = stackalloc int[entry.Dimensions.Count];
        for (int i = 0; i < dimensions.Length; i++)
        {
            if (entry.Dimensions[i] > Array.MaxLength || entry.ElementCount > Array.MaxLength)
                throw new ModelFormatException(
                    $"{FileName}: {name} [{string.Join(", ", entry.Dimensions)}] is larger than a tensor can be " +
                    $"({Array.MaxLength} elements).");
            dimensions[i] = (int)entry.Dimensions[i];
        }

        return new Shape(dimensions);
    }

    private void Seek(SafetensorsEntry entry) => stream.Position = dataStart + entry.Begin;

    private void ReadRaw<T>(SafetensorsEntry entry, Span<T> values) where T : unmanaged
    {
        Seek(entry);
        // An array of float32 can be longer in bytes than a span of bytes.
        const int piece = 1 << 24;
        for (int i = 0; i < values.Length; i += piece)
        {
            Span<byte> bytes = MemoryMarshal.AsBytes(values.Slice(i, Math.Min(piece, values.Length - i)));
            ReadExactly(bytes);
            LittleEndian.Swap(bytes, entry.DataType.Bits() / 8);
        }
    }

    private void CheckConvertible<T>(SafetensorsEntry entry, SafetensorsConvert.Converter<T> convert)
    {
        if (!convert(entry.DataType, [], [], out _))
            throw new ModelFormatException(
                $"{FileName}: {SafetensorsHeader.Quote(entry.Name)} is {entry.DataTypeName}, which cannot be read as " +
                $"{SafetensorsConvert.NameOf<T>()}.");
    }

    private void ReadInChunks<T>(SafetensorsEntry entry, Span<T> values, SafetensorsConvert.Converter<T> convert)
    {
        const int elementsPerChunk = 8192;
        int size = entry.DataType.Bits() / 8;
        byte[] chunk = ArrayPool<byte>.Shared.Rent(elementsPerChunk * size);
        try
        {
            Seek(entry);
            for (int i = 0; i < values.Length; i += elementsPerChunk)
            {
                int count = Math.Min(elementsPerChunk, values.Length - i);
                Span<byte> bytes = chunk.AsSpan(0, count * size);
                ReadExactly(bytes);
                if (convert(entry.DataType, bytes, values.Slice(i, count), out int bad)) continue;
                string value = SafetensorsConvert.Describe(entry.DataType, bytes, bad);
                throw new ModelFormatException(
                    $"{FileName}: {SafetensorsHeader.Quote(entry.Name)} ({entry.DataTypeName}) holds {value}, which " +
                    $"{SafetensorsConvert.NameOf<T>()} cannot represent.");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }
    }

    private void ReadExactly(Span<byte> bytes)
    {
        try
        {
            stream.ReadExactly(bytes);
        }
        catch (EndOfStreamException e)
        {
            throw new ModelFormatException($"{FileName}: the file became shorter while it was read.", e);
        }
    }
}
