namespace Recur.Kernels;

/// <summary>The row that a cell's columns begin with: the biases.</summary>
internal static class BiasRow
{
    // row[column of gate g] += b: b_ih [G·H] where the product with x goes, b_hh [G·H] where that with h goes.
    //   row  [C·stride]  in/out  zeros at first
    public static void Fill<TCell>(ReadOnlySpan<float> bIh, ReadOnlySpan<float> bHh, int stride, Span<float> row)
        where TCell : struct, ICellKernel
    {
        int h = bIh.Length / TCell.Gates;
        for (int g = 0; g < TCell.Gates; g++)
        {
            Span<float> input = row.Slice(TCell.InputColumns[g] * stride, h);
            Layout.Add(input, bIh.Slice(g * h, h), input);
            Span<float> recurrent = row.Slice((TCell.RecurrentColumn + g) * stride, h);
            Layout.Add(recurrent, bHh.Slice(g * h, h), recurrent);
        }
    }
}
