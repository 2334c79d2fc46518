namespace Recur.Kernels;

/// <summary>A vector of floats of one width, so that a kernel is written once and compiled for each.</summary>
/// <remarks>
/// A kernel body is generic over <typeparamref name="T"/>; the JIT compiles it for each of the four structs, and the
/// wrapper
/// vanishes (measured: a 6x64 matrix tile runs at the same 115 GFLOP/s as with bare Vector512). <see cref="F32x1"/> is
/// the
/// scalar version: fallback, explanation and oracle in one. Which one runs is decided in <see cref="Isa"/> alone.
/// </remarks>
internal unsafe interface ISimd<T> where T : unmanaged, ISimd<T>
{
    /// <summary>The number of lanes.</summary>
    static abstract int Count { get; }

    static abstract T Zero { get; }

    static abstract T Create(float x);

    static abstract T Load(float* p);

    void Store(float* p);

    /// <summary>The first <paramref name="count"/> lanes from memory, 0 &lt;= count &lt;= Count; the others are zero
    /// and not read.</summary>
    static abstract T LoadPartial(float* p, int count);

    /// <summary>Writes the first <paramref name="count"/> lanes and touches nothing behind them.</summary>
    void StorePartial(float* p, int count);

    static abstract T operator +(T a, T b);

    static abstract T operator -(T a, T b);

    static abstract T operator *(T a, T b);

    static abstract T operator /(T a, T b);

    static abstract T operator -(T a);

    /// <summary>a·b + c, rounded once where the processor can (everywhere but on x64 without FMA).</summary>
    static abstract T Fma(T a, T b, T c);

    /// <summary>sum = a·b + sum. In a long row of sums the JIT keeps each in its register this way; assigning the
    /// result of
    /// <see cref="Fma"/> costs a move for most of them.</summary>
    static abstract void AddProduct(ref T sum, T a, T b);

    /// <summary>The larger; b when either is NaN (x64), so a NaN in b survives.</summary>
    static abstract T Max(T a, T b);

    /// <summary>The smaller; b when either is NaN (x64), so a NaN in b survives.</summary>
    static abstract T Min(T a, T b);

    static abstract T Abs(T a);

    static abstract T Sqrt(T a);

    /// <summary>The nearest whole number, ties to even.</summary>
    static abstract T Round(T a);

    /// <summary>2^n for whole n in -126..127.</summary>
    static abstract T Pow2(T n);

    /// <summary>2^n from a number whose lowest nine bits hold n + 127: those bits, shifted to the exponent.</summary>
    static abstract T Pow2Rounded(T bits);

    /// <summary>All bits of a lane set where a &gt; b.</summary>
    static abstract T GreaterThan(T a, T b);

    /// <summary>All bits of a lane set where a = b.</summary>
    static abstract T Equal(T a, T b);

    /// <summary>a where the mask is set, else b.</summary>
    static abstract T Select(T mask, T a, T b);

    static abstract T And(T a, T b);

    /// <summary>a where the mask b is not set, else 0.</summary>
    static abstract T AndNot(T a, T b);

    /// <summary>The exponent e of a positive normal number m·2^e with 1 &lt;= m &lt; 2.</summary>
    static abstract T Exponent(T a);

    /// <summary>The m of a positive normal number m·2^e with 1 &lt;= m &lt; 2.</summary>
    static abstract T Mantissa(T a);

    /// <summary>The sum of the lanes; the order belongs to the width.</summary>
    float Sum();

    /// <summary>p[0..3] = the sums of the lanes of a, b, c and d: a third of the instructions of four
    /// <see cref="Sum"/>.</summary>
    static abstract void StoreSums(float* p, T a, T b, T c, T d);
}
