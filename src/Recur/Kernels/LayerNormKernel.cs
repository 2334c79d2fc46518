using System.Diagnostics;

namespace Recur.Kernels;

// Rows brought to mean 0 and variance 1, then scaled and shifted element by element.
//   x       [M, N]  in
//   weight, bias [N] in      empty for 1 and 0
//   stats   [2, M]  saved    mean μ and 1/σ of each row
//   y       [M, N]  out
//   dy      [M, N]  in, overwritten backward;  dx [M, N], dWeight, dBias [N] in/out, or empty
//   work    [N]     scratch
//
//   σ² = Σ (x - μ)² / N + ε      x̂ = (x - μ) / σ      y = x̂ w + b
//   dx = (w dy - Σ w dy / N - x̂ Σ x̂ w dy / N) / σ     dw = Σ_m x̂ dy     db = Σ_m dy
// The variance is taken from the differences, so that a large mean costs no digits.
internal static class LayerNormKernel
{
    public static void Forward(
        ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, int n, float eps,
        Span<float> stats, Span<float> y)
    {
        int rows = stats.Length / 2;
        Debug.Assert(x.Length == rows * n && y.Length == x.Length);
        for (int m = 0; m < rows; m++)
        {
            ReadOnlySpan<float> row = x.Slice(m * n, n);
            Span<float> result = y.Slice(m * n, n);
            float mean = (float)(Reduce.Sum(row) / n);
            double variance = Reduce.Sum<SquaredDeviation>(row, row, mean) / n;
            float inverse = (float)(1.0 / Math.Sqrt(variance + eps));
            stats[m] = mean;
            stats[rows + m] = inverse;
            Elementwise.Zip3<DeviationTimes>(row, inverse, mean, result);
            if (!bias.IsEmpty) Elementwise.Zip3<MultiplyAdd>(result, weight, bias, result);
            else if (!weight.IsEmpty) Elementwise.Zip<Multiply>(result, weight, result);
        }
    }

    public static void Backward(
        ReadOnlySpan<float> x, ReadOnlySpan<float> weight, int n, ReadOnlySpan<float> stats, Span<float> dy,
        Span<float> dx, Span<float> dWeight, Span<float> dBias, Span<float> work)
    {
        int rows = stats.Length / 2;
        if (!dBias.IsEmpty) Rows.AddSum(rows, n, dy, dBias);
        for (int m = 0; m < rows; m++)
        {
            Span<float> g = dy.Slice(m * n, n);
            float inverse = stats[rows + m];
            Elementwise.Zip3<DeviationTimes>(x.Slice(m * n, n), inverse, stats[m], work); // x̂
            if (!dWeight.IsEmpty) Elementwise.ZipAdd<Multiply>(work, g, dWeight);
            if (dx.IsEmpty) continue;
            if (!weight.IsEmpty) Elementwise.Zip<Multiply>(g, weight, g);
            double mean = Reduce.Sum(g) / n, along = Reduce.Dot(work, g) / n;
            Span<float> target = dx.Slice(m * n, n);
            Elementwise.ZipAdd<Multiply>(work, (float)(-along * inverse), target);
            Elementwise.Zip3Add<DeviationTimes>(g, inverse, (float)mean, target);
        }
    }
}
