using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>A row-major matrix and a vector: the products of a layer with one output, where packing for Gemm would
/// cost more than the work.</summary>
internal static unsafe class MatrixVector
{
    // y[r] = b + Σ_k x[r, k] w[k]
    //   x [M, K], w [K]  in      y [M]  out
    // Cost: 2·M·K flops. The order of the sum belongs to the vector width, as in Gemm.
    public static void Multiply(int rows, int k, ReadOnlySpan<float> x, ReadOnlySpan<float> w, float b, Span<float> y)
    {
        Debug.Assert(x.Length == rows * k && w.Length == k && y.Length == rows);
        fixed (float* px = x, pw = w, py = y)
        {
            var loop = new MultiplyLoop(rows, k, px, pw, b, py);
            Isa.Run(ref loop);
        }
    }

    private readonly struct MultiplyLoop(int rows, int k, float* x, float* w, float b, float* y) : ISimdKernel
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<T>() where T : unmanaged, ISimd<T>
        {
            int m = rows, n = k;
            float* p = x, pw = w, py = y;
            float bias = b;
            if (n <= T.Count)
            {
                T weights = T.LoadPartial(pw, n);
                for (int r = 0; r < m; r++, p += n) py[r] = bias + (T.LoadPartial(p, n) * weights).Sum();
                return;
            }

            int last = n - n % T.Count, rest = n - last;
            T tail = T.LoadPartial(pw + last, rest);
            for (int r = 0; r < m; r++, p += n)
            {
                // Two sums hide half of the latency; the rows, independent of one another, the rest.
                T s0 = T.LoadPartial(p + last, rest) * tail, s1 = T.Zero;
                int i = 0;
                for (; i <= last - 2 * T.Count; i += 2 * T.Count)
                {
                    s0 = T.Fma(T.Load(p + i), T.Load(pw + i), s0);
                    s1 = T.Fma(T.Load(p + i + T.Count), T.Load(pw + i + T.Count), s1);
                }

                if (i < last) s1 = T.Fma(T.Load(p + i), T.Load(pw + i), s1);
                py[r] = bias + (s0 + s1).Sum();
            }
        }
    }

    // dx[r, k] += dy[r] w[k]
    //   dy [M], w [K]  in      dx [M, K]  in/out
    public static void AddOuter(int rows, int k, ReadOnlySpan<float> dy, ReadOnlySpan<float> w, Span<float> dx)
    {
        Debug.Assert(dy.Length == rows && w.Length == k && dx.Length == rows * k);
        fixed (float* pd = dy, pw = w, px = dx)
        {
            var loop = new AddOuterLoop(rows, k, pd, pw, px);
            Isa.Run(ref loop);
        }
    }

    private readonly struct AddOuterLoop(int rows, int k, float* dy, float* w, float* dx) : ISimdKernel
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<T>() where T : unmanaged, ISimd<T>
        {
            int m = rows, n = k;
            float* p = dx, pw = w, pd = dy;
            int last = n - n % T.Count, rest = n - last;
            T tail = T.LoadPartial(pw + last, rest);
            int r = 0;
            if (last == 0)
            {
                // Narrow rows, four at a time with all loads first: a masked load waits for a masked store just before
                // it whose
                // vector, though not its lanes, overlaps ([59, 10]: 476 ns one by one).
                for (; r <= m - 4; r += 4, p += 4 * n)
                {
                    T x0 = T.LoadPartial(p, rest), x1 = T.LoadPartial(p + n, rest);
                    T x2 = T.LoadPartial(p + 2 * n, rest), x3 = T.LoadPartial(p + 3 * n, rest);
                    T.Fma(T.Create(pd[r]), tail, x0).StorePartial(p, rest);
                    T.Fma(T.Create(pd[r + 1]), tail, x1).StorePartial(p + n, rest);
                    T.Fma(T.Create(pd[r + 2]), tail, x2).StorePartial(p + 2 * n, rest);
                    T.Fma(T.Create(pd[r + 3]), tail, x3).StorePartial(p + 3 * n, rest);
                }
            }

            for (; r < m; r++, p += n)
            {
                T d = T.Create(pd[r]);
                for (int i = 0; i < last; i += T.Count) T.Fma(d, T.Load(pw + i), T.Load(p + i)).Store(p + i);
                if (rest > 0) T.Fma(d, tail, T.LoadPartial(p + last, rest)).StorePartial(p + last, rest);
            }
        }
    }

    // dw[k] += Σ_r dy[r] x[r, k]
    //   dy [M], x [M, K]  in      dw [K]  in/out
    // Four sums, of the rows r mod 4, in every width.
    public static void AddTransposed(int rows, int k, ReadOnlySpan<float> dy, ReadOnlySpan<float> x, Span<float> dw)
    {
        Debug.Assert(dy.Length == rows && x.Length == rows * k && dw.Length == k);
        fixed (float* pd = dy, px = x, pw = dw)
        {
            var loop = new AddTransposedLoop(rows, k, pd, px, pw);
            Isa.Run(ref loop);
        }
    }

    private readonly struct AddTransposedLoop(int rows, int k, float* dy, float* x, float* dw) : ISimdKernel
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<T>() where T : unmanaged, ISimd<T>
        {
            int m = rows, n = k;
            float* px = x, pd = dy, pw = dw;
            int c = 0;
            for (; c <= n - T.Count; c += T.Count)
            {
                T s0 = T.Zero, s1 = T.Zero, s2 = T.Zero, s3 = T.Zero;
                float* p = px + c;
                int r = 0;
                for (; r <= m - 4; r += 4, p += 4 * n)
                {
                    s0 = T.Fma(T.Create(pd[r]), T.Load(p), s0);
                    s1 = T.Fma(T.Create(pd[r + 1]), T.Load(p + n), s1);
                    s2 = T.Fma(T.Create(pd[r + 2]), T.Load(p + 2 * n), s2);
                    s3 = T.Fma(T.Create(pd[r + 3]), T.Load(p + 3 * n), s3);
                }

                for (; r < m; r++, p += n) s0 = T.Fma(T.Create(pd[r]), T.Load(p), s0);
                (T.Load(pw + c) + ((s0 + s1) + (s2 + s3))).Store(pw + c);
            }

            if (c < n)
            {
                int rest = n - c;
                T s0 = T.Zero, s1 = T.Zero, s2 = T.Zero, s3 = T.Zero;
                float* p = px + c;
                int r = 0;
                for (; r <= m - 4; r += 4, p += 4 * n)
                {
                    s0 = T.Fma(T.Create(pd[r]), T.LoadPartial(p, rest), s0);
                    s1 = T.Fma(T.Create(pd[r + 1]), T.LoadPartial(p + n, rest), s1);
                    s2 = T.Fma(T.Create(pd[r + 2]), T.LoadPartial(p + 2 * n, rest), s2);
                    s3 = T.Fma(T.Create(pd[r + 3]), T.LoadPartial(p + 3 * n, rest), s3);
                }

                for (; r < m; r++, p += n) s0 = T.Fma(T.Create(pd[r]), T.LoadPartial(p, rest), s0);
                (T.LoadPartial(pw + c, rest) + ((s0 + s1) + (s2 + s3))).StorePartial(pw + c, rest);
            }
        }
    }
}
