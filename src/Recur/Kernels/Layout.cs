using System.Numerics;

namespace Recur.Kernels;

/// <summary>Copies between layouts of the same numbers, and additions of rows that lie apart.</summary>
internal static unsafe class Layout
{
    private const int FloatsPerLine = 16, ConflictFloats = 256;

    /// <summary>The distance of rows of <paramref name="width"/> floats: one cache line more where it would be a multiple of
    /// 1 KiB, because such rows lie in so few sets of the first-level cache that they displace each other.</summary>
    public static int SpreadRow(int width) => width % ConflictFloats == 0 ? width + FloatsPerLine : width;

    // y[b, a, :] = x[a, b, :]:  x [A, B, C] in, y [B, A, C] out.
    public static void SwapLeading(ReadOnlySpan<float> x, int a, int b, int c, Span<float> y)
    {
        for (int i = 0; i < a; i++)
            for (int j = 0; j < b; j++)
                x.Slice((i * b + j) * c, c).CopyTo(y.Slice((j * a + i) * c, c));
    }

    // y[b, a, :] += x[a, b, :]:  x [A, B, C] in, y [B, A, C] in/out.
    public static void AddSwapLeading(ReadOnlySpan<float> x, int a, int b, int c, Span<float> y)
    {
        for (int i = 0; i < a; i++)
            for (int j = 0; j < b; j++)
            {
                Span<float> row = y.Slice((j * a + i) * c, c);
                Add(row, x.Slice((i * b + j) * c, c), row);
            }
    }

    // y = rows of x: x [rows, columns] with row stride xRow in, y contiguous out.
    public static void CopyRows(float* x, nint xRow, int rows, int columns, Span<float> y)
    {
        for (int r = 0; r < rows; r++) new ReadOnlySpan<float>(x + r * xRow, columns).CopyTo(y.Slice(r * columns, columns));
    }

    // rows of y += x: x contiguous in, y [rows, columns] with row stride yRow in/out.
    public static void AddRows(ReadOnlySpan<float> x, int rows, int columns, float* y, nint yRow)
    {
        for (int r = 0; r < rows; r++)
        {
            var row = new Span<float>(y + r * yRow, columns);
            Add(row, x.Slice(r * columns, columns), row);
        }
    }

    // y = a + b, all of one length; y may be a or b.
    public static void Add(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y)
    {
        int i = 0;
        for (; i <= y.Length - Vector<float>.Count; i += Vector<float>.Count)
            (new Vector<float>(a[i..]) + new Vector<float>(b[i..])).CopyTo(y[i..]);
        for (; i < y.Length; i++) y[i] = a[i] + b[i];
    }

    // rows of y = 0:  y [rows, columns] with row stride yRow out.
    public static void ClearRows(float* y, nint yRow, int rows, int columns)
    {
        for (int r = 0; r < rows; r++) new Span<float>(y + r * yRow, columns).Clear();
    }

    // every row of y = x:  x [columns] in, y [rows, columns] with row stride yRow out.
    public static void FillRows(float* y, nint yRow, int rows, int columns, float* x)
    {
        for (int r = 0; r < rows; r++)
            new ReadOnlySpan<float>(x, columns).CopyTo(new Span<float>(y + r * yRow, columns));
    }

    // y[i] = x[map[i]], row by row:  x rows of `columns` floats in, y out.
    public static void Gather(ReadOnlySpan<float> x, ReadOnlySpan<int> map, int columns, Span<float> y)
    {
        for (int i = 0; i < map.Length; i++) x.Slice(map[i] * columns, columns).CopyTo(y[(i * columns)..]);
    }

    // y[map[i]] = x[i], row by row; the other rows of y stay.
    public static void Scatter(ReadOnlySpan<float> x, ReadOnlySpan<int> map, int columns, Span<float> y)
    {
        for (int i = 0; i < map.Length; i++) x.Slice(i * columns, columns).CopyTo(y[(map[i] * columns)..]);
    }

    // y[map[i]] += x[i], row by row.
    public static void AddScatter(ReadOnlySpan<float> x, ReadOnlySpan<int> map, int columns, Span<float> y)
    {
        for (int i = 0; i < map.Length; i++)
        {
            Span<float> row = y.Slice(map[i] * columns, columns);
            Add(row, x.Slice(i * columns, columns), row);
        }
    }
}
