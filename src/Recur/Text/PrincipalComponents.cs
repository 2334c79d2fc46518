namespace Recur.Text;

/// <summary>Principal component analysis of a few vectors.</summary>
internal static class PrincipalComponents
{
    private const int MostSweeps = 60;

    /// <summary>Projects vectors onto the directions in which they vary most.</summary>
    /// <param name="vectors">[n, d], n vectors; changed: the mean is subtracted.</param>
    /// <param name="count">How many directions.</param>
    /// <returns>[n, count], and the share of all variance of each direction. The largest number of each column is
    /// positive.</returns>
    public static (double[,] Points, double[] Shares) Project(double[,] vectors, int count)
    {
        int n = vectors.GetLength(0), d = vectors.GetLength(1);
        for (int j = 0; j < d; j++)
        {
            double mean = 0;
            for (int i = 0; i < n; i++) mean += vectors[i, j] / n;
            for (int i = 0; i < n; i++) vectors[i, j] -= mean;
        }

        // The smaller of X Xᵀ and Xᵀ X has the same eigenvalues; from an eigenvector u of the first the scores are
        // √λ u, from one of the second, v, they are X v.
        bool byRows = n <= d;
        double[,] gram = Gram(vectors, byRows);
        (double[] values, double[,] directions) = Eigen(gram);
        int[] order = [.. Enumerable.Range(0, values.Length).OrderByDescending(i => values[i])];
        double total = values.Sum(v => Math.Max(v, 0));
        var points = new double[n, count];
        var shares = new double[count];
        for (int c = 0; c < Math.Min(count, order.Length); c++)
        {
            int e = order[c];
            double value = Math.Max(values[e], 0);
            shares[c] = total > 0 ? value / total : 0;
            double largest = 0;
            for (int i = 0; i < n; i++)
            {
                double score = 0;
                if (byRows) score = Math.Sqrt(value) * directions[i, e];
                else
                    for (int j = 0; j < d; j++) score += vectors[i, j] * directions[j, e];
                points[i, c] = score;
                if (Math.Abs(score) > Math.Abs(largest)) largest = score;
            }

            if (largest >= 0) continue;
            for (int i = 0; i < n; i++) points[i, c] = -points[i, c];
        }

        return (points, shares);
    }

    private static double[,] Gram(double[,] x, bool byRows)
    {
        int m = x.GetLength(byRows ? 0 : 1), k = x.GetLength(byRows ? 1 : 0);
        var gram = new double[m, m];
        for (int a = 0; a < m; a++)
        {
            for (int b = a; b < m; b++)
            {
                double sum = 0;
                for (int i = 0; i < k; i++) sum += byRows ? x[a, i] * x[b, i] : x[i, a] * x[i, b];
                gram[a, b] = gram[b, a] = sum;
            }
        }

        return gram;
    }

    /// <summary>Eigenvalues and eigenvectors, as columns, of a symmetric matrix, which is changed: cyclic Jacobi
    /// rotations (Golub and Van Loan, Matrix Computations, 8.5).</summary>
    private static (double[] Values, double[,] Vectors) Eigen(double[,] a)
    {
        int m = a.GetLength(0);
        var vectors = new double[m, m];
        double norm = 0;
        for (int i = 0; i < m; i++)
        {
            vectors[i, i] = 1;
            for (int j = 0; j < m; j++) norm += a[i, j] * a[i, j];
        }

        for (int sweep = 0; sweep < MostSweeps; sweep++)
        {
            double off = 0;
            for (int p = 0; p < m; p++)
                for (int q = p + 1; q < m; q++) off += a[p, q] * a[p, q];
            if (off <= 1e-24 * norm) break;
            for (int p = 0; p < m; p++)
                for (int q = p + 1; q < m; q++) Rotate(a, vectors, p, q);
        }

        var values = new double[m];
        for (int i = 0; i < m; i++) values[i] = a[i, i];
        return (values, vectors);
    }

    private static void Rotate(double[,] a, double[,] vectors, int p, int q)
    {
        if (a[p, q] == 0) return;
        double theta = (a[q, q] - a[p, p]) / (2 * a[p, q]);
        double t = (theta >= 0 ? 1 : -1) / (Math.Abs(theta) + Math.Sqrt(theta * theta + 1));
        double c = 1 / Math.Sqrt(t * t + 1), s = t * c;
        int m = a.GetLength(0);
        for (int k = 0; k < m; k++)
        {
            (double kp, double kq) = (a[k, p], a[k, q]);
            (a[k, p], a[k, q]) = (c * kp - s * kq, s * kp + c * kq);
        }

        for (int k = 0; k < m; k++)
        {
            (double pk, double qk) = (a[p, k], a[q, k]);
            (a[p, k], a[q, k]) = (c * pk - s * qk, s * pk + c * qk);
            (double vp, double vq) = (vectors[k, p], vectors[k, q]);
            (vectors[k, p], vectors[k, q]) = (c * vp - s * vq, s * vp + c * vq);
        }
    }
}
