using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>Matrix products of row-major float matrices, by tiles that stay in registers, over packed panels of
/// B.</summary>
/// <remarks>
/// Blocking: a panel of B (up to 64 columns) times a block of K stays in the second-level cache while all rows of a
/// block of
/// A pass by. A is read where it lies; only a transposed A is copied, block by block in tiles, so that each is read in sequence.
/// Every element of C is summed by one thread: within a block of K in ascending order, the blocks in ascending order.
/// </remarks>
internal static unsafe class Gemm
{
    private const int KBlock = 512;              // 64 columns x 512 x 4 bytes = 128 KiB of B in a 512 KiB to 2 MiB second-level cache
    public const int UnblockedK = KBlock + KBlock / 2; // up to here K is one block, so the sum is one chain
    private const int ABlockFloats = 48 * 1024;  // 192 KiB of A beside it
    private const int LargeABlockFloats = 144 * 1024; // processors with 512-bit vectors have 1 MiB and more: fewer passes over B
    private const long ParallelFlops = 500_000;  // for each thread (5 us): below, waking it costs more than it brings
    public const int CopyTransposedFrom = 4096; // a smaller transposed A stays in the first-level cache as it is
    private const int FewTransposedRows = 128, FewTransposedColumns = 64, InPlaceK = 128; // the copy would cost more than it brings
    private const int TransposedK = 512;         // with a copied A, 16 columns of B and a tile of A share the first-level cache

    // C[M, N] = (or +=) op(A) · op(B)
    //   a  [M, K], or [K, M] when transposeA     in
    //   b  [K, N], or [N, K] when transposeB     in
    //   c  [M, N]                                out, in/out when accumulate
    // c may not overlap a or b. Cost: 2·M·N·K flops.
    public static void Multiply(
        int m, int n, int k, ReadOnlySpan<float> a, bool transposeA, ReadOnlySpan<float> b, bool transposeB, Span<float> c, bool accumulate)
    {
        if (k == 0 && !accumulate) c[..(m * n)].Clear();
        if (m == 0 || n == 0 || k == 0) return;
        fixed (float* pa = a, pb = b, pc = c)
        {
            Multiply(new GemmArgs
            {
                M = m, N = n, K = k,
                A = pa, ARow = transposeA ? 1 : k, AStep = transposeA ? m : 1,
                C = pc, CRow = n,
                Add = accumulate ? pc : null, AddRow = n,
            }, pb, transposeB ? k : n, transposeB);
        }
    }

    // C[M, N] = A · B + the same row for all, added as the last tile is written: no pass over C of its own
    //   a [M, K], b [N, K], row [N]  in      c [M, N]  out
    public static void MultiplyPlusRow(
        int m, int n, int k, ReadOnlySpan<float> a, ReadOnlySpan<float> b, ReadOnlySpan<float> row, Span<float> c)
    {
        if (k == 0) Kernels.Rows.Fill(m, n, row, c);
        if (m == 0 || n == 0 || k == 0) return;
        fixed (float* pa = a, pb = b, pc = c, pr = row)
        {
            Multiply(new GemmArgs
            {
                M = m, N = n, K = k,
                A = pa, ARow = k, AStep = 1,
                C = pc, CRow = n,
                Add = pr, AddRow = 0,
            }, pb, k, transposeB: true);
        }
    }

    /// <summary>The same with strides; B is packed here.</summary>
    public static void Multiply(in GemmArgs args, float* b, int bRow, bool transposeB)
    {
        var job = new PackAndMultiply { Args = args, BSource = b, BRow = bRow, TransposeB = transposeB };
        Isa.Run(ref job);
    }

    /// <summary>The same with B packed before.</summary>
    public static void Multiply(in GemmArgs args, PackedMatrix b)
    {
        Multiply(args with { B = b.Data });
        GC.KeepAlive(b); // its memory is freed with it, and nothing else may refer to it any more
    }

    /// <summary>The same with the packed <see cref="GemmArgs.B"/>.</summary>
    public static void Multiply(in GemmArgs args)
    {
        var job = new MultiplyPacked { Args = args };
        Isa.Run(ref job);
    }

    private struct PackAndMultiply : ISimdKernel
    {
        public GemmArgs Args;
        public float* BSource;
        public int BRow;
        public bool TransposeB;

        public void Run<T>() where T : unmanaged, ISimd<T>
        {
            if (Args.N == 1 && Args.M > 1 && Args.CRow == 1 && (Args.AStep == 1 || Args.ARow == 1)
                && (Args.Add == null || Args.AddRow <= 1))
            {
                TurnColumn();
            }

            if (!TransposeB && PackedMatrix.IsOnePanel<T>(Args.N, BRow))
            {
                Args.B = BSource;
            }
            else
            {
                Args.B = Workspace.Require(WorkspaceSlot.PackedB, PackedMatrix.Length<T>(Args.K, Args.N));
                Packing.Pack<T>(Args.K, Args.N, BSource, BRow, TransposeB, Args.B);
            }

            RunParallel<T>(Args);
        }

        // A column c = A·b fills one lane of a vector; as the row cᵀ = bᵀ·Aᵀ it fills all. The sums stay the same.
        private void TurnColumn()
        {
            float* a = Args.A;
            nint aRow = Args.ARow, aStep = Args.AStep;
            Args.A = BSource;
            Args.ARow = 0;
            Args.AStep = TransposeB ? 1 : BRow;
            BSource = a;
            TransposeB = aStep == 1;
            BRow = (int)(TransposeB ? aRow : aStep);
            Args.N = Args.M;
            Args.M = 1;
            if (Args.AddRow == 0 && Args.Add != null && Args.Add != Args.C)
            {
                // One bias for all rows: it comes first, then the product on top, as everywhere.
                new Span<float>(Args.C, Args.N).Fill(*Args.Add);
                Args.Add = Args.C;
            }
        }
    }

    private struct MultiplyPacked : ISimdKernel
    {
        public GemmArgs Args;

        public readonly void Run<T>() where T : unmanaged, ISimd<T> => RunParallel<T>(Args);
    }

    /// <summary>Splits the rows of C over the team, or its columns when there are few rows.</summary>
    public static void RunParallel<T>(in GemmArgs args) where T : unmanaged, ISimd<T>
    {
        var job = new Job<T> { Args = args };
        int parts = (int)Math.Min(ThreadTeam.Threads, 2L * args.M * args.N * args.K / ParallelFlops);
        int panels = Panels<T>(args.N);
        int tiles = (args.M + GemmTile.MaxRows - 1) / GemmTile.MaxRows;
        job.SplitRows = tiles >= panels;
        ThreadTeam.Run(ref job, Math.Min(parts, Math.Max(tiles, panels)));
    }

    /// <summary>Two products with the same A, transposed, whose copy they share; split by rows.</summary>
    public static void RunParallel<T>(in GemmArgs args, in GemmArgs other) where T : unmanaged, ISimd<T>
    {
        var job = new Job<T> { Args = args, Other = other, SplitRows = true };
        int parts = (int)Math.Min(ThreadTeam.Threads, 2L * args.M * (args.N + other.N) * args.K / ParallelFlops);
        ThreadTeam.Run(ref job, Math.Min(parts, (args.M + GemmTile.MaxRows - 1) / GemmTile.MaxRows));
    }

    private struct Job<T> : IParallelKernel where T : unmanaged, ISimd<T>
    {
        public GemmArgs Args, Other; // N = 0: no other
        public bool SplitRows;

        public readonly void Run(int part, int parts)
        {
            int panels = Panels<T>(Args.N);
            if (!SplitRows) Blocks<T>(Args, Other, 0, Args.M, panels * part / parts, panels * (part + 1) / parts);
            else Blocks<T>(Args, Other, (int)((long)Args.M * part / parts), (int)((long)Args.M * (part + 1) / parts), 0, panels);
        }
    }

    /// <summary>The whole product on the calling thread, B packed before: a part of a caller that has split its work
    /// itself.</summary>
    public static void Blocks<T>(in GemmArgs g) where T : unmanaged, ISimd<T> =>
        Blocks<T>(g, default, 0, g.M, 0, Panels<T>(g.N));

    private static int Panels<T>(int n) where T : unmanaged, ISimd<T> => (n + PackedMatrix.PanelWidth<T>() - 1) / PackedMatrix.PanelWidth<T>();

    /// <summary>All rows of one panel over the whole of K, on the calling thread: for a caller that uses each panel at
    /// once. The
    /// rows of A must be contiguous.</summary>
    /// <param name="g">The product; N is that of the whole matrix.</param>
    /// <param name="n0">The panel's first column.</param>
    /// <param name="next">What is needed next, to be fetched meanwhile.</param>
    public static void OnePanel<T>(in GemmArgs g, int n0, float* next) where T : unmanaged, ISimd<T>
    {
        int kStep = BlockOfK(g.K), columns = Math.Min(PackedMatrix.PanelWidth<T>(), g.N - n0);
        int stored = (columns + T.Count - 1) / T.Count * T.Count;
        float* b = g.B + (nint)n0 * g.K, c = g.C + n0, add = g.Add == null ? null : g.Add + n0;
        nint addRow = g.AddRow;
        for (int k0 = 0; k0 == 0 || k0 < g.K; k0 += kStep)
        {
            int k = Math.Min(kStep, g.K - k0);
            float* from = b + (nint)k0 * stored, ahead = k0 + k < g.K ? from + k * stored : next;
            Panel<T>(g.M, columns, k, g.A + k0, g.ARow, 1, 0, from, add, addRow, c, g.CRow, ahead);
            add = c;
            addRow = g.CRow;
        }
    }

    /// <summary>The length of the equal blocks into which K is cut.</summary>
    public static int BlockOfK(int k) => k <= UnblockedK ? Math.Max(1, k) : EqualBlocks(k, UnblockedK);

    private static int BlockFloats<T>() where T : unmanaged, ISimd<T> => T.Count == 16 ? LargeABlockFloats : ABlockFloats;

    private static int EqualBlocks(int length, int most)
    {
        int blocks = Math.Max(1, (length + most - 1) / most);
        return Math.Max(1, (length + blocks - 1) / blocks);
    }

    private static bool CopiesA(in GemmArgs g, int columns) =>
        IsLargeTransposed(g) && (g.M > FewTransposedRows || columns > FewTransposedColumns || g.ASums != null);

    /// <summary>Whether A is transposed and large: it is copied then, unless C has few rows and columns and nobody asks for
    /// sums.</summary>
    public static bool IsLargeTransposed(in GemmArgs g) => g.AStep != 1 && (long)g.K * g.M >= CopyTransposedFrom;

    /// <summary>The rows and panels of one thread, blocked for the caches; all panels of the other product with the
    /// same A.</summary>
    private static void Blocks<T>(
        in GemmArgs g, in GemmArgs other, int rowBegin, int rowEnd, int panelBegin, int panelEnd) where T : unmanaged, ISimd<T>
    {
        bool copyA = CopiesA(g, g.N + other.N), inPlace = !copyA && IsLargeTransposed(g);
        int kStep = copyA ? EqualBlocks(g.K, TransposedK) : inPlace ? EqualBlocks(g.K, InPlaceK) : BlockOfK(g.K);
        int rowStep = Math.Max(GemmTile.MaxRows, BlockFloats<T>() / kStep / GemmTile.MaxRows * GemmTile.MaxRows);
        if (copyA) rowStep = (EqualBlocks(rowEnd - rowBegin, rowStep) + GemmTile.MaxRows - 1) / GemmTile.MaxRows * GemmTile.MaxRows;
        float* packedA = copyA ? Workspace.Require(WorkspaceSlot.PackedA, checked(rowStep * (kStep + 1))) : null;
        float* sums = g.ASums != null && panelBegin == 0 ? packedA + (nint)rowStep * kStep : null; // by the part with the first panel

        for (int k0 = 0; k0 == 0 || k0 < g.K; k0 += kStep) // once without any K: C is what is added then
        {
            int k = Math.Min(kStep, g.K - k0);
            for (int m0 = rowBegin; m0 < rowEnd; m0 += rowStep)
            {
                int rows = Math.Min(rowStep, rowEnd - m0);
                // Block by block: the copy is written and read in the second-level cache.
                if (copyA) CopyBlock(g, m0, rows, k0, k, packedA, sums);
                Block<T>(g, packedA, m0, rows, 1, k0, k, panelBegin, panelEnd);
                if (other.N > 0) Block<T>(other, packedA, m0, rows, 1, k0, k, 0, Panels<T>(other.N));
            }
        }
    }

    // The sums of a block are taken apart, then added to those of the blocks before.
    private static void CopyBlock(in GemmArgs g, int m0, int rows, int k0, int k, float* packed, float* sums)
    {
        if (sums != null) new Span<float>(sums, rows).Clear();
        Packing.PackTransposedA(k, rows, g.A + m0 * g.ARow + k0 * g.AStep, g.AStep, packed, sums);
        if (sums == null) return;
        var all = new Span<float>(g.ASums + m0, rows);
        Layout.Add(all, new ReadOnlySpan<float>(sums, rows), all);
    }

    /// <summary>The rows begin..end of every group, on the calling thread: as many groups at a time as other products take rows.</summary>
    public static void Groups<T>(in GemmArgs g, int begin, int end) where T : unmanaged, ISimd<T>
    {
        int kStep = BlockOfK(g.K), rows = end - begin, groups = g.M / g.Group, most = Math.Max(1, BlockFloats<T>() / kStep / rows);
        for (int k0 = 0; k0 == 0 || k0 < g.K; k0 += kStep)
        {
            int k = Math.Min(kStep, g.K - k0);
            for (int i = 0; i < groups; i += most)
                Block<T>(g, null, i * g.Group + begin, rows, Math.Min(most, groups - i), k0, k, 0, Panels<T>(g.N));
        }
    }

    /// <summary>Some rows of A and steps of K times some panels of B; the rows from a copy in tiles of six, if there is
    /// one. So many rows in each of so many groups, from row m0 on.</summary>
    private static void Block<T>(in GemmArgs g, float* copy, int m0, int rows, int groups, int k0, int k, int panelBegin, int panelEnd)
        where T : unmanaged, ISimd<T>
    {
        float* add = k0 == 0 ? g.Add : g.C, a = g.A + k0 * g.AStep;
        nint addRow = k0 == 0 ? g.AddRow : g.CRow;
        int width = PackedMatrix.PanelWidth<T>();
        for (int p = panelBegin; p < panelEnd; p++)
        {
            int n0 = p * width;
            int columns = Math.Min(width, g.N - n0);
            int stored = (columns + T.Count - 1) / T.Count * T.Count;
            float* b = g.B + (nint)n0 * g.K + (nint)k0 * stored, ahead = p + 1 < panelEnd ? b + (nint)g.K * width : b;
            nint m = m0;
            for (int i = 0; i < groups; i++, m += g.Group)
            {
                float* from = a + m * g.ARow, c = g.C + m * g.CRow + n0, plus = add == null ? null : add + m * addRow + n0;
                if (copy == null) Panel<T>(rows, columns, k, from, g.ARow, g.AStep, 0, b, plus, addRow, c, g.CRow, ahead);
                else Panel<T>(rows, columns, k, copy, 1, GemmTile.MaxRows, GemmTile.MaxRows * k, b, plus, addRow, c, g.CRow, ahead);
                ahead = b; // fetched once
            }
        }
    }

    /// <summary>All rows of one panel of at most one panel width of columns; with an aTile the rows of A are a copy in tiles
    /// of six, so many floats apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Panel<T>(
        int rows, int columns, int k, float* a, nint aRow, nint aStep, nint aTile, float* b, float* add, nint addRow, float* c, nint cRow, float* ahead)
        where T : unmanaged, ISimd<T>
    {
        int vectors = (columns + T.Count - 1) / T.Count;
        int last = columns - (vectors - 1) * T.Count;
        switch (vectors)
        {
            case 1: Rows<T, N1>(rows, k, a, aRow, aStep, aTile, b, add, addRow, c, cRow, last, ahead); break;
            case 2: Rows<T, N2>(rows, k, a, aRow, aStep, aTile, b, add, addRow, c, cRow, last, ahead); break;
            case 3: Rows<T, N3>(rows, k, a, aRow, aStep, aTile, b, add, addRow, c, cRow, last, ahead); break;
            default: Rows<T, N4>(rows, k, a, aRow, aStep, aTile, b, add, addRow, c, cRow, last, ahead); break;
        }
    }

    /// <summary>Splits rows into tiles of nearly equal height: 32 = 6 + 6 + 5 + 5 + 5 + 5, not 5 x 6 + 2.</summary>
    /// <remarks>Tiles write whole vectors; where C lacks the last columns they write into a buffer, from which the rest
    /// is
    /// copied.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static void Rows<T, TV>(
        int rows, int k, float* a, nint aRow, nint aStep, nint aTile, float* b, float* add, nint addRow, float* c, nint cRow, int last, float* ahead)
        where T : unmanaged, ISimd<T> where TV : IConst
    {
        int most = TV.Value == 1 && aTile == 0 ? GemmTile.MaxRowsOfOne : GemmTile.MaxRows;
        int tiles = (rows + most - 1) / most;
        // A panel's worth, spread over all tiles: fetched in haste it would take the places the tile's own loads wait in.
        nint aheadStep = Math.Min(GemmTile.FloatsPerLine, (TV.Value * T.Count + tiles - 1) / tiles);
        bool whole = last == T.Count;
        float* buffer = stackalloc float[GemmTile.MaxRows * GemmTile.MaxVectors * 16];
        while (rows > 0)
        {
            float* to = whole ? c : buffer;
            nint toRow = whole ? cRow : TV.Value * T.Count;
            int height = aTile == 0 ? (rows + tiles - 1) / tiles : Math.Min(rows, GemmTile.MaxRows);
            if (TV.Value == 1 && height > GemmTile.MaxRows)
            {
                switch (height)
                {
                    case 12: GemmTile.RunOne<T, N12>(k, a, aRow, aStep, b, add, addRow, to, toRow, last); break;
                    case 11: GemmTile.RunOne<T, N11>(k, a, aRow, aStep, b, add, addRow, to, toRow, last); break;
                    case 10: GemmTile.RunOne<T, N10>(k, a, aRow, aStep, b, add, addRow, to, toRow, last); break;
                    case 9: GemmTile.RunOne<T, N9>(k, a, aRow, aStep, b, add, addRow, to, toRow, last); break;
                    case 8: GemmTile.RunOne<T, N8>(k, a, aRow, aStep, b, add, addRow, to, toRow, last); break;
                    default: GemmTile.RunOne<T, N7>(k, a, aRow, aStep, b, add, addRow, to, toRow, last); break;
                }
            }
            else
            {
                switch (height)
                {
                    case 6: GemmTile.Run<T, N6, TV>(k, a, aRow, aStep, b, add, addRow, to, toRow, last, ahead, aheadStep); break;
                    case 5: GemmTile.Run<T, N5, TV>(k, a, aRow, aStep, b, add, addRow, to, toRow, last, ahead, aheadStep); break;
                    case 4: GemmTile.Run<T, N4, TV>(k, a, aRow, aStep, b, add, addRow, to, toRow, last, ahead, aheadStep); break;
                    case 3: GemmTile.Run<T, N3, TV>(k, a, aRow, aStep, b, add, addRow, to, toRow, last, ahead, aheadStep); break;
                    case 2: GemmTile.Run<T, N2, TV>(k, a, aRow, aStep, b, add, addRow, to, toRow, last, ahead, aheadStep); break;
                    default: GemmTile.Run<T, N1, TV>(k, a, aRow, aStep, b, add, addRow, to, toRow, last, ahead, aheadStep); break;
                }
            }

            if (!whole) CopyTile<T, TV>(height, buffer, c, cRow, last);
            a += aTile == 0 ? height * aRow : aTile;
            if (add != null) add += height * addRow;
            c += height * cRow;
            rows -= height;
            tiles--;
            ahead += k * aheadStep;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void CopyTile<T, TV>(int height, float* buffer, float* c, nint cRow, int last) where T : unmanaged, ISimd<T> where TV : IConst
    {
        for (int r = 0; r < height; r++)
        {
            for (int v = 0; v < TV.Value - 1; v++) T.Load(buffer + v * T.Count).Store(c + v * T.Count);
            T.Load(buffer + (TV.Value - 1) * T.Count).StorePartial(c + (TV.Value - 1) * T.Count, last);
            buffer += TV.Value * T.Count;
            c += cRow;
        }
    }
}

/// <summary>The operands of one product: sizes, pointers, and the strides between rows (and, for A, between steps of
/// K).</summary>
internal unsafe struct GemmArgs
{
    public int M, N, K;

    /// <summary>The rows of a group, which divide M; for <see cref="Gemm.Groups"/> alone.</summary>
    public int Group;
    public float* A, B, C, Add;
    public nint ARow, AStep, CRow, AddRow;

    /// <summary>[M] += the sums of A's rows over K, or null; only where <see cref="Gemm.IsLargeTransposed"/>.</summary>
    public float* ASums;
}
