namespace Recur.IO;

/// <summary>One tensor of a file of any format.</summary>
public sealed class TensorFileEntry
{
    private readonly Func<byte[]> readBytes;
    private readonly Func<Tensor> readTensor;

    internal TensorFileEntry(
        string name, SafetensorsDataType dataType, long[] dimensions, Func<byte[]> readBytes, Func<Tensor> readTensor)
    {
        Name = name;
        DataType = dataType;
        Dimensions = dimensions;
        this.readBytes = readBytes;
        this.readTensor = readTensor;
    }

    /// <summary>The tensor's name; of a file with one unnamed tensor, the file's name without extension.</summary>
    public string Name { get; }

    /// <summary>The type of its elements in the file.</summary>
    public SafetensorsDataType DataType { get; }

    /// <summary>The type's name, as safetensors files have it: <c>F32</c>, <c>BF16</c>, <c>I64</c>, ...</summary>
    public string DataTypeName => DataType.FileName();

    /// <summary>The sizes of its dimensions, outermost first.</summary>
    public IReadOnlyList<long> Dimensions { get; }

    /// <summary>The number of elements: the product of the dimensions.</summary>
    public long ElementCount => Elements.Count([.. Dimensions])!.Value;

    /// <summary>The number of bytes of its elements.</summary>
    public long ByteLength => (long)((Int128)ElementCount * DataType.Bits() / 8);

    /// <summary>Reads it as float32; what is exact and what is refused is the same in every format:
    /// <see cref="SafetensorsFile.ReadTensor"/>.</summary>
    /// <exception cref="ModelFormatException">The file is damaged there, or holds what a float32 tensor
    /// cannot.</exception>
    public Tensor ReadTensor() => readTensor();

    /// <summary>Name, type and dimensions, for people.</summary>
    public override string ToString() => $"{Name} {DataTypeName} [{string.Join(", ", Dimensions)}]";

    /// <summary>As it goes into another file.</summary>
    internal FileTensor As(string name) => new(name, DataType, [.. Dimensions], null, readBytes);
}
