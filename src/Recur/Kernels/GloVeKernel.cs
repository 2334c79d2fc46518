using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Recur.Kernels;

/// <summary>A pair of words as the kernel wants it: nothing to compute but the step.</summary>
internal struct GloVePair
{
    /// <summary>The rows in the two tables.</summary>
    public int Row, Column;

    /// <summary>ln x.</summary>
    public float Log;

    /// <summary>f(x).</summary>
    public float Weight;
}

/// <summary>Steps of AdaGrad on pairs of words, one after the other.</summary>
/// <remarks>
/// Pennington, Socher and Manning 2014, "GloVe: Global Vectors for Word Representation"; Duchi, Hazan and Singer 2011
/// for AdaGrad. With word row w, context row v, their biases b and c, and d = w·v + b + c - ln x, a pair costs
/// f(x)·d²/2, and each number θ of the four moves by -t/√G, G += t² with t = η · (its gradient, cut at ±<see
/// cref="Clip"/>). A row lies beside its sums G in one stretch of memory: [2, Stride]. The bias is the column behind
/// the vector, where the factor of the other row is 1; the columns behind it are zero and stay so, their G is 1.
/// </remarks>
internal unsafe struct GloVeKernel : ISimdKernel
{
    /// <summary>Where gradients are cut, as in the authors' program; a sound training never comes there.</summary>
    public const float Clip = 100f;

    // Pairs whose rows are on their way: each takes 28 cache lines at dimension 100, and a core has some 20 in flight.
    private const int Ahead = 2;
    private const int FloatsPerLine = 16;

    public GloVePair* Pairs;
    public int Count;

    /// <summary>[V, 2, Stride] each, on 64 bytes.</summary>
    public float* Words, Contexts;

    /// <summary>Floats of a row or of its sums, a multiple of 16 greater than VectorSize.</summary>
    public int Stride;
    public int VectorSize;

    /// <summary>η</summary>
    public float LearningRate;

    /// <summary>The sum of the costs, each as it was before its step.</summary>
    public double Cost;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run<T>() where T : unmanaged, ISimd<T>
    {
        nint stride = Stride, last = VectorSize / T.Count * T.Count;
        float* lanes = stackalloc float[FloatsPerLine];
        new Span<float>(lanes, FloatsPerLine).Clear();
        lanes[VectorSize - last] = 1f;
        T one = T.Create(1f), isBias = T.Equal(T.Load(lanes), one), bound = T.Create(Clip * LearningRate);
        double cost = 0;
        for (int i = 0; i < Count && i < Ahead; i++) Prefetch(Pairs + i);
        for (int i = 0; i < Count; i++)
        {
            if (i + Ahead < Count) Prefetch(Pairs + i + Ahead);
            float* x = Words + Pairs[i].Row * (2 * stride), y = Contexts + Pairs[i].Column * (2 * stride);
            T sum = T.Zero, other = T.Zero;
            nint c = 0;
            for (; c + 2 * T.Count <= last; c += 2 * T.Count)
            {
                T.AddProduct(ref sum, T.Load(x + c), T.Load(y + c));
                T.AddProduct(ref other, T.Load(x + c + T.Count), T.Load(y + c + T.Count));
            }

            if (c < last) T.AddProduct(ref other, T.Load(x + c), T.Load(y + c));
            T xLast = T.Load(x + last), yLast = T.Load(y + last);
            T xFactor = T.Select(isBias, one, xLast), yFactor = T.Select(isBias, one, yLast);
            T.AddProduct(ref sum, xLast, yFactor);
            sum += T.And(isBias, yLast);
            float difference = (sum + other).Sum() - Pairs[i].Log;
            float gradient = Pairs[i].Weight * difference;
            if (!float.IsFinite(gradient)) continue; // as the original: one absurd pair does not spoil its rows
            cost += 0.5 * (double)gradient * difference;
            T step = T.Create(gradient * LearningRate);
            for (c = 0; c < last; c += T.Count)
            {
                T xs = T.Load(x + c), ys = T.Load(y + c);
                Update(x + c, stride, xs, step * ys, bound);
                Update(y + c, stride, ys, step * xs, bound);
            }

            Update(x + last, stride, xLast, step * yFactor, bound);
            Update(y + last, stride, yLast, step * xFactor, bound);
        }

        Cost = cost;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Update<T>(float* place, nint stride, T value, T step, T bound) where T : unmanaged, ISimd<T>
    {
        step = T.Min(bound, T.Max(-bound, step));
        T squares = T.Load(place + stride);
        (value - step / T.Sqrt(squares)).Store(place);
        T.Fma(step, step, squares).Store(place + stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Prefetch(GloVePair* pair)
    {
        if (!Sse.IsSupported) return;
        nint row = 2 * (nint)Stride;
        float* x = Words + pair->Row * row, y = Contexts + pair->Column * row;
        for (nint c = 0; c < row; c += FloatsPerLine)
        {
            Sse.Prefetch0(x + c);
            Sse.Prefetch0(y + c);
        }
    }
}
