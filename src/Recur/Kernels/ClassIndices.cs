namespace Recur.Kernels;

/// <summary>Classes by number: the targets of a classification, one for each position.</summary>
internal static class ClassIndices
{
    // indices = values as whole numbers; the position of the first value that is none (or beyond int), or -1
    //   values [n] in;  indices [n] out
    public static int FromFloats(ReadOnlySpan<float> values, Span<int> indices)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (values[i] != MathF.Floor(values[i]) || !(MathF.Abs(values[i]) < 1 << 30)) return i;
            indices[i] = (int)values[i];
        }

        return -1;
    }

    // The position of the first index that is neither in 0..classes-1 nor ignored, or -1.
    public static int FirstOutside(ReadOnlySpan<int> indices, int classes, int ignored)
    {
        for (int i = 0; i < indices.Length; i++)
            if ((uint)indices[i] >= (uint)classes && indices[i] != ignored) return i;
        return -1;
    }

    // Σ weights[index] over the indices that are not ignored; their number without weights
    public static double TotalWeight(ReadOnlySpan<int> indices, int ignored, ReadOnlySpan<float> weights)
    {
        double total = 0;
        foreach (int index in indices)
            if (index != ignored) total += weights.IsEmpty ? 1.0 : weights[index];
        return total;
    }

    // loss[p] = -w[t] x[o, t, i] with p = (o, i) and t = indices[p]; 0 where t is ignored
    //   x [outer, classes, inner] in;  indices, loss [outer, inner] in, out;  weights [classes] in, or empty
    public static void PickForward(
        ReadOnlySpan<float> x, ReadOnlySpan<int> indices, ReadOnlySpan<float> weights, int classes, int inner,
        int ignored, Span<float> loss)
    {
        for (int p = 0; p < indices.Length; p++)
        {
            int t = indices[p];
            loss[p] = t == ignored ? 0f : -x[At(p, t, classes, inner)] * (weights.IsEmpty ? 1f : weights[t]);
        }
    }

    // dx[o, t, i] -= w[t] dloss[p]
    public static void PickBackward(
        ReadOnlySpan<int> indices, ReadOnlySpan<float> weights, int classes, int inner, int ignored, Operand dloss,
        Span<float> dx)
    {
        for (int p = 0; p < indices.Length; p++)
        {
            int t = indices[p];
            if (t == ignored) continue;
            float g = dloss.IsSame ? dloss.Value : dloss.Values[p];
            dx[At(p, t, classes, inner)] -= g * (weights.IsEmpty ? 1f : weights[t]);
        }
    }

    private static int At(int position, int index, int classes, int inner) =>
        (position / inner * classes + index) * inner + position % inner;
}
