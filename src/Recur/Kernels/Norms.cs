using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Recur.Kernels;

/// <summary>Sums and maxima over gradients.</summary>
/// <remarks>Sums are taken in double. Sixteen of them run side by side, element i in sum i mod 16, and meet in one
/// fixed order: the same bits in every vector width.</remarks>
internal static unsafe class Norms
{
    private const int Sums = 16;

    /// <summary>A function of one element whose values are summed.</summary>
    internal interface ITerm
    {
        static abstract double Of(double x);
        static abstract Vector128<double> Of(Vector128<double> x);
        static abstract Vector256<double> Of(Vector256<double> x);
    }

    /// <summary>x², exact in double for a float x.</summary>
    internal readonly struct SquareTerm : ITerm
    {
        public static double Of(double x) => x * x;
        public static Vector128<double> Of(Vector128<double> x) => x * x;
        public static Vector256<double> Of(Vector256<double> x) => x * x;
    }

    /// <summary>|x|.</summary>
    internal readonly struct AbsoluteTerm : ITerm
    {
        public static double Of(double x) => Math.Abs(x);
        public static Vector128<double> Of(Vector128<double> x) => Vector128.Abs(x);
        public static Vector256<double> Of(Vector256<double> x) => Vector256.Abs(x);
    }

    // Σ term(x[i]), by blocks whose size depends on n alone: the same bits for any number of threads
    //   x [n]  in
    public static double Sum<TTerm>(ReadOnlySpan<float> x) where TTerm : unmanaged, ITerm
    {
        fixed (float* px = x) return BlockSums.Run(new Terms<TTerm>(px), x.Length);
    }

    private readonly struct Terms<TTerm>(float* x) : IBlockSum where TTerm : unmanaged, ITerm
    {
        public double Of(int begin, int count) => SumOfBlock<TTerm>(new ReadOnlySpan<float>(x + begin, count));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double SumOfBlock<TTerm>(ReadOnlySpan<float> x) where TTerm : struct, ITerm
    {
        Span<double> sums = stackalloc double[Sums];
        sums.Clear();
        ref float source = ref MemoryMarshal.GetReference(x);
        ref double target = ref MemoryMarshal.GetReference(sums);
        int i = 0;
        if (Vector256.IsHardwareAccelerated && Isa.Current >= IsaLevel.Vector256)
        {
            Vector256<double> s0 = Vector256<double>.Zero, s1 = s0, s2 = s0, s3 = s0;
            for (; i + Sums <= x.Length; i += Sums)
            {
                (Vector256<double> a, Vector256<double> b) =
                    Vector256.Widen(Vector256.LoadUnsafe(ref source, (nuint)i));
                (Vector256<double> c, Vector256<double> d) =
                    Vector256.Widen(Vector256.LoadUnsafe(ref source, (nuint)i + 8));
                s0 += TTerm.Of(a);
                s1 += TTerm.Of(b);
                s2 += TTerm.Of(c);
                s3 += TTerm.Of(d);
            }

            s0.StoreUnsafe(ref target, 0);
            s1.StoreUnsafe(ref target, 4);
            s2.StoreUnsafe(ref target, 8);
            s3.StoreUnsafe(ref target, 12);
        }
        else if (Vector128.IsHardwareAccelerated && Isa.Current >= IsaLevel.Vector128)
        {
            // Two passes of eight sums would fit the registers; memory speed hides the stores of this simpler form.
            for (; i + Sums <= x.Length; i += Sums)
                for (int k = 0; k < Sums; k += 4)
                {
                    (Vector128<double> a, Vector128<double> b) =
                        Vector128.Widen(Vector128.LoadUnsafe(ref source, (nuint)(i + k)));
                    (Vector128.LoadUnsafe(ref target, (nuint)k) + TTerm.Of(a)).StoreUnsafe(ref target, (nuint)k);
                    (Vector128.LoadUnsafe(ref target, (nuint)(k + 2)) + TTerm.Of(b))
                        .StoreUnsafe(ref target, (nuint)(k + 2));
                }
        }

        for (; i < x.Length; i++) sums[i % Sums] += TTerm.Of((double)Unsafe.Add(ref source, i));
        for (int half = Sums / 2; half > 0; half /= 2)
            for (int k = 0; k < half; k++) sums[k] += sums[k + half];
        return sums[0];
    }

    // (Σ |x[i]|^p)^(1/p), the largest magnitude for infinite p
    //   x [n]  in
    public static double Of(ReadOnlySpan<float> x, float p)
    {
        if (float.IsPositiveInfinity(p)) return MaxAbs(x);
        if (p == 2f) return Math.Sqrt(Sum<SquareTerm>(x));
        return p == 1f ? Sum<AbsoluteTerm>(x) : Math.Pow(SumOfPowers(x, p), 1.0 / p);
    }

    // Σ |x[i]|^p
    //   x [n]  in
    public static double SumOfPowers(ReadOnlySpan<float> x, double p)
    {
        double sum = 0;
        foreach (float value in x) sum += Math.Pow(Math.Abs((double)value), p);
        return sum;
    }

    // max |x[i]|, NaN when one is NaN; 0 when there are none
    //   x [n]  in
    public static float MaxAbs(ReadOnlySpan<float> x)
    {
        float max = 0f;
        fixed (float* px = x)
        {
            var loop = new MaxAbsLoop(px, x.Length, &max);
            Isa.Run(ref loop);
        }

        return max;
    }

    private readonly struct MaxAbsLoop(float* x, int n, float* result) : ISimdKernel
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<T>() where T : unmanaged, ISimd<T>
        {
            float* px = x;
            T max = T.Zero, isNumber = T.Equal(max, max);
            for (int i = 0; i < n; i += T.Count)
            {
                T a = T.Abs(i <= n - T.Count ? T.Load(px + i) : T.LoadPartial(px + i, n - i));
                max = T.Max(max, a);
                isNumber = T.And(isNumber, T.Equal(a, a)); // the maximum of NaN and the next number would be the number
            }

            float* lanes = stackalloc float[T.Count];
            (max + T.Select(isNumber, T.Zero, T.Create(float.NaN))).Store(lanes);
            float largest = lanes[0];
            for (int j = 1; j < T.Count; j++) largest = MathF.Max(largest, lanes[j]); // NaN stays
            *result = largest;
        }
    }
}
