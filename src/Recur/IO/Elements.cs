using System.Buffers;
using System.Runtime.InteropServices;

namespace Recur.IO;

/// <summary>Elements on their way from a file into a tensor, whatever the format.</summary>
internal static class Elements
{
    private const int ElementsPerChunk = 8192;

    /// <summary>Fills a span with the next bytes of a tensor, little-endian and in row-major order.</summary>
    public delegate void NextBytes(Span<byte> bytes);

    /// <summary>Bytes per element.</summary>
    public static int Size(this SafetensorsDataType type) => type.Bits() / 8;

    /// <summary>The product of dimensions, or null when no file can hold so many elements.</summary>
    public static long? Count(ReadOnlySpan<long> dimensions)
    {
        Int128 count = 1;
        foreach (long d in dimensions) if (d == 0) return 0;
        foreach (long d in dimensions)
        {
            count *= d;
            if (count > long.MaxValue) return null;
        }

        return (long)count;
    }

    /// <summary>The dimensions as a shape.</summary>
    /// <param name="file">The file, for error texts.</param>
    /// <param name="what">The tensor, for error texts: its name in quotation marks.</param>
    /// <param name="dimensions">None negative.</param>
    public static Shape ShapeOf(string file, string what, ReadOnlySpan<long> dimensions)
    {
        if (dimensions.Length > Shape.MaxRank)
            throw new ModelFormatException(
                $"{file}: {what} has {dimensions.Length} dimensions but at most {Shape.MaxRank} are supported.");
        Span<int> shape = stackalloc int[dimensions.Length];
        for (int i = 0; i < shape.Length; i++)
        {
            if (dimensions[i] > Array.MaxLength || Count(dimensions) is null or > int.MaxValue)
                throw new ModelFormatException(
                    $"{file}: {what} [{string.Join(", ", dimensions.ToArray())}] is larger than a tensor can be " +
                    $"({Array.MaxLength} elements).");
            shape[i] = (int)dimensions[i];
        }

        return new Shape(shape);
    }

    /// <summary>Reads float32; see <see cref="SafetensorsFile.ReadTensor"/> for what is exact and what is
    /// refused.</summary>
    public static Tensor ToTensor(
        string file, string what, SafetensorsDataType type, ReadOnlySpan<long> dimensions, NextBytes next)
    {
        CheckConvertible<float>(file, what, type, SafetensorsConvert.ToSingle, type == SafetensorsDataType.F32);
        Tensor tensor = Tensor.Empty(ShapeOf(file, what, dimensions));
        Span<float> values = tensor.MutableSpan;
        if (type == SafetensorsDataType.F32) ReadRaw(values, next);
        else ReadInChunks(file, what, type, values, SafetensorsConvert.ToSingle, next);
        return tensor;
    }

    /// <summary>Reads integers and truth values exactly.</summary>
    public static long[] ToInt64(
        string file, string what, SafetensorsDataType type, ReadOnlySpan<long> dimensions, NextBytes next)
    {
        CheckConvertible<long>(file, what, type, SafetensorsConvert.ToInt64, isRaw: false);
        var values = new long[ShapeOf(file, what, dimensions).ElementCount];
        ReadInChunks<long>(file, what, type, values, SafetensorsConvert.ToInt64, next);
        return values;
    }

    /// <summary>Reads F64, F32, F16 and BF16 exactly.</summary>
    public static double[] ToDouble(
        string file, string what, SafetensorsDataType type, ReadOnlySpan<long> dimensions, NextBytes next)
    {
        bool isRaw = type == SafetensorsDataType.F64;
        CheckConvertible<double>(file, what, type, SafetensorsConvert.ToDouble, isRaw);
        var values = new double[ShapeOf(file, what, dimensions).ElementCount];
        if (isRaw) ReadRaw<double>(values, next);
        else ReadInChunks<double>(file, what, type, values, SafetensorsConvert.ToDouble, next);
        return values;
    }

    /// <summary>Turns elements of the other byte order into this machine's opposite: every element reversed.</summary>
    public static void Reverse(Span<byte> bytes, int size)
    {
        for (int i = 0; size > 1 && i + size <= bytes.Length; i += size) bytes.Slice(i, size).Reverse();
    }

    /// <summary>Copies elements that lie apart into row-major order.</summary>
    /// <param name="source">From the first element on.</param>
    /// <param name="size">Bytes per element: 1, 2, 4 or 8.</param>
    /// <param name="dimensions">Of the tensor; the caller has checked that all elements lie in the source.</param>
    /// <param name="strides">In elements.</param>
    /// <param name="target">Takes all elements.</param>
    public static void Gather(
        ReadOnlySpan<byte> source, int size, ReadOnlySpan<long> dimensions, ReadOnlySpan<long> strides,
        Span<byte> target)
    {
        switch (size)
        {
            case 1: Gather<byte>(source, dimensions, strides, target); break;
            case 2: Gather<ushort>(source, dimensions, strides, target); break;
            case 4: Gather<uint>(source, dimensions, strides, target); break;
            default: Gather<ulong>(source, dimensions, strides, target); break;
        }
    }

    private static void Gather<T>(
        ReadOnlySpan<byte> sourceBytes, ReadOnlySpan<long> dimensions, ReadOnlySpan<long> strides,
        Span<byte> targetBytes) where T : unmanaged
    {
        ReadOnlySpan<T> source = MemoryMarshal.Cast<byte, T>(sourceBytes);
        Span<T> target = MemoryMarshal.Cast<byte, T>(targetBytes);
        if (target.IsEmpty) return;
        int rank = dimensions.Length;
        int columns = rank == 0 ? 1 : (int)dimensions[^1];
        int step = rank == 0 || columns == 1 ? 0 : (int)strides[^1];
        Span<long> at = stackalloc long[rank];
        long begin = 0;
        for (int row = 0; row < target.Length; row += columns)
        {
            int from = (int)begin;
            for (int i = 0; i < columns; i++, from += step) target[row + i] = source[from];
            for (int d = rank - 2; d >= 0; d--)
            {
                begin += strides[d];
                if (++at[d] < dimensions[d]) break;
                begin -= strides[d] * dimensions[d];
                at[d] = 0;
            }
        }
    }

    private static void ReadRaw<T>(Span<T> values, NextBytes next) where T : unmanaged
    {
        const int piece = 1 << 24; // an array of float32 can be longer in bytes than a span of bytes
        for (int i = 0; i < values.Length; i += piece)
        {
            Span<byte> bytes = MemoryMarshal.AsBytes(values.Slice(i, Math.Min(piece, values.Length - i)));
            next(bytes);
            LittleEndian.Swap(bytes, System.Runtime.CompilerServices.Unsafe.SizeOf<T>());
        }
    }

    private static void CheckConvertible<T>(
        string file, string what, SafetensorsDataType type, SafetensorsConvert.Converter<T> convert, bool isRaw)
    {
        if (isRaw || convert(type, [], [], out _)) return;
        throw new ModelFormatException(
            $"{file}: {what} is {type.FileName()}, which cannot be read as {SafetensorsConvert.NameOf<T>()}.");
    }

    private static void ReadInChunks<T>(
        string file, string what, SafetensorsDataType type, Span<T> values, SafetensorsConvert.Converter<T> convert,
        NextBytes next)
    {
        int size = type.Size();
        byte[] chunk = ArrayPool<byte>.Shared.Rent(Math.Min(ElementsPerChunk, values.Length) * size);
        try
        {
            for (int i = 0; i < values.Length; i += ElementsPerChunk)
            {
                int count = Math.Min(ElementsPerChunk, values.Length - i);
                Span<byte> bytes = chunk.AsSpan(0, count * size);
                next(bytes);
                if (convert(type, bytes, values.Slice(i, count), out int bad)) continue;
                throw new ModelFormatException(
                    $"{file}: {what} ({type.FileName()}) holds {SafetensorsConvert.Describe(type, bytes, bad)}, " +
                    $"which {SafetensorsConvert.NameOf<T>()} cannot represent.");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }
    }
}
