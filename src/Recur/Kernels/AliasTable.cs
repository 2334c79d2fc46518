using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>Draws from a distribution over 0..n-1 in constant time, from 8 bytes for each.</summary>
/// <remarks>A. Walker 1974; built as in M. Vose 1991. Entry i holds a threshold t (lower 32 bits) and another number j
/// (upper): i is taken when 32 random bits are below t, else j. word2vec's own table of 100 million entries is both
/// coarser and too large for any cache.</remarks>
internal static unsafe class AliasTable
{
    /// <summary>Draws one number with 64 random bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Draw(ulong* table, int n, ulong bits)
    {
        int i = SplitMix.Below((uint)(bits >> 32), n);
        ulong entry = table[i];
        return (uint)bits < (uint)entry ? i : (int)(entry >> 32);
    }

    /// <summary>Builds the table.</summary>
    /// <param name="weights">At least one, none negative, not all zero; they need not sum to 1.</param>
    /// <param name="table">As long as the weights.</param>
    public static void Build(ReadOnlySpan<double> weights, Span<ulong> table)
    {
        int n = weights.Length;
        double total = 0;
        foreach (double w in weights) total += w;
        double[] share = new double[n]; // in units of 1/n
        int[] order = new int[n];
        int small = 0, large = n; // order holds the small ones from the front, the large ones from the back
        for (int i = 0; i < n; i++)
        {
            share[i] = weights[i] / total * n;
            if (share[i] < 1) order[small++] = i;
            else order[--large] = i;
        }

        int done = 0; // small ones that have their entry
        while (done < small && large < n)
        {
            int i = order[done++], j = order[large];
            table[i] = Entry(share[i], j);
            share[j] -= 1 - share[i]; // j gives what i lacks
            if (share[j] >= 1) continue;
            large++;
            order[small++] = j; // its place is free: there are never more than n
        }

        // What is left is 1 but for rounding.
        while (done < small) Whole(order[done++], table);
        while (large < n) Whole(order[large++], table);
    }

    private static void Whole(int i, Span<ulong> table) => table[i] = (ulong)(uint)i << 32;

    private static ulong Entry(double share, int other) =>
        (ulong)(uint)other << 32 | (uint)Math.Min(share * 4294967296.0, uint.MaxValue);
}
