namespace Recur.Kernels;

/// <summary>Rows picked by number and added back.</summary>
internal static class RowLookup
{
    // y[i, :] = x[indices[i], :]; rows of `length` elements
    public static void Gather(ReadOnlySpan<float> x, ReadOnlySpan<int> indices, int length, Span<float> y)
    {
        for (int i = 0; i < indices.Length; i++) x.Slice(indices[i] * length, length).CopyTo(y[(i * length)..]);
    }

    // dx[indices[i], :] += dy[i, :], in the order of i
    public static void ScatterAdd(ReadOnlySpan<float> dy, ReadOnlySpan<int> indices, int length, Span<float> dx)
    {
        for (int i = 0; i < indices.Length; i++)
            Elementwise.MapAdd<Copy>(dy.Slice(i * length, length), dx.Slice(indices[i] * length, length));
    }
}
