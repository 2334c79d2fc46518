namespace Recur.Kernels;

/// <summary>Powers with any exponent, one number at a time: e^(p ln x) in vectors would lose digits as |p ln x|
/// grows.</summary>
internal static class PowKernel
{
    // y = x^p
    public static void Forward(ReadOnlySpan<float> x, float p, Span<float> y)
    {
        for (int i = 0; i < x.Length; i++) y[i] = MathF.Pow(x[i], p);
    }

    // dx += p x^(p-1) dy; nothing for p = 0, also where x^(p-1) is infinite
    public static void Backward(ReadOnlySpan<float> x, float p, ReadOnlySpan<float> dy, Span<float> dx)
    {
        if (p == 0f) return;
        for (int i = 0; i < x.Length; i++) dx[i] += p * MathF.Pow(x[i], p - 1f) * dy[i];
    }
}
