using System.Runtime.InteropServices;

namespace Recur.Text;

/// <summary>The numbers of word vectors, [V, D] row-major: an array, or a part of a file that is mapped into
/// memory.</summary>
internal sealed unsafe class VectorRows
{
    private readonly float[]? array;
    private readonly MappedFile? file;
    private readonly float* mapped;

    public VectorRows(float[] values, int count, int size)
    {
        array = values;
        Count = count;
        Size = size;
    }

    /// <param name="file">Stays mapped as long as this lives.</param>
    /// <param name="start">The first number, of this machine's byte order.</param>
    /// <param name="count">V.</param>
    /// <param name="size">D.</param>
    public VectorRows(MappedFile file, float* start, int count, int size)
    {
        this.file = file;
        mapped = start;
        Count = count;
        Size = size;
    }

    /// <summary>The rows of words that come for the first time, moved together.</summary>
    /// <param name="words">Those words.</param>
    /// <param name="values">The rows of all; changed.</param>
    /// <param name="size">D.</param>
    /// <param name="repeated">The other rows, ascending.</param>
    public static (WordTable, VectorRows, int) WithoutRepeated(
        WordTable words, float[] values, int size, List<int> repeated)
    {
        for (int i = 0; i < repeated.Count; i++)
        {
            int begin = repeated[i] + 1, end = i + 1 < repeated.Count ? repeated[i + 1] : words.Count + repeated.Count;
            values.AsSpan(begin * size, (end - begin) * size).CopyTo(values.AsSpan((begin - i - 1) * size));
        }

        return (words, new VectorRows(values, words.Count, size), repeated.Count);
    }

    /// <summary>V.</summary>
    public int Count { get; }

    /// <summary>D.</summary>
    public int Size { get; }

    /// <summary>A row. Of a mapped file it is a copy: a span does not keep the file mapped.</summary>
    public ReadOnlySpan<float> Row(int row)
    {
        if (array is not null) return array.AsSpan(row * Size, Size);
        ReadOnlySpan<float> copy = new ReadOnlySpan<float>(mapped + (nint)row * Size, Size).ToArray();
        GC.KeepAlive(this);
        return copy;
    }

    /// <summary>Copies a row.</summary>
    public void CopyRow(int row, Span<float> destination)
    {
        if (array is not null) array.AsSpan(row * Size, Size).CopyTo(destination);
        else new ReadOnlySpan<float>(mapped + (nint)row * Size, Size).CopyTo(destination);
        GC.KeepAlive(this);
    }

    /// <summary>Holds the numbers in their place until it is disposed.</summary>
    public Pin Hold() => new(this);

    public readonly ref struct Pin
    {
        private readonly VectorRows rows;
        private readonly GCHandle handle;

        public Pin(VectorRows rows)
        {
            this.rows = rows;
            if (rows.array is null)
            {
                Start = rows.mapped;
                return;
            }

            handle = GCHandle.Alloc(rows.array, GCHandleType.Pinned);
            Start = (float*)handle.AddrOfPinnedObject();
        }

        /// <summary>The first number of row 0.</summary>
        public float* Start { get; }

        public void Dispose()
        {
            if (handle.IsAllocated) handle.Free();
            GC.KeepAlive(rows);
        }
    }
}
