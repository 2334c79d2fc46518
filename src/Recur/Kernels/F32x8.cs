using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Recur.Kernels;

/// <summary>Eight lanes: AVX2 with FMA.</summary>
internal unsafe struct F32x8(Vector256<float> value) : ISimd<F32x8>
{
    private Vector256<float> v = value;

    public static int Count => 8;

    public static F32x8 Zero => new(Vector256<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Create(float x) => new(Vector256.Create(x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Load(float* p) => new(Vector256.Load(p));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* p) => v.Store(p);

    // Half a vector, a frequent rest, needs no mask; with the test the JIT's code is faster for other rests too.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 LoadPartial(float* p, int count) =>
        count == 4 ? new(Vector128.Load(p).ToVector256()) : new(Avx.MaskLoad(p, Mask(count)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StorePartial(float* p, int count)
    {
        if (count >= 4)
        {
            v.GetLower().Store(p);
            new F32x4(v.GetUpper()).StorePartial(p + 4, count - 4);
        }
        else
        {
            new F32x4(v.GetLower()).StorePartial(p, count);
        }
    }

    // Lane i takes part when i < count.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Mask(int count) =>
        Vector256.LessThan(Vector256<int>.Indices, Vector256.Create(count)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 operator +(F32x8 a, F32x8 b) => new(a.v + b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 operator -(F32x8 a, F32x8 b) => new(a.v - b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 operator *(F32x8 a, F32x8 b) => new(a.v * b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 operator /(F32x8 a, F32x8 b) => new(a.v / b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 operator -(F32x8 a) => new(-a.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Fma(F32x8 a, F32x8 b, F32x8 c) => new(Vector256.MultiplyAddEstimate(a.v, b.v, c.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProduct(ref F32x8 sum, F32x8 a, F32x8 b) =>
        sum.v = Vector256.MultiplyAddEstimate(a.v, b.v, sum.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Max(F32x8 a, F32x8 b) => new(Vector256.MaxNative(a.v, b.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Min(F32x8 a, F32x8 b) => new(Vector256.MinNative(a.v, b.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Abs(F32x8 a) => new(Vector256.Abs(a.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Sqrt(F32x8 a) => new(Vector256.Sqrt(a.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Round(F32x8 a) => new(Vector256.Round(a.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Pow2(F32x8 n) =>
        new(((Vector256.ConvertToInt32Native(n.v) + Vector256.Create(127)) << 23).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Pow2Rounded(F32x8 bits) => new((bits.v.AsInt32() << 23).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 GreaterThan(F32x8 a, F32x8 b) => new(Vector256.GreaterThan(a.v, b.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Equal(F32x8 a, F32x8 b) => new(Vector256.Equals(a.v, b.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Select(F32x8 mask, F32x8 a, F32x8 b) => new(Vector256.ConditionalSelect(mask.v, a.v, b.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 And(F32x8 a, F32x8 b) => new(a.v & b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 AndNot(F32x8 a, F32x8 b) => new(Vector256.AndNot(a.v, b.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Exponent(F32x8 a) => new(Vector256.ConvertToSingle(Vector256.ShiftRightLogical(a.v.AsInt32(), 23) - Vector256.Create(127)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x8 Mantissa(F32x8 a) => new(((a.v.AsInt32() & Vector256.Create(0x007FFFFF)) | Vector256.Create(0x3F800000)).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Sum() => Vector256.Sum(v);

    // HorizontalAdd works in each half: (a0+a1, a2+a3, b0+b1, b2+b3 | a4+a5, ...), twice, then the halves are added.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSums(float* p, F32x8 a, F32x8 b, F32x8 c, F32x8 d)
    {
        Vector256<float> s = Avx.HorizontalAdd(Avx.HorizontalAdd(a.v, b.v), Avx.HorizontalAdd(c.v, d.v));
        (s.GetLower() + s.GetUpper()).Store(p);
    }
}
