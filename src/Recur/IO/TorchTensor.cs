using System.Runtime.InteropServices;

namespace Recur.IO;

/// <summary>A tensor of a PyTorch file: a view of a storage, in any type and with any strides, that is turned into a
/// <see cref="Tensor"/> when asked.</summary>
public sealed class TorchTensor
{
    private readonly TorchStorage? storage;
    private readonly long[] dimensions;
    private readonly long[] strides;

    /// <summary>A tensor to be written; it is not copied. As in PyTorch's state dictionaries it comes without the mark
    /// of a parameter.</summary>
    public TorchTensor(Tensor tensor)
    {
        Value = tensor;
        DataType = SafetensorsDataType.F32;
        dimensions = Array.ConvertAll(tensor.Shape.AsSpan().ToArray(), d => (long)d);
        strides = RowMajor(dimensions);
        ElementCount = tensor.Length;
    }

    private TorchTensor(FileTensor source)
    {
        Source = source;
        Value = source.Values;
        DataType = source.Type;
        dimensions = source.Dimensions;
        strides = RowMajor(dimensions);
        ElementCount = source.ElementCount;
    }

    private TorchTensor(
        TorchStorage storage, SafetensorsDataType type, long offset, long[] dimensions, long[] strides, long count)
    {
        this.storage = storage;
        this.dimensions = dimensions;
        this.strides = strides;
        DataType = type;
        StorageOffset = offset;
        ElementCount = count;
    }

    /// <summary>The type of its elements in the file.</summary>
    public SafetensorsDataType DataType { get; }

    /// <summary>The type's name, as safetensors files have it: <c>F32</c>, <c>BF16</c>, <c>I64</c>, ...</summary>
    public string DataTypeName => DataType.FileName();

    /// <summary>Its sizes, outermost first.</summary>
    public IReadOnlyList<long> Dimensions => dimensions;

    /// <summary>The distances of neighbours in the storage, in elements; 0 where a dimension is expanded.</summary>
    public IReadOnlyList<long> Strides => strides;

    /// <summary>The place of the first element in the storage, in elements.</summary>
    public long StorageOffset { get; }

    /// <summary>The number of elements: the product of the dimensions.</summary>
    public long ElementCount { get; }

    /// <summary>Whether it was a parameter, or another tensor with a gradient.</summary>
    public bool RequiresGrad { get; internal init; }

    /// <summary>Whether the elements lie one behind the other.</summary>
    public bool IsContiguous => ElementCount <= 1 || HasStrides(RowMajor(dimensions));

    /// <summary>The whole storage, as which a view may still come.</summary>
    internal bool IsWholeStorage { get; init; }

    internal TorchStorage? Storage => storage;

    /// <summary>The tensor of another file that it was made of, only to be written.</summary>
    internal FileTensor? Source { get; }

    /// <summary>The tensor it was made of.</summary>
    internal Tensor? Value { get; }

    /// <summary>A copy as float32, in row-major order.</summary>
    /// <remarks>F32 comes bit for bit, F64 is rounded, shorter floats are exact; integers and truth values must be
    /// exact in float32: read others with <see cref="ToInt64"/>.</remarks>
    /// <exception cref="ModelFormatException">A type without such a conversion, an integer that float32 cannot hold, or
    /// more dimensions or elements than a <see cref="Shape"/> can say.</exception>
    public Tensor ToTensor() => ToTensor("the tensor");

    /// <summary>Integers and truth values exactly, in row-major order.</summary>
    /// <exception cref="ModelFormatException">Another type, or a value above 2^63-1.</exception>
    public long[] ToInt64()
    {
        if (storage is null) throw Unreadable("int64");
        return Elements.ToInt64(storage.File.Name, "the tensor", DataType, dimensions, Next());
    }

    /// <summary>Floats as float64, exactly, in row-major order.</summary>
    /// <exception cref="ModelFormatException">Another type than F64, F32, F16 and BF16.</exception>
    public double[] ToDouble()
    {
        if (Value is { } tensor) return Array.ConvertAll(tensor.ToArray(), v => (double)v);
        return Elements.ToDouble(storage!.File.Name, "the tensor", DataType, dimensions, Next());
    }

    /// <summary>Type and dimensions, for people.</summary>
    public override string ToString() => $"{DataTypeName} [{string.Join(", ", dimensions)}]";

    internal Tensor ToTensor(string what) => Value is { } tensor
        ? tensor.Detach()
        : Elements.ToTensor(storage!.File.Name, what, DataType, dimensions, Next());

    /// <summary>The elements, little-endian and row-major.</summary>
    internal byte[] ToBytes()
    {
        if (Value is { } tensor) return MemoryMarshal.AsBytes(tensor.Span).ToArray();
        if (Source is { } source) return source.Read!();
        Int128 length = (Int128)ElementCount * DataType.Size();
        if (length > Array.MaxLength) storage!.File.Fail($"a tensor has {length} bytes, more than an array can hold");
        var bytes = new byte[(long)length];
        Next()(bytes);
        return bytes;
    }

    internal static TorchTensor Of(FileTensor source) => new(source);

    /// <summary>The same elements as a parameter.</summary>
    internal TorchTensor WithGrad(bool requiresGrad) =>
        new(storage!, DataType, StorageOffset, dimensions, strides, ElementCount) { RequiresGrad = requiresGrad };

    internal static TorchTensor Whole(TorchStorage storage) =>
        new(storage, storage.Type, 0, [storage.Count], [1], storage.Count) { IsWholeStorage = true };

    /// <summary>A view, after a check that all of its elements lie in the storage.</summary>
    internal static TorchTensor View(
        TorchStorage storage, SafetensorsDataType type, long offset, long[] dimensions, long[] strides)
    {
        FileBytes file = storage.File;
        string shape = $"[{string.Join(", ", dimensions)}]";
        if (dimensions.Length != strides.Length)
            file.Fail($"a tensor has {dimensions.Length} dimensions but {strides.Length} strides");
        foreach (long d in dimensions) if (d < 0) file.Fail($"a tensor has the negative dimension {d}");
        foreach (long s in strides) if (s < 0) file.Fail($"a tensor has the negative stride {s}");
        if (Elements.Count(dimensions) is not { } count)
        {
            file.Fail($"a tensor {shape} has more elements than any file can hold");
            return null!;
        }

        long held = storage.IsUntyped ? storage.Count / type.Size() : storage.Count;
        Int128 last = offset;
        for (int i = 0; i < dimensions.Length; i++) last += (Int128)(dimensions[i] - 1) * strides[i];
        if (offset < 0 || offset > held || (count > 0 && last >= held))
            file.Fail(
                $"a tensor {shape} with strides [{string.Join(", ", strides)}] at element {offset} does not lie in " +
                $"its storage of {held} elements");
        return new TorchTensor(storage, type, offset, dimensions, strides, count);
    }

    private Elements.NextBytes Next()
    {
        int size = DataType.Size();
        long first = StorageOffset * size;
        if (IsContiguous)
        {
            return bytes =>
            {
                storage!.Read(first, bytes);
                first += bytes.Length;
            };
        }

        byte[]? gathered = null;
        int done = 0;
        return bytes =>
        {
            if (gathered is null && bytes.Length == ElementCount * size)
            {
                Gather(bytes); // all in one piece, straight into the target
                return;
            }

            gathered ??= GatherAll();
            gathered.AsSpan(done, bytes.Length).CopyTo(bytes);
            done += bytes.Length;
        };

        byte[] GatherAll()
        {
            if (ElementCount > Array.MaxLength / size)
                storage!.File.Fail($"a tensor has {ElementCount * (Int128)size} bytes, more than an array can hold");
            var all = new byte[ElementCount * size];
            Gather(all);
            return all;
        }

        void Gather(Span<byte> target) =>
            Elements.Gather(storage!.Load().AsSpan((int)first), size, dimensions, strides, target);
    }

    private bool HasStrides(long[] expected)
    {
        for (int i = 0; i < expected.Length; i++)
            if (dimensions[i] > 1 && strides[i] != expected[i]) return false;
        return true;
    }

    internal static long[] RowMajor(ReadOnlySpan<long> dimensions)
    {
        var result = new long[dimensions.Length];
        long step = 1;
        for (int i = result.Length - 1; i >= 0; i--)
        {
            result[i] = step;
            step = unchecked(step * Math.Max(1, dimensions[i])); // wraps only for tensors without elements
        }

        return result;
    }

    private static ModelFormatException Unreadable(string type) =>
        new($"TorchTensor: the tensor is F32, which cannot be read as {type}.");
}
