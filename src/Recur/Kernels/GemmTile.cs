using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Recur.Kernels;

/// <summary>A compile-time number: the JIT makes one version of a generic kernel for each.</summary>
internal interface IConst
{
    static abstract int Value { get; }
}

internal readonly struct N1 : IConst
{
    public static int Value => 1;
}

internal readonly struct N2 : IConst
{
    public static int Value => 2;
}

internal readonly struct N3 : IConst
{
    public static int Value => 3;
}

internal readonly struct N4 : IConst
{
    public static int Value => 4;
}

internal readonly struct N5 : IConst
{
    public static int Value => 5;
}

internal readonly struct N6 : IConst
{
    public static int Value => 6;
}

internal readonly struct N7 : IConst
{
    public static int Value => 7;
}

internal readonly struct N8 : IConst
{
    public static int Value => 8;
}

internal readonly struct N9 : IConst
{
    public static int Value => 9;
}

internal readonly struct N10 : IConst
{
    public static int Value => 10;
}

internal readonly struct N11 : IConst
{
    public static int Value => 11;
}

internal readonly struct N12 : IConst
{
    public static int Value => 12;
}

/// <summary>The innermost loop of every matrix product: one tile of C, kept in registers over the whole of K.</summary>
/// <remarks>
/// C[R, V·lanes] = add + A[R, K] · B[K, V·lanes], with R = 1..6 rows and V = 1..4 vectors of columns: 24 accumulators, each a local
/// (an array of them halves the speed), and nothing else in the method: an activation inlined here made the JIT spill them. Every element is summed over k in ascending order, whatever R and V are, so
/// neither the tiling nor the split over threads changes a bit of the result.
/// </remarks>
internal static unsafe class GemmTile
{
    public const int MaxRows = 6, MaxRowsOfOne = 12, MaxVectors = 4;

    public const int FloatsPerLine = 16; // of a cache, as many as a vector of 512 bits has
    private const int PrefetchFrom = 64; // C is then fetched while the loop runs, instead of being waited for at its end

    //   a    [R, K]            in   element (r, k) at a[r·aRow + k·aStep]: row-major or transposed
    //   b    [K, V·lanes]      in   packed, rows of V·lanes floats one behind another
    //   add  [R, columns]      in   row stride addRow; null for zero; may be c itself; stride 0 for a bias
    //   c    [R, V·lanes]      out  row stride cRow; whole vectors are written, so Gemm gives a buffer where columns are missing
    //   last                   the number of columns of add that exist in the last vector (the others are not read)
    //   ahead                  what is needed next, fetched into the second-level cache while this tile is computed, aheadStep floats
    //                          a step (only with vectors of 512 bits, which use up B faster than a third-level cache delivers it)
    // Cost: 2·R·K·columns flops.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<T, TR, TV>(
        int k, float* a, nint aRow, nint aStep, float* b,
        float* add, nint addRow, float* c, nint cRow, int last, float* ahead, nint aheadStep)
        where T : unmanaged, ISimd<T> where TR : IConst where TV : IConst
    {
        nint lanes = T.Count;
        T c00 = T.Zero, c01 = T.Zero, c02 = T.Zero, c03 = T.Zero;
        T c10 = T.Zero, c11 = T.Zero, c12 = T.Zero, c13 = T.Zero;
        T c20 = T.Zero, c21 = T.Zero, c22 = T.Zero, c23 = T.Zero;
        T c30 = T.Zero, c31 = T.Zero, c32 = T.Zero, c33 = T.Zero;
        T c40 = T.Zero, c41 = T.Zero, c42 = T.Zero, c43 = T.Zero;
        T c50 = T.Zero, c51 = T.Zero, c52 = T.Zero, c53 = T.Zero;
        float* a1 = a + 1 * aRow, a2 = a + 2 * aRow, a3 = a + 3 * aRow, a4 = a + 4 * aRow, a5 = a + 5 * aRow;
        if (k >= PrefetchFrom)
        {
            Prefetch<T, TV>(c);
            if (TR.Value > 1) Prefetch<T, TV>(c + 1 * cRow);
            if (TR.Value > 2) Prefetch<T, TV>(c + 2 * cRow);
            if (TR.Value > 3) Prefetch<T, TV>(c + 3 * cRow);
            if (TR.Value > 4) Prefetch<T, TV>(c + 4 * cRow);
            if (TR.Value > 5) Prefetch<T, TV>(c + 5 * cRow);
        }

        nint at = 0; // one offset for all rows: a pointer each would cost the loop as many additions
        // Two steps a turn: where two threads share a core, what a turn needs beside its products is what limits it.
        for (int behind = k - 1; behind >= 0; behind -= 2)
        {
            T b0 = T.Load(b);
            T b1 = TV.Value > 1 ? T.Load(b + 1 * lanes) : T.Zero;
            T b2 = TV.Value > 2 ? T.Load(b + 2 * lanes) : T.Zero;
            T b3 = TV.Value > 3 ? T.Load(b + 3 * lanes) : T.Zero;
            AddProducts<T, TV>(ref c00, ref c01, ref c02, ref c03, a[at], b0, b1, b2, b3);
            if (TR.Value > 1) AddProducts<T, TV>(ref c10, ref c11, ref c12, ref c13, a1[at], b0, b1, b2, b3);
            if (TR.Value > 2) AddProducts<T, TV>(ref c20, ref c21, ref c22, ref c23, a2[at], b0, b1, b2, b3);
            if (TR.Value > 3) AddProducts<T, TV>(ref c30, ref c31, ref c32, ref c33, a3[at], b0, b1, b2, b3);
            if (TR.Value > 4) AddProducts<T, TV>(ref c40, ref c41, ref c42, ref c43, a4[at], b0, b1, b2, b3);
            if (TR.Value > 5) AddProducts<T, TV>(ref c50, ref c51, ref c52, ref c53, a5[at], b0, b1, b2, b3);
            at += aStep;
            if (behind == 0) break;

            b0 = T.Load(b + TV.Value * lanes);
            if (TV.Value > 1) b1 = T.Load(b + (TV.Value + 1) * lanes);
            if (TV.Value > 2) b2 = T.Load(b + (TV.Value + 2) * lanes);
            if (TV.Value > 3) b3 = T.Load(b + (TV.Value + 3) * lanes);
            AddProducts<T, TV>(ref c00, ref c01, ref c02, ref c03, a[at], b0, b1, b2, b3);
            if (TR.Value > 1) AddProducts<T, TV>(ref c10, ref c11, ref c12, ref c13, a1[at], b0, b1, b2, b3);
            if (TR.Value > 2) AddProducts<T, TV>(ref c20, ref c21, ref c22, ref c23, a2[at], b0, b1, b2, b3);
            if (TR.Value > 3) AddProducts<T, TV>(ref c30, ref c31, ref c32, ref c33, a3[at], b0, b1, b2, b3);
            if (TR.Value > 4) AddProducts<T, TV>(ref c40, ref c41, ref c42, ref c43, a4[at], b0, b1, b2, b3);
            if (TR.Value > 5) AddProducts<T, TV>(ref c50, ref c51, ref c52, ref c53, a5[at], b0, b1, b2, b3);
            at += aStep;
            b += 2 * TV.Value * lanes;
            if (T.Count != FloatsPerLine) continue;
            Sse.Prefetch1(ahead);
            Sse.Prefetch1(ahead + aheadStep);
            ahead += 2 * aheadStep;
        }

        // Chosen once for all rows: a tile over few columns of A is over soon, and this is then much of it.
        if (add == null)
        {
            Store<T, TV>(c00, c01, c02, c03, c);
            if (TR.Value > 1) Store<T, TV>(c10, c11, c12, c13, c + 1 * cRow);
            if (TR.Value > 2) Store<T, TV>(c20, c21, c22, c23, c + 2 * cRow);
            if (TR.Value > 3) Store<T, TV>(c30, c31, c32, c33, c + 3 * cRow);
            if (TR.Value > 4) Store<T, TV>(c40, c41, c42, c43, c + 4 * cRow);
            if (TR.Value > 5) Store<T, TV>(c50, c51, c52, c53, c + 5 * cRow);
        }
        else if (last == T.Count)
        {
            AddAndStore<T, TV>(c00, c01, c02, c03, add, c);
            if (TR.Value > 1) AddAndStore<T, TV>(c10, c11, c12, c13, add + 1 * addRow, c + 1 * cRow);
            if (TR.Value > 2) AddAndStore<T, TV>(c20, c21, c22, c23, add + 2 * addRow, c + 2 * cRow);
            if (TR.Value > 3) AddAndStore<T, TV>(c30, c31, c32, c33, add + 3 * addRow, c + 3 * cRow);
            if (TR.Value > 4) AddAndStore<T, TV>(c40, c41, c42, c43, add + 4 * addRow, c + 4 * cRow);
            if (TR.Value > 5) AddAndStore<T, TV>(c50, c51, c52, c53, add + 5 * addRow, c + 5 * cRow);
        }
        else
        {
            AddPartAndStore<T, TV>(c00, c01, c02, c03, add, c, last);
            if (TR.Value > 1) AddPartAndStore<T, TV>(c10, c11, c12, c13, add + 1 * addRow, c + 1 * cRow, last);
            if (TR.Value > 2) AddPartAndStore<T, TV>(c20, c21, c22, c23, add + 2 * addRow, c + 2 * cRow, last);
            if (TR.Value > 3) AddPartAndStore<T, TV>(c30, c31, c32, c33, add + 3 * addRow, c + 3 * cRow, last);
            if (TR.Value > 4) AddPartAndStore<T, TV>(c40, c41, c42, c43, add + 4 * addRow, c + 4 * cRow, last);
            if (TR.Value > 5) AddPartAndStore<T, TV>(c50, c51, c52, c53, add + 5 * addRow, c + 5 * cRow, last);
        }
    }

    // c += x · b, of one row of A and V vectors of B.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddProducts<T, TV>(ref T c0, ref T c1, ref T c2, ref T c3, float x, T b0, T b1, T b2, T b3)
        where T : unmanaged, ISimd<T> where TV : IConst
    {
        T all = T.Create(x);
        T.AddProduct(ref c0, all, b0);
        if (TV.Value > 1) T.AddProduct(ref c1, all, b1);
        if (TV.Value > 2) T.AddProduct(ref c2, all, b2);
        if (TV.Value > 3) T.AddProduct(ref c3, all, b3);
    }

    /// <summary>The same for 7 to 12 rows of one vector of columns: the sums of six would be waited for.</summary>
    /// <remarks>A method of its own: in <see cref="Run"/> the JIT would have too many locals to go on inlining.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RunOne<T, TR>(int k, float* a, nint aRow, nint aStep, float* b, float* add, nint addRow, float* c, nint cRow, int last)
        where T : unmanaged, ISimd<T> where TR : IConst
    {
        T c0 = T.Zero, c1 = T.Zero, c2 = T.Zero, c3 = T.Zero, c4 = T.Zero, c5 = T.Zero;
        T c6 = T.Zero, c7 = T.Zero, c8 = T.Zero, c9 = T.Zero, c10 = T.Zero, c11 = T.Zero;
        for (float* end = b + k * T.Count; b < end; b += T.Count)
        {
            T b0 = T.Load(b);
            T.AddProduct(ref c0, T.Create(*a), b0);
            T.AddProduct(ref c1, T.Create(a[aRow]), b0);
            T.AddProduct(ref c2, T.Create(a[2 * aRow]), b0);
            T.AddProduct(ref c3, T.Create(a[3 * aRow]), b0);
            T.AddProduct(ref c4, T.Create(a[4 * aRow]), b0);
            T.AddProduct(ref c5, T.Create(a[5 * aRow]), b0);
            T.AddProduct(ref c6, T.Create(a[6 * aRow]), b0);
            if (TR.Value > 7) T.AddProduct(ref c7, T.Create(a[7 * aRow]), b0);
            if (TR.Value > 8) T.AddProduct(ref c8, T.Create(a[8 * aRow]), b0);
            if (TR.Value > 9) T.AddProduct(ref c9, T.Create(a[9 * aRow]), b0);
            if (TR.Value > 10) T.AddProduct(ref c10, T.Create(a[10 * aRow]), b0);
            if (TR.Value > 11) T.AddProduct(ref c11, T.Create(a[11 * aRow]), b0);
            a += aStep;
        }

        AddAndStoreOne(c0, add, 0, c, last);
        AddAndStoreOne(c1, add, addRow, c + cRow, last);
        AddAndStoreOne(c2, add, 2 * addRow, c + 2 * cRow, last);
        AddAndStoreOne(c3, add, 3 * addRow, c + 3 * cRow, last);
        AddAndStoreOne(c4, add, 4 * addRow, c + 4 * cRow, last);
        AddAndStoreOne(c5, add, 5 * addRow, c + 5 * cRow, last);
        AddAndStoreOne(c6, add, 6 * addRow, c + 6 * cRow, last);
        if (TR.Value > 7) AddAndStoreOne(c7, add, 7 * addRow, c + 7 * cRow, last);
        if (TR.Value > 8) AddAndStoreOne(c8, add, 8 * addRow, c + 8 * cRow, last);
        if (TR.Value > 9) AddAndStoreOne(c9, add, 9 * addRow, c + 9 * cRow, last);
        if (TR.Value > 10) AddAndStoreOne(c10, add, 10 * addRow, c + 10 * cRow, last);
        if (TR.Value > 11) AddAndStoreOne(c11, add, 11 * addRow, c + 11 * cRow, last);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddAndStoreOne<T>(T sum, float* add, nint at, float* c, int last) where T : unmanaged, ISimd<T>
    {
        if (add != null) sum = (last < T.Count ? T.LoadPartial(add + at, last) : T.Load(add + at)) + sum;
        sum.Store(c);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch<T, TV>(float* c) where T : unmanaged, ISimd<T> where TV : IConst
    {
        if (!Sse.IsSupported) return;
        for (int i = 0; i < TV.Value * T.Count; i += FloatsPerLine) Sse.Prefetch0(c + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<T, TV>(T s0, T s1, T s2, T s3, float* c) where T : unmanaged, ISimd<T> where TV : IConst
    {
        nint lanes = T.Count;
        s0.Store(c);
        if (TV.Value > 1) s1.Store(c + lanes);
        if (TV.Value > 2) s2.Store(c + 2 * lanes);
        if (TV.Value > 3) s3.Store(c + 3 * lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddAndStore<T, TV>(T s0, T s1, T s2, T s3, float* add, float* c) where T : unmanaged, ISimd<T> where TV : IConst
    {
        nint lanes = T.Count;
        s0 = T.Load(add) + s0;
        if (TV.Value > 1) s1 = T.Load(add + lanes) + s1;
        if (TV.Value > 2) s2 = T.Load(add + 2 * lanes) + s2;
        if (TV.Value > 3) s3 = T.Load(add + 3 * lanes) + s3;
        Store<T, TV>(s0, s1, s2, s3, c);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddPartAndStore<T, TV>(T s0, T s1, T s2, T s3, float* add, float* c, int last)
        where T : unmanaged, ISimd<T> where TV : IConst
    {
        nint lanes = T.Count;
        T part = T.LoadPartial(add + (TV.Value - 1) * lanes, last);
        s0 = (TV.Value > 1 ? T.Load(add) : part) + s0;
        if (TV.Value > 1) s1 = (TV.Value > 2 ? T.Load(add + lanes) : part) + s1;
        if (TV.Value > 2) s2 = (TV.Value > 3 ? T.Load(add + 2 * lanes) : part) + s2;
        if (TV.Value > 3) s3 = part + s3;
        Store<T, TV>(s0, s1, s2, s3, c);
    }
}
