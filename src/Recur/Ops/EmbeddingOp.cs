using System.Diagnostics.CodeAnalysis;
using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>y[i] = w[indices[i]]: rows of a table, with what torch.nn.functional.embedding does to table and
/// gradient.</summary>
internal sealed class EmbeddingOp : Node
{
    /// <summary>What can be asked for beside the look-up.</summary>
    internal readonly record struct Options
    {
        /// <summary>The row that gets no gradient; -1 for none.</summary>
        public int PaddingIndex { get; init; }

        /// <summary>Rows that are looked up are first scaled to at most this norm; null for none.</summary>
        public float? MaxNorm { get; init; }

        /// <summary>The p of that norm.</summary>
        public float NormType { get; init; }

        /// <summary>Gradients are divided by how often their row is looked up.</summary>
        public bool ScaleGradByFreq { get; init; }

        /// <summary>The table's gradient lists the rows that were touched.</summary>
        public bool Sparse { get; init; }
    }

    private int[] rows = []; // kept with the pooled node, so that a step of fixed shape allocates nothing
    private int[] sorted = [], counts = [];
    private int count, length;
    private Options options;

    /// <summary>Records the op.</summary>
    /// <param name="caller">Who complains about a wrong index.</param>
    /// <param name="table">[V, E].</param>
    /// <param name="indices">Row numbers, when they came as integers.</param>
    /// <param name="values">Otherwise the same as whole numbers.</param>
    /// <param name="result">The shape of the result, E last.</param>
    /// <param name="options">What else is asked for.</param>
    public static Tensor Apply(
        string caller, Tensor table, ReadOnlySpan<int> indices, Tensor values, in Shape result, in Options options)
    {
        var op = Begin<EmbeddingOp>(table);
        op.options = options;
        op.length = table.Shape[1];
        op.count = values == default ? indices.Length : values.Length;
        if (op.rows.Length < op.count) op.rows = new int[op.count];
        Span<int> looked = op.rows.AsSpan(0, op.count);
        if (values == default)
        {
            indices.CopyTo(looked);
        }
        else
        {
            int broken = ClassIndices.FromFloats(values.Span, looked);
            if (broken >= 0) ThrowIndex(caller, table.Shape[0], $"{values.Span[broken]}", broken);
        }

        int outside = ClassIndices.FirstOutside(looked, table.Shape[0], ignored: 0);
        if (outside >= 0) ThrowIndex(caller, table.Shape[0], $"{looked[outside]}", outside);
        if (options.MaxNorm is { } maxNorm) op.LimitNorms(table, maxNorm);

        Tensor y = op.NewOutput(result);
        RowLookup.Gather(table.Span, looked, op.length, padding: 0f, y.MutableSpan);
        if (options.PaddingIndex >= 0) looked.Replace(options.PaddingIndex, -1); // no row, from here on
        return op.Record(y);
    }

    private void LimitNorms(Tensor table, float maxNorm)
    {
        if (sorted.Length < count) sorted = new int[count];
        Span<int> copy = sorted.AsSpan(0, count);
        rows.AsSpan(0, count).CopyTo(copy);
        RowLookup.LimitNorms(table.MutableSpan, copy, length, maxNorm, options.NormType);
    }

    // dw[indices[i]] += dy[i], over how often the index occurs when that is asked for
    protected override void Backward()
    {
        ReadOnlySpan<int> touched = rows.AsSpan(0, count);
        Span<float> dw = options.Sparse ? InputGradRows(0, touched) : InputGrad(0);
        if (!options.ScaleGradByFreq)
        {
            RowLookup.ScatterAdd(OutputGrad(), touched, length, dw);
            return;
        }

        int tableRows = Input(0).Shape[0];
        if (counts.Length < tableRows) counts = new int[tableRows];
        RowLookup.ScatterMean(OutputGrad(), touched, length, counts, dw);
    }

    [DoesNotReturn]
    private static void ThrowIndex(string caller, int rows, string index, int position) =>
        throw new ArgumentOutOfRangeException(
            null, $"{caller}: index {index} at position {position} is not one of the rows 0 to {rows - 1}.");
}
