using System.Runtime.CompilerServices;

namespace Recur.Kernels;

// Softmax and log-softmax over the middle dimension of [outer, n, inner].
//   x    in       y  out        both [outer, n, inner]
//   dy   in       dx in/out, added to
//   work [2, inner] scratch     only read and written when inner > 1
// The maximum is subtracted first, so that large logits do not overflow: e^(x - max) is at most 1 and their sum at
// least 1.
// A row that is -∞ throughout, or holds ∞ or NaN, gives NaN, as in PyTorch.
internal static class SoftmaxKernel
{
    public static void Forward(ReadOnlySpan<float> x, int outer, int n, int inner, Span<float> y, Span<float> work)
    {
        for (int o = 0; o < outer; o++)
        {
            ReadOnlySpan<float> xo = x.Slice(o * n * inner, n * inner);
            Span<float> yo = y.Slice(o * n * inner, n * inner);
            if (inner == 1)
            {
                Elementwise.Zip<ExpDifference>(xo, Reduce.Max(xo), yo);
                Elementwise.Zip<Divide>(yo, (float)Reduce.Sum(yo), yo);
                continue;
            }

            Span<float> max = work[..inner], sum = work.Slice(inner, inner);
            Maxima(xo, n, inner, max);
            for (int i = 0; i < n; i++) Elementwise.Zip<ExpDifference>(Row(xo, i, inner), max, Row(yo, i, inner));
            Reduce.SumRows(yo, n, inner, sum, 1f, accumulate: false);
            for (int i = 0; i < n; i++) Elementwise.Zip<Divide>(Row(yo, i, inner), sum, Row(yo, i, inner));
        }
    }

    // dx += y (dy - Σ y dy)
    public static void Backward(
        ReadOnlySpan<float> y, ReadOnlySpan<float> dy, int outer, int n, int inner, Span<float> dx, Span<float> work)
    {
        for (int o = 0; o < outer; o++)
        {
            ReadOnlySpan<float> yo = y.Slice(o * n * inner, n * inner), dyo = dy.Slice(o * n * inner, n * inner);
            Span<float> dxo = dx.Slice(o * n * inner, n * inner);
            if (inner == 1)
            {
                Elementwise.Zip3Add<SoftmaxGrad>(yo, dyo, (float)Reduce.Dot(yo, dyo), dxo);
                continue;
            }

            Span<float> sum = work[..inner];
            sum.Clear();
            for (int i = 0; i < n; i++) Elementwise.ZipAdd<Multiply>(Row(yo, i, inner), Row(dyo, i, inner), sum);
            for (int i = 0; i < n; i++)
                Elementwise.Zip3Add<SoftmaxGrad>(Row(yo, i, inner), Row(dyo, i, inner), sum, Row(dxo, i, inner));
        }
    }

    public static void LogForward(ReadOnlySpan<float> x, int outer, int n, int inner, Span<float> y, Span<float> work)
    {
        for (int o = 0; o < outer; o++)
        {
            ReadOnlySpan<float> xo = x.Slice(o * n * inner, n * inner);
            Span<float> yo = y.Slice(o * n * inner, n * inner);
            if (inner == 1)
            {
                Elementwise.Zip<Subtract>(xo, Reduce.Max(xo), yo);
                Elementwise.Zip<Subtract>(yo, (float)Math.Log(Reduce.Sum<ExpOfFirst>(yo, yo)), yo);
                continue;
            }

            Span<float> max = work[..inner], sum = work.Slice(inner, inner);
            Maxima(xo, n, inner, max);
            sum.Clear();
            for (int i = 0; i < n; i++)
            {
                Elementwise.Zip<Subtract>(Row(xo, i, inner), max, Row(yo, i, inner));
                Elementwise.MapAdd<Exp>(Row(yo, i, inner), sum);
            }

            Elementwise.Map<Log>(sum, sum);
            for (int i = 0; i < n; i++) Elementwise.Zip<Subtract>(Row(yo, i, inner), sum, Row(yo, i, inner));
        }
    }

    // dx += dy - e^y Σ dy
    public static void LogBackward(
        ReadOnlySpan<float> y, ReadOnlySpan<float> dy, int outer, int n, int inner, Span<float> dx, Span<float> work)
    {
        for (int o = 0; o < outer; o++)
        {
            ReadOnlySpan<float> yo = y.Slice(o * n * inner, n * inner), dyo = dy.Slice(o * n * inner, n * inner);
            Span<float> dxo = dx.Slice(o * n * inner, n * inner);
            if (inner == 1)
            {
                Elementwise.Zip3Add<LogSoftmaxGrad>(yo, dyo, (float)Reduce.Sum(dyo), dxo);
                continue;
            }

            Span<float> sum = work[..inner];
            Reduce.SumRows(dyo, n, inner, sum, 1f, accumulate: false);
            for (int i = 0; i < n; i++)
                Elementwise.Zip3Add<LogSoftmaxGrad>(Row(yo, i, inner), Row(dyo, i, inner), sum, Row(dxo, i, inner));
        }
    }

    private static void Maxima(ReadOnlySpan<float> x, int n, int inner, Span<float> max)
    {
        max.Fill(float.NegativeInfinity);
        for (int i = 0; i < n; i++) Elementwise.Zip<Maximum>(Row(x, i, inner), max, max);
    }

    private static ReadOnlySpan<float> Row(ReadOnlySpan<float> x, int i, int inner) => x.Slice(i * inner, inner);

    private static Span<float> Row(Span<float> x, int i, int inner) => x.Slice(i * inner, inner);

    private readonly struct ExpOfFirst : IBinary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Invoke<T>(T a, T b) where T : unmanaged, ISimd<T> => VectorMath.Exp(a);
    }
}
