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

    // dx[indices[i], :] += dy[i, :] / n where the index is not negative and occurs n times
    //   counts [rows of dx]  scratch, in and out zeros
    public static void ScatterMean(
        ReadOnlySpan<float> dy, ReadOnlySpan<int> indices, int length, Span<int> counts, Span<float> dx)
    {
        foreach (int index in indices)
            if (index >= 0) counts[index]++;
        for (int i = 0; i < indices.Length; i++)
            if (indices[i] >= 0)
                Elementwise.ZipAdd<Multiply>(
                    dy.Slice(i * length, length), 1f / counts[indices[i]], dx.Slice(indices[i] * length, length));
        foreach (int index in indices)
            if (index >= 0) counts[index] = 0;
    }

    // Rows whose p-norm is above maxNorm are scaled to it, each once: x[r, :] *= maxNorm / (norm + 1e-7)
    //   x [rows, length] in/out;  indices in, sorted here
    public static void LimitNorms(Span<float> x, Span<int> indices, int length, float maxNorm, float p)
    {
        const double epsilon = 1e-7; // PyTorch's
        indices.Sort();
        for (int i = 0; i < indices.Length; i++)
        {
            if (i > 0 && indices[i] == indices[i - 1]) continue;
            Span<float> row = x.Slice(indices[i] * length, length);
            double norm = Norms.Of(row, p);
            if (norm > maxNorm) Elementwise.Zip<Multiply>(row, (float)(maxNorm / (norm + epsilon)), row);
        }
    }
}
