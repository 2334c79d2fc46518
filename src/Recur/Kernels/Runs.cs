namespace Recur.Kernels;

/// <summary>Rows of a weight matrix whose products lie side by side among a cell's columns.</summary>
/// <param name="Row">The first row of the matrix.</param>
/// <param name="Rows">How many.</param>
/// <param name="Column">Where the product of the first one lies in a row of columns, in floats.</param>
internal readonly record struct Run(int Row, int Rows, int Column)
{
    /// <summary>No cell has more.</summary>
    public const int Most = 4;

    /// <summary>The runs of a matrix [G·H, K].</summary>
    /// <param name="columns">The column of every gate.</param>
    /// <param name="h">Units.</param>
    /// <param name="stride">Floats from one column to the next: H, or more where columns are padded.</param>
    /// <param name="joined">Whether gates that lie side by side are one run.</param>
    /// <param name="runs">Receives at most <see cref="Most"/>.</param>
    /// <returns>Their number.</returns>
    public static int Of(ReadOnlySpan<int> columns, int h, int stride, bool joined, Span<Run> runs)
    {
        int count = 0;
        for (int g = 0; g < columns.Length; g++)
        {
            if (g > 0 && joined && stride == h && columns[g] == columns[g - 1] + 1)
                runs[count - 1] = runs[count - 1] with { Rows = runs[count - 1].Rows + h };
            else
                runs[count++] = new Run(g * h, h, columns[g] * stride);
        }

        return count;
    }

    /// <summary>The runs of the product with x.</summary>
    public static int OfInput<TCell>(int h, int stride, Span<Run> runs) where TCell : struct, ICellKernel =>
        Of(TCell.InputColumns, h, stride, joined: true, runs);

    /// <summary>The runs of the product with h.</summary>
    public static int OfRecurrent<TCell>(int h, int stride, Span<Run> runs, bool joined = true) where TCell : struct, ICellKernel
    {
        Span<int> columns = stackalloc int[TCell.GateCount];
        for (int g = 0; g < columns.Length; g++) columns[g] = TCell.RecurrentColumn + g;
        return Of(columns, h, stride, joined, runs);
    }

    /// <summary>The runs of both products: first those whose columns are the same in both, then what is left of the
    /// product with x, then of that with h.</summary>
    /// <returns>The number of the first.</returns>
    public static int OfBoth<TCell>(int h, int stride, Span<Run> runs, out int input, out int recurrent) where TCell : struct, ICellKernel
    {
        int gates = TCell.GateCount, shared = 0;
        while (shared < gates && TCell.InputColumns[shared] == TCell.RecurrentColumn + shared) shared++;
        Span<int> columns = stackalloc int[gates];
        for (int g = 0; g < gates; g++) columns[g] = TCell.RecurrentColumn + g;
        int both = Of(columns[..shared], h, stride, joined: true, runs);
        input = Of(TCell.InputColumns[shared..], h, stride, joined: true, runs[both..]);
        recurrent = Of(columns[shared..], h, stride, joined: true, runs[(both + input)..]);
        for (int i = both; i < both + input + recurrent; i++) runs[i] = runs[i] with { Row = runs[i].Row + shared * h };
        return both;
    }

    /// <summary>One run for each gate in the order of the columns, so that their sums stand side by side.</summary>
    /// <param name="h">Units.</param>
    /// <param name="first">The first column: 0 for the product with x, <see cref="ICellKernel.RecurrentColumn"/> for
    /// that with h.</param>
    /// <param name="runs">Receives G.</param>
    public static int InColumnOrder<TCell>(int h, int first, Span<Run> runs) where TCell : struct, ICellKernel
    {
        bool isInput = TCell.Columns == TCell.GateCount || first != TCell.RecurrentColumn;
        for (int g = 0; g < TCell.GateCount; g++)
        {
            int column = isInput ? TCell.InputColumns[g] : TCell.RecurrentColumn + g;
            runs[column - first] = new Run(g * h, h, column);
        }

        return TCell.GateCount;
    }
}
