namespace Recur.Kernels;

/// <summary>Matrix products of row-major float matrices.</summary>
internal static class Gemm
{
    // C[M, N] = (or +=) op(A) · op(B)
    //   a  [M, K], or [K, M] when transposeA     in
    //   b  [K, N], or [N, K] when transposeB     in
    //   c  [M, N]                                out, in/out when accumulate
    // c may not overlap a or b. Cost: 2·M·N·K flops.
    public static void Multiply(int m, int n, int k, ReadOnlySpan<float> a, bool transposeA, ReadOnlySpan<float> b, bool transposeB, Span<float> c, bool accumulate)
    {
        for (int i = 0; i < m; i++)
            for (int j = 0; j < n; j++)
            {
                float sum = 0f;
                for (int p = 0; p < k; p++)
                    sum += (transposeA ? a[p * m + i] : a[i * k + p]) * (transposeB ? b[j * k + p] : b[p * n + j]);
                c[i * n + j] = accumulate ? c[i * n + j] + sum : sum;
            }
    }
}
