using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>Sums logistic losses without a logarithm each: ln(1 + e) is collected as a product of factors from 1 to
/// 2.</summary>
internal struct LogisticLoss<T> where T : unmanaged, ISimd<T>
{
    private const int FactorsAtMost = 96; // 2^96 is still far from the end of float's range

    private T linear, product;
    private int factors;
    private double total;

    public static LogisticLoss<T> Empty => new() { linear = T.Zero, product = T.Create(1f) };

    /// <summary>Adds linear + ln(factor), in every lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(T linear, T factor)
    {
        this.linear += linear;
        product *= factor;
        if (++factors == FactorsAtMost) Flush();
    }

    public double Total
    {
        get
        {
            Flush();
            return total;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Flush()
    {
        total += (linear + LogMath.Log(product)).Sum();
        linear = T.Zero;
        product = T.Create(1f);
        factors = 0;
    }
}

/// <summary>One step of gradient descent on the logistic losses of a few output rows against a few input rows: the inner
/// work of word2vec.</summary>
/// <remarks>
/// With p = σ(x_i · o_k) the loss is the sum over i and k of -ln p where label_k is 1, of -ln(1 - p) where it is 0, and
/// <code>
/// g_ik = alpha · (label_k - σ(x_i · o_k))
/// o_k += Σ_i g_ik x_i        x_i += Σ_k g_ik o_k
/// </code>
/// with the x and o from before the step. The output rows of a word are shared by all words of its window (Ji and others
/// 2016, "Parallelizing Word2Vec in Shared and Distributed Memory"): they are read once a window instead of once a pair,
/// and the products become small matrix products that stay in registers.
/// </remarks>
internal static unsafe class LogisticStep
{
    /// <summary>The most output rows of a step: six and their sums are what the 16 registers of AVX2 hold.</summary>
    public const int MaxOutputs = 6;

    /// <summary>Floats of a row of products; those behind the outputs are <see cref="Nothing"/>.</summary>
    public const int Row = 8;

    // A product whose logistic function, gradient and loss are nothing where the label is 0.
    private const float Nothing = -1000f;

    //   x       [m]               in   pointers to the input rows, which are changed
    //   o       [TN]              in   pointers to the output rows, which are changed
    //   labels  [2·Row]           in   0 or 1 for each output row, 0 behind them; twice
    //   skip                      in   bit k set: the output row k takes no part
    //   stride                    in   floats of a row, a multiple of 16
    //   g       [m + 2, Row]      scratch, on 64 bytes
    // A row that stands twice in x sees its own first change; one that stands twice in o gets both.
    // Cost: 6·m·TN·stride flops.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<T, TN>(
        float** x, int m, float** o, float* labels, uint skip, float alpha, nint stride, float* g,
        ref LogisticLoss<T> loss)
        where T : unmanaged, ISimd<T> where TN : IConst
    {
        Debug.Assert(m > 0 && stride % 16 == 0);
        int i = 0;
        for (; i < m - 1; i += 2) Products2<T, TN>(x[i], x[i + 1], o, stride, g + i * Row);
        if (i < m)
        {
            Products1<T, TN>(x[i], o, stride, g + i * Row);
            // The longest vector reads a row more: one of losses that are nothing, whatever the label.
            for (int k = 0; k < Row; k++) g[m * Row + k] = Nothing - 2f * Nothing * labels[k];
        }

        if (skip != 0) Skip(g, m, skip);
        Gradients(g, m, labels, alpha, ref loss);
        Update<T, TN>(x, m, o, stride, g);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Products2<T, TN>(float* x0, float* x1, float** o, nint stride, float* f)
        where T : unmanaged, ISimd<T> where TN : IConst
    {
        T p0 = T.Zero, p1 = T.Zero, p2 = T.Zero, p3 = T.Zero, p4 = T.Zero, p5 = T.Zero;
        T q0 = T.Zero, q1 = T.Zero, q2 = T.Zero, q3 = T.Zero, q4 = T.Zero, q5 = T.Zero;
        float* o0 = o[0];
        float* o1 = TN.Value > 1 ? o[1] : null, o2 = TN.Value > 2 ? o[2] : null, o3 = TN.Value > 3 ? o[3] : null;
        float* o4 = TN.Value > 4 ? o[4] : null, o5 = TN.Value > 5 ? o[5] : null;
        for (nint c = 0; c < stride; c += T.Count)
        {
            T v = T.Load(x0 + c), w = T.Load(x1 + c);
            T y = T.Load(o0 + c);
            T.AddProduct(ref p0, v, y);
            T.AddProduct(ref q0, w, y);
            if (TN.Value > 1)
            {
                y = T.Load(o1 + c);
                T.AddProduct(ref p1, v, y);
                T.AddProduct(ref q1, w, y);
            }

            if (TN.Value > 2)
            {
                y = T.Load(o2 + c);
                T.AddProduct(ref p2, v, y);
                T.AddProduct(ref q2, w, y);
            }

            if (TN.Value > 3)
            {
                y = T.Load(o3 + c);
                T.AddProduct(ref p3, v, y);
                T.AddProduct(ref q3, w, y);
            }

            if (TN.Value > 4)
            {
                y = T.Load(o4 + c);
                T.AddProduct(ref p4, v, y);
                T.AddProduct(ref q4, w, y);
            }

            if (TN.Value > 5)
            {
                y = T.Load(o5 + c);
                T.AddProduct(ref p5, v, y);
                T.AddProduct(ref q5, w, y);
            }
        }

        StoreRow<T, TN>(f, p0, p1, p2, p3, p4, p5);
        StoreRow<T, TN>(f + Row, q0, q1, q2, q3, q4, q5);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Products1<T, TN>(float* x, float** o, nint stride, float* f)
        where T : unmanaged, ISimd<T> where TN : IConst
    {
        T p0 = T.Zero, p1 = T.Zero, p2 = T.Zero, p3 = T.Zero, p4 = T.Zero, p5 = T.Zero;
        float* o0 = o[0];
        float* o1 = TN.Value > 1 ? o[1] : null, o2 = TN.Value > 2 ? o[2] : null, o3 = TN.Value > 3 ? o[3] : null;
        float* o4 = TN.Value > 4 ? o[4] : null, o5 = TN.Value > 5 ? o[5] : null;
        for (nint c = 0; c < stride; c += T.Count)
        {
            T v = T.Load(x + c);
            T.AddProduct(ref p0, v, T.Load(o0 + c));
            if (TN.Value > 1) T.AddProduct(ref p1, v, T.Load(o1 + c));
            if (TN.Value > 2) T.AddProduct(ref p2, v, T.Load(o2 + c));
            if (TN.Value > 3) T.AddProduct(ref p3, v, T.Load(o3 + c));
            if (TN.Value > 4) T.AddProduct(ref p4, v, T.Load(o4 + c));
            if (TN.Value > 5) T.AddProduct(ref p5, v, T.Load(o5 + c));
        }

        StoreRow<T, TN>(f, p0, p1, p2, p3, p4, p5);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreRow<T, TN>(float* f, T p0, T p1, T p2, T p3, T p4, T p5)
        where T : unmanaged, ISimd<T> where TN : IConst
    {
        T nothing = T.Create(Nothing);
        T.StoreSums(
            f, p0, TN.Value > 1 ? p1 : nothing, TN.Value > 2 ? p2 : nothing, TN.Value > 3 ? p3 : nothing);
        T.StoreSums(f + 4, TN.Value > 4 ? p4 : nothing, TN.Value > 5 ? p5 : nothing, nothing, nothing);
    }

    private static void Skip(float* f, int m, uint skip)
    {
        for (int k = 0; k < MaxOutputs; k++)
        {
            if ((skip >> k & 1) == 0) continue;
            for (int i = 0; i < m; i++) f[i * Row + k] = Nothing;
        }
    }

    // With e = e^-|f|, σ(f) is 1 / (1 + e) for f > 0 and e / (1 + e) below, and the loss max(f, 0) - label·f + ln(1 + e).
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Gradients<T>(float* f, int m, float* labels, float alpha, ref LogisticLoss<T> loss)
        where T : unmanaged, ISimd<T>
    {
        T one = T.Create(1f), a = T.Create(alpha);
        for (int j = 0; j < m * Row; j += T.Count)
        {
            T z = T.Load(f + j), label = T.Load(labels + (j & (2 * Row - 1)));
            T e = VectorMath.ExpMinusAbs(z);
            T factor = one + e;
            T p = T.Select(T.GreaterThan(z, T.Zero), one, e) / factor;
            (a * (label - p)).Store(f + j);
            loss.Add(T.Max(T.Zero, z) - label * z, factor);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Update<T, TN>(float** x, int m, float** o, nint stride, float* g)
        where T : unmanaged, ISimd<T> where TN : IConst
    {
        for (nint c = 0; c < stride; c += T.Count)
        {
            T s0 = T.Zero, s1 = T.Zero, s2 = T.Zero, s3 = T.Zero, s4 = T.Zero, s5 = T.Zero;
            T o0 = T.Load(o[0] + c);
            T o1 = TN.Value > 1 ? T.Load(o[1] + c) : T.Zero;
            T o2 = TN.Value > 2 ? T.Load(o[2] + c) : T.Zero;
            T o3 = TN.Value > 3 ? T.Load(o[3] + c) : T.Zero;
            T o4 = TN.Value > 4 ? T.Load(o[4] + c) : T.Zero;
            T o5 = TN.Value > 5 ? T.Load(o[5] + c) : T.Zero;
            float* row = g;
            for (int i = 0; i < m; i++, row += Row)
            {
                float* p = x[i] + c;
                T v = T.Load(p), y = v;
                T k = T.Create(row[0]);
                T.AddProduct(ref s0, k, v);
                T.AddProduct(ref y, k, o0);
                if (TN.Value > 1)
                {
                    k = T.Create(row[1]);
                    T.AddProduct(ref s1, k, v);
                    T.AddProduct(ref y, k, o1);
                }

                if (TN.Value > 2)
                {
                    k = T.Create(row[2]);
                    T.AddProduct(ref s2, k, v);
                    T.AddProduct(ref y, k, o2);
                }

                if (TN.Value > 3)
                {
                    k = T.Create(row[3]);
                    T.AddProduct(ref s3, k, v);
                    T.AddProduct(ref y, k, o3);
                }

                if (TN.Value > 4)
                {
                    k = T.Create(row[4]);
                    T.AddProduct(ref s4, k, v);
                    T.AddProduct(ref y, k, o4);
                }

                if (TN.Value > 5)
                {
                    k = T.Create(row[5]);
                    T.AddProduct(ref s5, k, v);
                    T.AddProduct(ref y, k, o5);
                }

                y.Store(p);
            }

            // Read again: of a row that stands twice, the second sum is added to the first.
            (T.Load(o[0] + c) + s0).Store(o[0] + c);
            if (TN.Value > 1) (T.Load(o[1] + c) + s1).Store(o[1] + c);
            if (TN.Value > 2) (T.Load(o[2] + c) + s2).Store(o[2] + c);
            if (TN.Value > 3) (T.Load(o[3] + c) + s3).Store(o[3] + c);
            if (TN.Value > 4) (T.Load(o[4] + c) + s4).Store(o[4] + c);
            if (TN.Value > 5) (T.Load(o[5] + c) + s5).Store(o[5] + c);
        }
    }
}
