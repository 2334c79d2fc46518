using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>The gradient of an element-wise function: its slope times the gradient of its result.</summary>
internal static unsafe class Slopes
{
    // y += f(a, b, c) · d
    //   a [n] in;  b, c, d [n] or one number in;  y [n] in/out
    // y may not overlap the others.
    public static void Add<TOp>(ReadOnlySpan<float> a, Operand b, Operand c, Operand d, Span<float> y)
        where TOp : struct, ITernary
    {
        Debug.Assert(a.Length == y.Length && b.Fits(y.Length) && c.Fits(y.Length) && d.Fits(y.Length));
        if (y.Length == 0) return;
        float b0 = b.Value, c0 = c.Value, d0 = d.Value;
        fixed (float* pa = a, pb = b.Values, pc = c.Values, pd = d.Values, py = y)
        {
            var loop = new Loop<TOp>
            {
                A = pa,
                B = b.IsSame ? &b0 : pb,
                C = c.IsSame ? &c0 : pc,
                D = d.IsSame ? &d0 : pd,
                Y = py,
                N = y.Length,
                SameB = b.IsSame,
                SameC = c.IsSame,
                SameD = d.IsSame,
            };
            Isa.Run(ref loop);
        }
    }

    // Scalar equivalent, for i in 0..n:
    //   y[i] += f(a[i], b[i or 0], c[i or 0]) · d[i or 0]
    // Lane j of a vector at i holds element i + j; the tail is one partial vector. Which operands are one number is
    // asked
    // in the loop: always the same answer costs nothing beside the loads, and eight forms per function would.
    private struct Loop<TOp> : ISimdKernel where TOp : struct, ITernary
    {
        public float* A, B, C, D, Y;
        public int N;
        public bool SameB, SameC, SameD;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run<T>() where T : unmanaged, ISimd<T>
        {
            float* a = A, b = B, c = C, d = D, y = Y;
            bool sameB = SameB, sameC = SameC, sameD = SameD;
            int n = N, i = 0;
            T b0 = T.Create(*b), c0 = T.Create(*c), d0 = T.Create(*d);
            for (; i <= n - T.Count; i += T.Count)
            {
                T slope = TOp.Invoke(T.Load(a + i), sameB ? b0 : T.Load(b + i), sameC ? c0 : T.Load(c + i));
                (T.Load(y + i) + slope * (sameD ? d0 : T.Load(d + i))).Store(y + i);
            }

            if (i < n)
            {
                int rest = n - i;
                T slope = TOp.Invoke(
                    T.LoadPartial(a + i, rest),
                    sameB ? b0 : T.LoadPartial(b + i, rest),
                    sameC ? c0 : T.LoadPartial(c + i, rest));
                T times = sameD ? d0 : T.LoadPartial(d + i, rest);
                (T.LoadPartial(y + i, rest) + slope * times).StorePartial(y + i, rest);
            }
        }
    }
}
