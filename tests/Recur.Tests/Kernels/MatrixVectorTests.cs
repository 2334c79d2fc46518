using Recur.Kernels;
using static Recur.Tests.FixtureExtensions;

namespace Recur.Tests.Kernels;

[Collection(AloneCollection.Name)]
public sealed class MatrixVectorTests
{
    // Sums of at most 100 products in float against double.
    private const double Tolerance = 2e-6;

    private static readonly (int Rows, int K)[] Sizes =
        [(1, 1), (3, 1), (59, 10), (4, 3), (7, 8), (5, 16), (6, 17), (9, 33), (2, 100), (100, 2), (0, 5)];

    private static float[] Normal(ulong seed, int n)
    {
        var values = new float[n];
        new Rng(seed).FillNormal(values);
        return values;
    }

    [Fact]
    public void AllProducts_EveryWidth_MatchDoubleLoops() => IsaSweep.ForEach(level =>
    {
        foreach ((int rows, int k) in Sizes) Check(rows, k, $"{level}, [{rows}, {k}]");
    });

    private static void Check(int rows, int k, string what)
    {
        float[] x = Normal(1, rows * k), w = Normal(2, k), dy = Normal(3, rows);
        float[] dx = Normal(4, rows * k), dw = Normal(5, k);
        var y = new float[rows];
        float[] expectedY = new float[rows], expectedDx = [.. dx];
        double[] expectedDw = [.. dw.Select(v => (double)v)];
        for (int r = 0; r < rows; r++)
        {
            double sum = 0.25;
            for (int i = 0; i < k; i++)
            {
                sum += (double)x[r * k + i] * w[i];
                expectedDx[r * k + i] = (float)(dx[r * k + i] + (double)dy[r] * w[i]);
                expectedDw[i] += (double)dy[r] * x[r * k + i];
            }

            expectedY[r] = (float)sum;
        }

        MatrixVector.Multiply(rows, k, x, w, 0.25f, y);
        MatrixVector.AddOuter(rows, k, dy, w, dx);
        MatrixVector.AddTransposed(rows, k, dy, x, dw);
        AssertClose(expectedY, y, Tolerance, what + " y");
        AssertClose(expectedDx, dx, Tolerance, what + " dx");
        AssertClose([.. expectedDw.Select(v => (float)v)], dw, Tolerance, what + " dw");
    }
}
