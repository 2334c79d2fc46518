using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>One lane: plain scalar code.</summary>
internal unsafe struct F32x1(float value) : ISimd<F32x1>
{
    private float v = value;

    public static int Count => 1;

    public static F32x1 Zero => new(0f);

    private static F32x1 MaskOf(bool set) => new(BitConverter.Int32BitsToSingle(set ? -1 : 0));

    private static int Bits(F32x1 a) => BitConverter.SingleToInt32Bits(a.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Create(float x) => new(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Load(float* p) => new(*p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* p) => *p = v;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 LoadPartial(float* p, int count) => new(count > 0 ? *p : 0f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StorePartial(float* p, int count)
    {
        if (count > 0) *p = v;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 operator +(F32x1 a, F32x1 b) => new(a.v + b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 operator -(F32x1 a, F32x1 b) => new(a.v - b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 operator *(F32x1 a, F32x1 b) => new(a.v * b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 operator /(F32x1 a, F32x1 b) => new(a.v / b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 operator -(F32x1 a) => new(-a.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Fma(F32x1 a, F32x1 b, F32x1 c) => new(float.MultiplyAddEstimate(a.v, b.v, c.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProduct(ref F32x1 sum, F32x1 a, F32x1 b) =>
        sum.v = float.MultiplyAddEstimate(a.v, b.v, sum.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Max(F32x1 a, F32x1 b) => a.v > b.v ? a : b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Min(F32x1 a, F32x1 b) => a.v < b.v ? a : b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Abs(F32x1 a) => new(MathF.Abs(a.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Sqrt(F32x1 a) => new(MathF.Sqrt(a.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Round(F32x1 a) => new(MathF.Round(a.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Pow2(F32x1 n) => new(BitConverter.Int32BitsToSingle(((int)n.v + 127) << 23));

    public static F32x1 Pow2Rounded(F32x1 bits) => new(BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(bits.v) << 23));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 GreaterThan(F32x1 a, F32x1 b) => MaskOf(a.v > b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Equal(F32x1 a, F32x1 b) => MaskOf(a.v == b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Select(F32x1 mask, F32x1 a, F32x1 b) => Bits(mask) != 0 ? a : b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 And(F32x1 a, F32x1 b) => new(BitConverter.Int32BitsToSingle(Bits(a) & Bits(b)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 AndNot(F32x1 a, F32x1 b) => new(BitConverter.Int32BitsToSingle(Bits(a) & ~Bits(b)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Exponent(F32x1 a) => new((Bits(a) >>> 23) - 127);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x1 Mantissa(F32x1 a) => new(BitConverter.Int32BitsToSingle((Bits(a) & 0x007FFFFF) | 0x3F800000));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Sum() => v;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSums(float* p, F32x1 a, F32x1 b, F32x1 c, F32x1 d)
    {
        p[0] = a.v;
        p[1] = b.v;
        p[2] = c.v;
        p[3] = d.v;
    }
}
