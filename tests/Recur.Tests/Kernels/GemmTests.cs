using Recur.Kernels;

namespace Recur.Tests.Kernels;

/// <summary>Products with strides, transposes and biases against loops in double, in guarded memory.</summary>
[Collection(AloneCollection.Name)]
public sealed unsafe class GemmTests
{
    // K sums in float: each rounding is half an ulp (6e-8) of a partial sum, and random signs let them grow with √K.
    // Relative to Σ|a·b|, which bounds every partial sum; measured values stand in docs/numerics.md.
    private const double RelativeToAbsoluteSum = 5e-7;

    // A value that no product yields, around and between the rows of C.
    private const float Guard = -7777.25f;

    private enum Adding
    {
        Nothing,
        C,
        Bias,
        Matrix,
    }

    private readonly record struct Case(int M, int N, int K, bool TransposeA, bool TransposeB, Adding Adding, int Gap);

    /// <summary>Every size with every option would be too many: the options follow the number of the case.</summary>
    private static IEnumerable<Case> Cases()
    {
        (int, int, int)[] sizes =
        [
            (1, 1, 1), (0, 3, 2), (3, 0, 2), (3, 2, 0), (1, 1, 300), (2, 3, 4), (6, 64, 10), (7, 65, 11), (5, 63, 12),
            (12, 16, 1), (13, 17, 3), (11, 15, 2),
            (1, 100, 33), (100, 1, 33), (64, 1, 5), (1, 1, 2000), (33, 31, 769), (17, 80, 768),
            (9, 70, 1600), (50, 129, 100), (129, 50, 64), (200, 48, 48),
            (48, 200, 96), (97, 97, 97), (300, 20, 20), (20, 300, 20), (4, 4, 5000),
            (59, 10, 1), (10, 1, 59), (1000, 3, 3), (130, 192, 800), (700, 66, 600),
            (10, 14, 59), (7, 14, 20), (20, 14, 9), (8, 3, 30), (9, 16, 70), (11, 12, 6), (25, 4, 40), // tiles of up to 12 rows; B as it lies
        ];
        int number = 0;
        foreach ((int m, int n, int k) in sizes)
            for (int option = 0; option < 4; option++, number++)
            {
                var adding = (Adding)((option + number / 4) % 4);
                yield return new Case(m, n, k, (option & 1) != 0, (option & 2) != 0, adding, number % 3);
            }
    }

    private static float[] Normal(ulong seed, int n)
    {
        var values = new float[n];
        new Rng(seed).FillNormal(values);
        return values;
    }

    /// <summary>The guarded memory of C after the product; with <paramref name="packed"/>, B is packed before and
    /// used twice.</summary>
    private static float[] Run(Case g, bool packed)
    {
        int aRows = g.TransposeA ? g.K : g.M, aRow = (g.TransposeA ? g.M : g.K) + g.Gap;
        int bRows = g.TransposeB ? g.N : g.K, bRow = (g.TransposeB ? g.K : g.N) + g.Gap;
        int cRow = g.N + g.Gap;
        float[] a = Normal(1, aRows * aRow + 1), b = Normal(2, bRows * bRow + 1), c = new float[g.M * cRow + 40];
        float[] add = Normal(3, (g.M + 1) * (g.N + 3));
        Array.Fill(c, Guard);
        if (g.Adding == Adding.C)
        {
            for (int m = 0; m < g.M; m++) add.AsSpan(m * (g.N + 3), g.N).CopyTo(c.AsSpan(20 + m * cRow));
        }

        fixed (float* pa = a, pb = b, pc = c, pAdd = add)
        {
            var args = new GemmArgs
            {
                M = g.M, N = g.N, K = g.K,
                A = pa, ARow = g.TransposeA ? 1 : aRow, AStep = g.TransposeA ? aRow : 1,
                C = pc + 20, CRow = cRow,
                Add = g.Adding switch { Adding.Nothing => null, Adding.C => pc + 20, _ => pAdd },
                AddRow = g.Adding switch { Adding.C => cRow, Adding.Matrix => g.N + 3, _ => 0 },
            };
            if (!packed)
            {
                Gemm.Multiply(args, pb, bRow, g.TransposeB);
            }
            else
            {
                var matrix = new PackedMatrix();
                matrix.Pack(g.K, g.N, pb, bRow, g.TransposeB);
                Gemm.Multiply(args, matrix);
                if (g.Adding != Adding.C) Gemm.Multiply(args, matrix);
            }
        }

        return c;
    }

    private static double Check(Case g, float[] c, string what)
    {
        int aRow = (g.TransposeA ? g.M : g.K) + g.Gap, bRow = (g.TransposeB ? g.K : g.N) + g.Gap, cRow = g.N + g.Gap;
        float[] a = Normal(1, (g.TransposeA ? g.K : g.M) * aRow + 1);
        float[] b = Normal(2, (g.TransposeB ? g.N : g.K) * bRow + 1);
        float[] add = Normal(3, (g.M + 1) * (g.N + 3));
        double worst = 0;
        for (int at = 0; at < c.Length; at++)
        {
            int m = at < 20 || cRow == 0 ? -1 : (at - 20) / cRow, n = cRow == 0 ? -1 : (at - 20) % cRow;
            if (m < 0 || m >= g.M || n >= g.N)
            {
                Assert.True(c[at] == Guard, $"{what}: wrote {c[at]} outside C, at {at - 20} ({m}, {n}).");
                continue;
            }

            double sum = g.Adding switch { Adding.Nothing => 0, Adding.Bias => add[n], _ => add[m * (g.N + 3) + n] };
            double absolute = Math.Abs(sum);
            for (int k = 0; k < g.K; k++)
            {
                double x = a[g.TransposeA ? k * aRow + m : m * aRow + k];
                double term = x * b[g.TransposeB ? n * bRow + k : k * bRow + n];
                sum += term;
                absolute += Math.Abs(term);
            }

            double error = absolute == 0 ? Math.Abs(c[at]) : Math.Abs(c[at] - sum) / absolute;
            Assert.True(error <= RelativeToAbsoluteSum, $"{what}: C[{m}, {n}] is {c[at]:R} instead of {sum:R}.");
            worst = Math.Max(worst, error);
        }

        return worst;
    }

    // Threads share the rows of C or, where these are few, its columns; the sums are added once either way.
    [Theory]
    [InlineData(8, 40, 513)]
    [InlineData(60, 900, 600)]
    [InlineData(700, 66, 1100)]
    public void Multiply_SumsOfTransposedA_AreAddedOnceWhateverTheThreads(int m, int n, int k) => IsaSweep.ForEach(level =>
    {
        float[] a = Normal(1, k * m), b = Normal(2, k * n), before = Normal(3, m + 1);
        float[]? first = null;
        IsaSweep.ForEachThreads(threads =>
        {
            float[] c = new float[m * n], sums = [.. before];
            fixed (float* pa = a, pb = b, pc = c, ps = sums)
                Gemm.Multiply(new GemmArgs { M = m, N = n, K = k, A = pa, ARow = 1, AStep = m, C = pc, CRow = n, ASums = ps }, pb, n, transposeB: false);
            for (int i = 0; i < m; i++)
            {
                double sum = before[i], absolute = Math.Abs(sum);
                for (int j = 0; j < k; j++)
                {
                    sum += a[j * m + i];
                    absolute += Math.Abs(a[j * m + i]);
                }

                Assert.True(Math.Abs(sums[i] - sum) <= RelativeToAbsoluteSum * absolute, $"{level}, {threads} threads: sum {i} is {sums[i]:R} instead of {sum:R}.");
            }

            Assert.Equal(before[m], sums[m]);
            Assert.Equal(first ??= sums, sums);
        });
    });

    [Fact]
    public void Multiply_EverySizeAndOption_MatchesDoubleAndStaysInsideC() => IsaSweep.ForEach(level =>
    {
        double worst = 0;
        foreach (Case g in Cases()) worst = Math.Max(worst, Check(g, Run(g, packed: false), $"{level} {g}"));
        TestContext.Current.TestOutputHelper?.WriteLine($"{level}: {worst:E2} of the sum of magnitudes");
    });

    // Products above and below the size from which the team is woken; rows split, columns split.
    [Fact]
    public void Multiply_AnyNumberOfThreads_SameBits() => IsaSweep.ForEach(level =>
    {
        float[][] single = [];
        IsaSweep.ForEachThreads(threads =>
        {
            float[][] results = [.. Cases().Select(g => Run(g, packed: false))];
            if (threads == 1) single = results;
            foreach ((Case g, float[] one, float[] many) in Cases().Zip(single, results))
                Assert.True(one.AsSpan().SequenceEqual(many), $"{level}, {threads} threads, {g}");
        });
    });

    [Fact]
    public void Multiply_PackedB_SameBitsAsUnpacked() => IsaSweep.ForEach(level =>
    {
        foreach (Case g in Cases())
            Assert.True(Run(g, packed: true).AsSpan().SequenceEqual(Run(g, packed: false)), $"{level} {g}");
    });

    [Fact]
    public void Multiply_Spans_OverwritesOrAccumulates() => IsaSweep.ForEach(_ =>
    {
        // [1 2; 3 4] · [5 6; 7 8] = [19 22; 43 50]
        float[] c = [1, 1, 1, 1];
        Gemm.Multiply(2, 2, 2, [1, 2, 3, 4], false, [5, 6, 7, 8], false, c, accumulate: false);
        Assert.Equal((float[])[19, 22, 43, 50], c);
        Gemm.Multiply(2, 2, 2, [1, 3, 2, 4], true, [5, 7, 6, 8], true, c, accumulate: true);
        Assert.Equal((float[])[38, 44, 86, 100], c);
        Gemm.Multiply(2, 2, 0, [], false, [], false, c, accumulate: true);
        Assert.Equal((float[])[38, 44, 86, 100], c);
        Gemm.Multiply(2, 2, 0, [], false, [], false, c, accumulate: false);
        Assert.Equal((float[])[0, 0, 0, 0], c);
    });

    [Fact]
    public void Multiply_NotANumberInOneRow_StaysInThatRow() => IsaSweep.ForEach(_ =>
    {
        float[] a = [1, 1, float.NaN, 1, 1, 1], b = [.. Enumerable.Repeat(1f, 2 * 5)], c = new float[3 * 5];
        Gemm.Multiply(3, 5, 2, a, false, b, false, c, accumulate: false);
        Assert.All(c[..5], v => Assert.Equal(2f, v));
        Assert.All(c[5..10], v => Assert.True(float.IsNaN(v)));
        Assert.All(c[10..], v => Assert.Equal(2f, v));
    });

    [Fact]
    public void Multiply_WarmedUp_AllocatesNothing()
    {
        float[] a = Normal(1, 60 * 900), b = Normal(2, 900 * 70), c = new float[60 * 70];
        var meter = new AllocationMeter();
        for (int i = 0; i < 4; i++)
        {
            if (i >= 2) meter.Mark();
            Gemm.Multiply(60, 70, 900, a, false, b, false, c, accumulate: false);
            Gemm.Multiply(60, 70, 900, a, true, b, true, c, accumulate: true);
        }

        meter.Mark();
        Assert.Equal(0, meter.Bytes);
    }
}
