namespace Recur.IO;

/// <summary>One tensor as the header of a safetensors file describes it.</summary>
public sealed class SafetensorsEntry
{
    internal SafetensorsEntry(string name, SafetensorsDataType dataType, long[] shape, long begin, long end)
    {
        Name = name;
        DataType = dataType;
        Dimensions = shape;
        Begin = begin;
        End = end;
    }

    /// <summary>The tensor's name.</summary>
    public string Name { get; }

    /// <summary>The type of its elements.</summary>
    public SafetensorsDataType DataType { get; }

    /// <summary>The name of the type as it stands in the file, such as <c>F8_E4M3</c>.</summary>
    public string DataTypeName => DataType.FileName();

    /// <summary>The sizes of its dimensions, outermost first; a file may hold more elements than a <see cref="Shape"/>
    /// can say.</summary>
    public IReadOnlyList<long> Dimensions { get; }

    /// <summary>Its first byte, counted from the end of the header.</summary>
    public long Begin { get; }

    /// <summary>The byte after its last one, counted from the end of the header.</summary>
    public long End { get; }

    /// <summary>The number of bytes it takes in the file.</summary>
    public long ByteLength => End - Begin;

    /// <summary>The number of elements: the product of the dimensions.</summary>
    public long ElementCount
    {
        get
        {
            long count = 1;
            foreach (long d in Dimensions) count *= d; // the header's check excludes an overflow
            return count;
        }
    }

    /// <summary>Name, type and dimensions, for people.</summary>
    public override string ToString() => $"{Name} {DataTypeName} [{string.Join(", ", Dimensions)}]";
}
