using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Recur.Kernels;

/// <summary>Sixteen lanes: AVX-512.</summary>
internal unsafe struct F32x16(Vector512<float> value) : ISimd<F32x16>
{
    private Vector512<float> v = value;

    public static int Count => 16;

    public static F32x16 Zero => new(Vector512<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 Create(float x) => new(Vector512.Create(x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 Load(float* p) => new(Vector512.Load(p));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* p) => v.Store(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 LoadPartial(float* p, int count) =>
        new(Avx512F.MaskLoad(p, Mask(count), Vector512<float>.Zero));

    // By halves: a masked store costs some 40 cycles on Zen 4, these at most four plain ones.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StorePartial(float* p, int count)
    {
        if (count >= 8)
        {
            v.GetLower().Store(p);
            new F32x8(v.GetUpper()).StorePartial(p + 8, count - 8);
        }
        else
        {
            new F32x8(v.GetLower()).StorePartial(p, count);
        }
    }

    // Lane i takes part when i < count.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Mask(int count) =>
        Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(count)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 operator +(F32x16 a, F32x16 b) => new(a.v + b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 operator -(F32x16 a, F32x16 b) => new(a.v - b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 operator *(F32x16 a, F32x16 b) => new(a.v * b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 operator /(F32x16 a, F32x16 b) => new(a.v / b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 operator -(F32x16 a) => new(-a.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 Fma(F32x16 a, F32x16 b, F32x16 c) => new(Vector512.MultiplyAddEstimate(a.v, b.v, c.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProduct(ref F32x16 sum, F32x16 a, F32x16 b) =>
        sum.v = Vector512.MultiplyAddEstimate(a.v, b.v, sum.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 Max(F32x16 a, F32x16 b) => new(Vector512.MaxNative(a.v, b.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 Min(F32x16 a, F32x16 b) => new(Vector512.MinNative(a.v, b.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 Abs(F32x16 a) => new(Vector512.Abs(a.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 Sqrt(F32x16 a) => new(Vector512.Sqrt(a.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 Round(F32x16 a) => new(Vector512.Round(a.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 Pow2(F32x16 n) =>
        new(((Vector512.ConvertToInt32Native(n.v) + Vector512.Create(127)) << 23).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 Pow2Rounded(F32x16 bits) => new((bits.v.AsInt32() << 23).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 GreaterThan(F32x16 a, F32x16 b) => new(Vector512.GreaterThan(a.v, b.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 Equal(F32x16 a, F32x16 b) => new(Vector512.Equals(a.v, b.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 Select(F32x16 mask, F32x16 a, F32x16 b) => new(Vector512.ConditionalSelect(mask.v, a.v, b.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 And(F32x16 a, F32x16 b) => new(a.v & b.v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 AndNot(F32x16 a, F32x16 b) => new(Vector512.ConditionalSelect(b.v, Vector512<float>.Zero, a.v)); // by a mask register

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 Exponent(F32x16 a) => new(Vector512.ConvertToSingle(Vector512.ShiftRightLogical(a.v.AsInt32(), 23) - Vector512.Create(127)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F32x16 Mantissa(F32x16 a) => new(((a.v.AsInt32() & Vector512.Create(0x007FFFFF)) | Vector512.Create(0x3F800000)).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Sum() => Vector512.Sum(v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSums(float* p, F32x16 a, F32x16 b, F32x16 c, F32x16 d) =>
        F32x8.StoreSums(p, Halves(a), Halves(b), Halves(c), Halves(d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F32x8 Halves(F32x16 a) => new(a.v.GetLower() + a.v.GetUpper());
}
