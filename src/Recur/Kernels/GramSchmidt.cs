namespace Recur.Kernels;

/// <summary>Orthonormal vectors from arbitrary ones.</summary>
internal static class GramSchmidt
{
    // Rows v_j ← the part of v_j that is orthogonal to all rows before, of length 1; 0 where nothing is left of it.
    //   v [count, length]  in/out, count at most length
    // This is the Q of a QR factorization whose R has a diagonal of positive numbers. Every row is freed from the
    // others
    // twice: after that the rows are orthogonal to the last digits (Giraud, Langou and Rozložník 2005).
    // Cost: 4 · count² · length flops.
    public static void Orthonormalize(Span<float> v, int count, int length)
    {
        for (int j = 0; j < count; j++)
        {
            Span<float> row = v.Slice(j * length, length);
            double before = Reduce.Dot(row, row);
            for (int pass = 0; pass < 2; pass++)
                for (int k = 0; k < j; k++)
                {
                    Span<float> other = v.Slice(k * length, length);
                    Elementwise.ZipAdd<Multiply>(other, (float)-Reduce.Dot(other, row), row);
                }

            double square = Reduce.Dot(row, row);
            const double nothing = 1e-12; // of the squared length: what rounding leaves of a dependent row
            if (square <= nothing * before) row.Clear();
            else Elementwise.Zip<Multiply>(row, (float)(1.0 / Math.Sqrt(square)), row);
        }
    }
}
