using Recur.Kernels;

namespace Recur;

/// <summary>Distributions of whole arrays, drawn as torch.nn.init draws them.</summary>
internal static class RandomMatrices
{
    /// <summary>Normal numbers cut off at [low, high]: the inverse distribution function of uniform ones.</summary>
    public static void TruncatedNormal(
        Rng rng, Span<float> destination, double mean, double std, double low, double high)
    {
        // 2 Φ((a - mean) / std) - 1 = erf((a - mean) / (std √2)), written as PyTorch rounds it
        double l = (1 + ErrorFunction.Erf((low - mean) / std / Math.Sqrt(2))) / 2;
        double u = (1 + ErrorFunction.Erf((high - mean) / std / Math.Sqrt(2))) / 2;
        rng.FillUniform(destination, (float)(2 * l - 1), (float)(2 * u - 1));
        float scale = (float)(std * Math.Sqrt(2)), shift = (float)mean;
        foreach (ref float value in destination)
            value = Math.Clamp((float)ErrorFunction.Inverse(value) * scale + shift, (float)low, (float)high);
    }

    /// <summary>A matrix with orthonormal rows, or columns when there are more rows, each direction equally
    /// likely.</summary>
    public static void Orthogonal(Rng rng, Span<float> destination, int rows, int columns, float gain)
    {
        rng.FillNormal(destination);
        if (rows < columns)
        {
            GramSchmidt.Orthonormalize(destination, rows, columns);
        }
        else
        {
            var transposed = new float[destination.Length];
            Transposition.Swap(destination, 1, rows, 1, columns, 1, transposed, accumulate: false);
            GramSchmidt.Orthonormalize(transposed, columns, rows);
            Transposition.Swap(transposed, 1, columns, 1, rows, 1, destination, accumulate: false);
        }

        if (gain != 1f) Elementwise.Zip<Multiply>(destination, gain, destination);
    }

    /// <summary>Normal numbers of which a fixed number in each column is zero.</summary>
    public static void Sparse(Rng rng, Span<float> destination, int rows, int columns, int zeros, float std)
    {
        rng.FillNormal(destination, 0f, std);
        for (int c = 0; c < columns; c++)
            foreach (int row in rng.Permutation(rows).AsSpan(0, zeros)) destination[row * columns + c] = 0f;
    }
}
