using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Recur.Kernels;

/// <summary>Sums over gradients, in double, and the scaling and clamping that follow.</summary>
/// <remarks>Sixteen sums run side by side, element i in sum i mod 16, and meet in one fixed order: the same bits in every vector
/// width. <c>lanes</c> bounds the width in floats, so that tests can walk them.</remarks>
internal static class Norms
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
    internal readonly struct Square : ITerm
    {
        public static double Of(double x) => x * x;
        public static Vector128<double> Of(Vector128<double> x) => x * x;
        public static Vector256<double> Of(Vector256<double> x) => x * x;
    }

    /// <summary>|x|.</summary>
    internal readonly struct Absolute : ITerm
    {
        public static double Of(double x) => Math.Abs(x);
        public static Vector128<double> Of(Vector128<double> x) => Vector128.Abs(x);
        public static Vector256<double> Of(Vector256<double> x) => Vector256.Abs(x);
    }

    // Σ term(x[i])
    //   x [n]  in
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Sum<TTerm>(ReadOnlySpan<float> x, int lanes = OptimizerKernels.AllLanes) where TTerm : struct, ITerm
    {
        Span<double> sums = stackalloc double[Sums];
        sums.Clear();
        ref float source = ref MemoryMarshal.GetReference(x);
        ref double target = ref MemoryMarshal.GetReference(sums);
        int i = 0;
        if (Vector256.IsHardwareAccelerated && lanes >= 8)
        {
            Vector256<double> s0 = Vector256<double>.Zero, s1 = s0, s2 = s0, s3 = s0;
            for (; i + Sums <= x.Length; i += Sums)
            {
                (Vector256<double> a, Vector256<double> b) = Vector256.Widen(Vector256.LoadUnsafe(ref source, (nuint)i));
                (Vector256<double> c, Vector256<double> d) = Vector256.Widen(Vector256.LoadUnsafe(ref source, (nuint)i + 8));
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
        else if (Vector128.IsHardwareAccelerated && lanes >= 4)
        {
            // Two passes of eight sums would fit the registers; memory speed hides the stores of this simpler form.
            for (; i + Sums <= x.Length; i += Sums)
                for (int k = 0; k < Sums; k += 4)
                {
                    (Vector128<double> a, Vector128<double> b) = Vector128.Widen(Vector128.LoadUnsafe(ref source, (nuint)(i + k)));
                    (Vector128.LoadUnsafe(ref target, (nuint)k) + TTerm.Of(a)).StoreUnsafe(ref target, (nuint)k);
                    (Vector128.LoadUnsafe(ref target, (nuint)(k + 2)) + TTerm.Of(b)).StoreUnsafe(ref target, (nuint)(k + 2));
                }
        }

        for (; i < x.Length; i++) sums[i % Sums] += TTerm.Of((double)Unsafe.Add(ref source, i));
        for (int half = Sums / 2; half > 0; half /= 2)
            for (int k = 0; k < half; k++) sums[k] += sums[k + half];
        return sums[0];
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
        ref float source = ref MemoryMarshal.GetReference(x);
        Vector<float> best = Vector<float>.Zero;
        int i = 0;
        for (; i + Vector<float>.Count <= x.Length; i += Vector<float>.Count)
            best = Vector.Max(best, Vector.Abs(Vector.LoadUnsafe(ref source, (nuint)i)));
        float max = 0f;
        for (int k = 0; k < Vector<float>.Count; k++) max = MathF.Max(max, best[k]);
        for (; i < x.Length; i++) max = MathF.Max(max, MathF.Abs(x[i]));
        return max;
    }

    // x ← factor · x
    //   x [n]  in/out
    public static void Scale(Span<float> x, float factor)
    {
        ref float xs = ref MemoryMarshal.GetReference(x);
        int i = 0;
        for (; i + Vector<float>.Count <= x.Length; i += Vector<float>.Count)
            (Vector.LoadUnsafe(ref xs, (nuint)i) * factor).StoreUnsafe(ref xs, (nuint)i);
        for (; i < x.Length; i++) x[i] *= factor;
    }

    // x ← min(max(x, -limit), limit); NaN stays NaN
    //   x [n]  in/out
    public static void Clamp(Span<float> x, float limit)
    {
        ref float xs = ref MemoryMarshal.GetReference(x);
        int i = 0;
        var low = new Vector<float>(-limit);
        var high = new Vector<float>(limit);
        for (; i + Vector<float>.Count <= x.Length; i += Vector<float>.Count)
            Vector.Min(Vector.Max(Vector.LoadUnsafe(ref xs, (nuint)i), low), high).StoreUnsafe(ref xs, (nuint)i);
        for (; i < x.Length; i++) x[i] = MathF.Min(MathF.Max(x[i], -limit), limit);
    }
}
