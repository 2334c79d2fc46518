using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Recur.Benchmarks.Compare;

/// <summary>What the processor can do at most: fused multiply-adds on registers alone, on a number of threads at
/// once.</summary>
/// <remarks>Twelve independent accumulators cover the latency of 4 cycles times 2 units with some to spare; the
/// operands never leave the registers. On Zen 4 this agrees with the same loop in assembler to within 1 %.</remarks>
internal sealed class FmaPeak
{
    private const int Accumulators = 12;

    /// <summary>As long as a sample of the work, so that a busy machine takes as much from both.</summary>
    private const double SampleSeconds = 0.02;

    private readonly int threads;
    private readonly Clock clock;
    private readonly long iterations;

    public FmaPeak(int threads, Clock clock)
    {
        this.threads = threads;
        this.clock = clock;
        Loop(1000);
        const long probe = 1_000_000;
        iterations = Math.Max(1, (long)(probe * SampleSeconds / Time(probe)));
    }

    private static int Lanes => Vector512.IsHardwareAccelerated ? 16 : Vector256.IsHardwareAccelerated ? 8 : 4;

    /// <summary>Which vectors the peak is measured with.</summary>
    public static string Width => $"{32 * Lanes}-bit FMA";

    /// <summary>The rate of all threads together in one sample, GFLOP/s.</summary>
    public double Sample()
    {
        var seconds = new double[threads];
        using var start = new Barrier(threads);
        void Measure(int index)
        {
            start.SignalAndWait();
            seconds[index] = Time(iterations);
        }

        var others = new Thread[threads - 1];
        for (int i = 1; i < threads; i++)
        {
            int index = i;
            others[i - 1] = new Thread(() => Measure(index));
            others[i - 1].Start();
        }

        Measure(0);
        foreach (Thread other in others) other.Join();
        return seconds.Sum(s => 2.0 * Accumulators * Lanes * iterations / s) * 1e-9;
    }

    private double Time(long n)
    {
        double start = clock.Seconds;
        Loop(n);
        return clock.Seconds - start;
    }

    private static void Loop(long n)
    {
        // The results are used, or the loop could be dropped.
        float result = Lanes switch { 16 => Loop512(n), 8 => Loop256(n), _ => Loop128(n) };
        if (float.IsNaN(result)) throw new InvalidOperationException("FmaPeak: a sum became NaN.");
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float Loop512(long n)
    {
        var m = Vector512.Create(0.999f);
        var c = Vector512.Create(1e-6f);
        Vector512<float> x0 = c, x1 = c, x2 = c, x3 = c, x4 = c, x5 = c,
            x6 = c, x7 = c, x8 = c, x9 = c, x10 = c, x11 = c;
        for (; n > 0; n--)
        {
            x0 = Vector512.FusedMultiplyAdd(x0, m, c);
            x1 = Vector512.FusedMultiplyAdd(x1, m, c);
            x2 = Vector512.FusedMultiplyAdd(x2, m, c);
            x3 = Vector512.FusedMultiplyAdd(x3, m, c);
            x4 = Vector512.FusedMultiplyAdd(x4, m, c);
            x5 = Vector512.FusedMultiplyAdd(x5, m, c);
            x6 = Vector512.FusedMultiplyAdd(x6, m, c);
            x7 = Vector512.FusedMultiplyAdd(x7, m, c);
            x8 = Vector512.FusedMultiplyAdd(x8, m, c);
            x9 = Vector512.FusedMultiplyAdd(x9, m, c);
            x10 = Vector512.FusedMultiplyAdd(x10, m, c);
            x11 = Vector512.FusedMultiplyAdd(x11, m, c);
        }

        return Vector512.Sum(x0 + x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9 + x10 + x11);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float Loop256(long n)
    {
        var m = Vector256.Create(0.999f);
        var c = Vector256.Create(1e-6f);
        Vector256<float> x0 = c, x1 = c, x2 = c, x3 = c, x4 = c, x5 = c,
            x6 = c, x7 = c, x8 = c, x9 = c, x10 = c, x11 = c;
        for (; n > 0; n--)
        {
            x0 = Vector256.FusedMultiplyAdd(x0, m, c);
            x1 = Vector256.FusedMultiplyAdd(x1, m, c);
            x2 = Vector256.FusedMultiplyAdd(x2, m, c);
            x3 = Vector256.FusedMultiplyAdd(x3, m, c);
            x4 = Vector256.FusedMultiplyAdd(x4, m, c);
            x5 = Vector256.FusedMultiplyAdd(x5, m, c);
            x6 = Vector256.FusedMultiplyAdd(x6, m, c);
            x7 = Vector256.FusedMultiplyAdd(x7, m, c);
            x8 = Vector256.FusedMultiplyAdd(x8, m, c);
            x9 = Vector256.FusedMultiplyAdd(x9, m, c);
            x10 = Vector256.FusedMultiplyAdd(x10, m, c);
            x11 = Vector256.FusedMultiplyAdd(x11, m, c);
        }

        return Vector256.Sum(x0 + x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9 + x10 + x11);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float Loop128(long n)
    {
        var m = Vector128.Create(0.999f);
        var c = Vector128.Create(1e-6f);
        Vector128<float> x0 = c, x1 = c, x2 = c, x3 = c, x4 = c, x5 = c,
            x6 = c, x7 = c, x8 = c, x9 = c, x10 = c, x11 = c;
        for (; n > 0; n--)
        {
            x0 = Vector128.FusedMultiplyAdd(x0, m, c);
            x1 = Vector128.FusedMultiplyAdd(x1, m, c);
            x2 = Vector128.FusedMultiplyAdd(x2, m, c);
            x3 = Vector128.FusedMultiplyAdd(x3, m, c);
            x4 = Vector128.FusedMultiplyAdd(x4, m, c);
            x5 = Vector128.FusedMultiplyAdd(x5, m, c);
            x6 = Vector128.FusedMultiplyAdd(x6, m, c);
            x7 = Vector128.FusedMultiplyAdd(x7, m, c);
            x8 = Vector128.FusedMultiplyAdd(x8, m, c);
            x9 = Vector128.FusedMultiplyAdd(x9, m, c);
            x10 = Vector128.FusedMultiplyAdd(x10, m, c);
            x11 = Vector128.FusedMultiplyAdd(x11, m, c);
        }

        return Vector128.Sum(x0 + x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9 + x10 + x11);
    }
}
