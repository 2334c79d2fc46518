using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Recur.Kernels;

/// <summary>A row against all rows of a row-major matrix: what a bias needs forward and backward.</summary>
internal static class Rows
{
    // y[r, :] = row
    //   row [N]     in      y [M, N]  out
    public static void Fill(int rows, int columns, ReadOnlySpan<float> row, Span<float> y)
    {
        row = row[..columns];
        if (columns == 1)
        {
            y[..rows].Fill(row[0]);
            return;
        }

        for (int r = 0; r < rows; r++) row.CopyTo(y.Slice(r * columns, columns));
    }

    // row += Σ_r y[r, :]
    //   y [M, N]  in      row [N]  in/out
    // Each column is one sum from the first row to the last, in every vector width: the bits do not depend on the machine.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddSum(int rows, int columns, ReadOnlySpan<float> y, Span<float> row)
    {
        y = y[..(rows * columns)];
        row = row[..columns];
        ref float source = ref MemoryMarshal.GetReference(y);
        ref float target = ref MemoryMarshal.GetReference(row);
        int width = Vector<float>.Count;
        int c = 0;
        // Four vectors of columns at a time hide the latency of the additions.
        for (; c <= columns - 4 * width; c += 4 * width)
        {
            Vector<float> s0 = Vector<float>.Zero, s1 = s0, s2 = s0, s3 = s0;
            nuint at = (nuint)c;
            for (int r = 0; r < rows; r++, at += (nuint)columns)
            {
                s0 += Vector.LoadUnsafe(ref source, at);
                s1 += Vector.LoadUnsafe(ref source, at + (nuint)width);
                s2 += Vector.LoadUnsafe(ref source, at + (nuint)(2 * width));
                s3 += Vector.LoadUnsafe(ref source, at + (nuint)(3 * width));
            }

            (Vector.LoadUnsafe(ref target, (nuint)c) + s0).StoreUnsafe(ref target, (nuint)c);
            (Vector.LoadUnsafe(ref target, (nuint)(c + width)) + s1).StoreUnsafe(ref target, (nuint)(c + width));
            (Vector.LoadUnsafe(ref target, (nuint)(c + 2 * width)) + s2).StoreUnsafe(ref target, (nuint)(c + 2 * width));
            (Vector.LoadUnsafe(ref target, (nuint)(c + 3 * width)) + s3).StoreUnsafe(ref target, (nuint)(c + 3 * width));
        }

        for (; c <= columns - width; c += width)
        {
            Vector<float> s = Vector<float>.Zero;
            nuint at = (nuint)c;
            for (int r = 0; r < rows; r++, at += (nuint)columns) s += Vector.LoadUnsafe(ref source, at);
            (Vector.LoadUnsafe(ref target, (nuint)c) + s).StoreUnsafe(ref target, (nuint)c);
        }

        for (; c < columns; c++)
        {
            float s = 0f;
            nint at = c;
            for (int r = 0; r < rows; r++, at += columns) s += Unsafe.Add(ref source, at);
            Unsafe.Add(ref target, c) += s;
        }
    }
}
