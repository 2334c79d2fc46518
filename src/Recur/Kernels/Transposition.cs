using System.Diagnostics;

namespace Recur.Kernels;

/// <summary>The exchange of two dimensions.</summary>
internal static class Transposition
{
    /// <summary>Elements on a side of the square that is read and written at a time: 16 floats are one cache
    /// line.</summary>
    private const int Tile = 16;

    // y[a, j, b, i, c] (+)= x[a, i, b, j, c] for i in 0..m, j in 0..n
    //   x [outer, m, middle, n, inner] in; y [outer, n, middle, m, inner] out, in/out when accumulate; no overlap
    public static void Swap(
        ReadOnlySpan<float> x, int outer, int m, int middle, int n, int inner, Span<float> y, bool accumulate)
    {
        Debug.Assert(x.Length == (long)outer * m * middle * n * inner && y.Length == x.Length);
        int block = m * middle * n * inner;
        for (int a = 0; a < outer; a++)
            for (int b = 0; b < middle; b++)
            {
                int at = a * block;
                Matrix(x[(at + b * n * inner)..], middle * n, m, n, inner, y[(at + b * m * inner)..], middle * m, accumulate);
            }
    }

    // y[j·yStep + i] (+)= x[i·xStep + j], in units of `inner` elements. In tiles: one of the two sides jumps at every
    // element,
    // and a tile uses the whole of the cache lines that it touches before they are gone.
    private static void Matrix(
        ReadOnlySpan<float> x, int xStep, int m, int n, int inner, Span<float> y, int yStep, bool accumulate)
    {
        for (int i0 = 0; i0 < m; i0 += Tile)
            for (int j0 = 0; j0 < n; j0 += Tile)
            {
                int i1 = Math.Min(m, i0 + Tile), j1 = Math.Min(n, j0 + Tile);
                for (int j = j0; j < j1; j++)
                    for (int i = i0; i < i1; i++)
                    {
                        int from = (i * xStep + j) * inner, to = (j * yStep + i) * inner;
                        if (inner == 1) y[to] = accumulate ? y[to] + x[from] : x[from];
                        else if (accumulate) Elementwise.MapAdd<Copy>(x.Slice(from, inner), y.Slice(to, inner));
                        else x.Slice(from, inner).CopyTo(y[to..]);
                    }
            }
    }
}
