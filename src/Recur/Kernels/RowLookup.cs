namespace Recur.Kernels;

/// <summary>Rows picked by number and added back; a negative number stands for a row of padding.</summary>
internal static class RowLookup
{
    // y[i, :] = x[indices[i], :], or padding where the index is negative; rows of `length` elements
    public static void Gather(
        ReadOnlySpan<float> x, ReadOnlySpan<int> indices, int length, float padding, Span<float> y)
    {
        for (int i = 0; i < indices.Length; i++)
        {
            Span<float> row = y.Slice(i * length, length);
            if (indices[i] < 0) row.Fill(padding);
            else x.Slice(indices[i] * length, length).CopyTo(row);
        }
    }

    // dx[indices[i], :] += dy[i, :] where the index is not negative, in the order of i
    public static void ScatterAdd(ReadOnlySpan<float> dy, ReadOnlySpan<int> indices, int length, Span<float> dx)
    {
        for (int i = 0; i < indices.Length; i++)
            if (indices[i] >= 0)
                Elementwise.MapAdd<Copy>(dy.Slice(i * length, length), dx.Slice(indices[i] * length, length));
    }
}
