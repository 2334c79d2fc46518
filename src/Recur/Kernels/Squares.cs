using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Recur.Kernels;

/// <summary>Squares of a matrix turned in registers: to[i, j] = from[j, i], rows so many floats apart.</summary>
/// <remarks>
/// As wide as a vector: with 16 floats every cache line is read and written once, whole. Four rows at a time are turned within the
/// lanes of 128 bits (pairs of rows interleaved, then pairs of pairs: 00 20 01 21 | 10 30 11 31 -> 00 10 20 30 ...), then the lanes
/// change places.
/// </remarks>
internal static unsafe class Squares
{
    /// <summary>Whether <see cref="Turn4"/> is there.</summary>
    public static bool Has4
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Sse.IsSupported || AdvSimd.Arm64.IsSupported;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Turn4(float* from, nint fromRow, float* to, nint toRow)
    {
        Vector128<float> r0 = Vector128.Load(from), r1 = Vector128.Load(from + fromRow);
        Vector128<float> r2 = Vector128.Load(from + 2 * fromRow), r3 = Vector128.Load(from + 3 * fromRow);
        Vector128<float> a = InterleaveLow(r0, r2), b = InterleaveHigh(r0, r2);
        Vector128<float> c = InterleaveLow(r1, r3), d = InterleaveHigh(r1, r3);
        InterleaveLow(a, c).Store(to);
        InterleaveHigh(a, c).Store(to + toRow);
        InterleaveLow(b, d).Store(to + 2 * toRow);
        InterleaveHigh(b, d).Store(to + 3 * toRow);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> InterleaveLow(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackLow(a, b) : AdvSimd.Arm64.ZipLow(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> InterleaveHigh(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackHigh(a, b) : AdvSimd.Arm64.ZipHigh(a, b);

    /// <summary>8 x 8, with AVX.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Turn8(float* from, nint fromRow, float* to, nint toRow)
    {
        LoadLanes(from, fromRow, out Vector256<float> a0, out Vector256<float> a1, out Vector256<float> a2, out Vector256<float> a3);
        from += 4 * fromRow;
        LoadLanes(from, fromRow, out Vector256<float> b0, out Vector256<float> b1, out Vector256<float> b2, out Vector256<float> b3);
        StoreLanes(a0, b0, to, 4 * toRow);
        StoreLanes(a1, b1, to + toRow, 4 * toRow);
        StoreLanes(a2, b2, to + 2 * toRow, 4 * toRow);
        StoreLanes(a3, b3, to + 3 * toRow, 4 * toRow);
    }

    // Four rows, turned within the lanes: lane l of the i-th holds what stands in their column 4·l + i.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadLanes(
        float* from, nint row, out Vector256<float> v0, out Vector256<float> v1, out Vector256<float> v2, out Vector256<float> v3)
    {
        Vector256<float> r0 = Vector256.Load(from), r1 = Vector256.Load(from + row);
        Vector256<float> r2 = Vector256.Load(from + 2 * row), r3 = Vector256.Load(from + 3 * row);
        Vector256<float> a = Avx.UnpackLow(r0, r2), b = Avx.UnpackHigh(r0, r2);
        Vector256<float> c = Avx.UnpackLow(r1, r3), d = Avx.UnpackHigh(r1, r3);
        v0 = Avx.UnpackLow(a, c);
        v1 = Avx.UnpackHigh(a, c);
        v2 = Avx.UnpackLow(b, d);
        v3 = Avx.UnpackHigh(b, d);
    }

    // The first lanes side by side, then the second ones.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreLanes(Vector256<float> a, Vector256<float> b, float* to, nint toRow)
    {
        Avx.Permute2x128(a, b, 0b0010_0000).Store(to);
        Avx.Permute2x128(a, b, 0b0011_0001).Store(to + toRow);
    }

    /// <summary>16 x 16, with AVX-512.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Turn16(float* from, nint fromRow, float* to, nint toRow)
    {
        LoadLanes(from, fromRow, out Vector512<float> a0, out Vector512<float> a1, out Vector512<float> a2, out Vector512<float> a3);
        from += 4 * fromRow;
        LoadLanes(from, fromRow, out Vector512<float> b0, out Vector512<float> b1, out Vector512<float> b2, out Vector512<float> b3);
        from += 4 * fromRow;
        LoadLanes(from, fromRow, out Vector512<float> c0, out Vector512<float> c1, out Vector512<float> c2, out Vector512<float> c3);
        from += 4 * fromRow;
        LoadLanes(from, fromRow, out Vector512<float> d0, out Vector512<float> d1, out Vector512<float> d2, out Vector512<float> d3);
        StoreLanes(a0, b0, c0, d0, to, 4 * toRow);
        StoreLanes(a1, b1, c1, d1, to + toRow, 4 * toRow);
        StoreLanes(a2, b2, c2, d2, to + 2 * toRow, 4 * toRow);
        StoreLanes(a3, b3, c3, d3, to + 3 * toRow, 4 * toRow);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadLanes(
        float* from, nint row, out Vector512<float> v0, out Vector512<float> v1, out Vector512<float> v2, out Vector512<float> v3)
    {
        Vector512<float> r0 = Vector512.Load(from), r1 = Vector512.Load(from + row);
        Vector512<float> r2 = Vector512.Load(from + 2 * row), r3 = Vector512.Load(from + 3 * row);
        Vector512<float> a = Avx512F.UnpackLow(r0, r2), b = Avx512F.UnpackHigh(r0, r2);
        Vector512<float> c = Avx512F.UnpackLow(r1, r3), d = Avx512F.UnpackHigh(r1, r3);
        v0 = Avx512F.UnpackLow(a, c);
        v1 = Avx512F.UnpackHigh(a, c);
        v2 = Avx512F.UnpackLow(b, d);
        v3 = Avx512F.UnpackHigh(b, d);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreLanes(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d, float* to, nint toRow)
    {
        const byte FirstTwo = 0b01_00_01_00, LastTwo = 0b11_10_11_10, Even = 0b10_00_10_00, Odd = 0b11_01_11_01;
        Vector512<float> ab = Avx512F.Shuffle4x128(a, b, FirstTwo), cd = Avx512F.Shuffle4x128(c, d, FirstTwo);
        Avx512F.Shuffle4x128(ab, cd, Even).Store(to);
        Avx512F.Shuffle4x128(ab, cd, Odd).Store(to + toRow);
        ab = Avx512F.Shuffle4x128(a, b, LastTwo);
        cd = Avx512F.Shuffle4x128(c, d, LastTwo);
        Avx512F.Shuffle4x128(ab, cd, Even).Store(to + 2 * toRow);
        Avx512F.Shuffle4x128(ab, cd, Odd).Store(to + 3 * toRow);
    }
}
