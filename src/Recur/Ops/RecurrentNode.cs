using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>What the two operations of recurrent stacks share: where inputs and weights stand, biases, and the large
/// products
/// over all rows that end the backward pass.</summary>
/// <typeparam name="TCell">The arithmetic of one step.</typeparam>
/// <remarks>
/// Inputs: x, h0, c0, then for every layer and direction W_ih, W_hh, with bias b_ih, b_hh, and with a projection W_hr.
/// Outputs: the last layer's states, then (but for a cell) h_n of all layers, then c_n where there is one.
/// </remarks>
internal abstract unsafe class RecurrentNode<TCell> : Node where TCell : struct, ICellKernel
{
    private protected const int FirstWeight = 3;

    private protected RecurrentOptions o;
    private protected int t, n;
    private protected IStateGradients? listener;

    /// <summary>Whether a listener needs a copy of the update gates: see <see cref="StateGradients"/>.</summary>
    private protected bool CopiesUpdate => listener is not null && TCell.Columns > 1 && !TCell.HasCellState;

    private protected int WeightsPerLayer => (o.Bias ? 4 : 2) + (o.ProjSize > 0 ? 1 : 0);

    private protected int StateOutput => o.IsCell ? -1 : 1;

    private protected int CellOutput => o.IsCell ? 1 : 2;

    private protected int InputWidth(int layer) => layer == 0 ? o.InputSize : o.Directions * o.StateSize;

    private protected int WeightAt(int layer, int direction) =>
        FirstWeight + (layer * o.Directions + direction) * WeightsPerLayer;

    /// <summary>Weight <paramref name="index"/> in the order of a kernel.</summary>
    private protected float* Packed(int index, PackForm form, ReadOnlySpan<Run> runs)
    {
        TensorCore core = Input(index).Core;
        int k = core.Shape[1];
        return PacksOf(core).Get(form, core.Span, core.Version, k, runs);
    }

    /// <summary>Weight <paramref name="index"/> in blocks whose sums go to the columns from <paramref name="column"/>
    /// on.</summary>
    private protected float* PackedBlocks(int index, PackForm form, int column)
    {
        Span<Run> gates = stackalloc Run[Run.Most];
        return Packed(index, form, gates[..Run.InColumnOrder<TCell>(o.HiddenSize, column, gates)]);
    }

    /// <summary>The packed copies kept beside a weight.</summary>
    internal static WeightPacks PacksOf(TensorCore core)
    {
        if (core.Derived is WeightPacks packs) return packs;
        packs = new WeightPacks();
        return (WeightPacks)(Interlocked.CompareExchange(ref core.Derived, packs, null) ?? packs);
    }

    /// <summary>What the columns of a step begin with.</summary>
    /// <param name="first">The index of the layer's W_ih.</param>
    /// <param name="stride">Floats from one column to the next.</param>
    /// <param name="row">[C·stride] out.</param>
    private protected void FillBias(int first, int stride, Span<float> row)
    {
        row.Clear();
        if (!o.Bias) return;
        BiasRow.Fill<TCell>(Input(first + 2).Span, Input(first + 3).Span, stride, row);
    }

    /// <summary>Zeros for the sums of the columns' gradients over all rows; none where no bias needs them.</summary>
    private protected Span<float> NewColumnSums(int first, int width)
    {
        if (!o.Bias || !(NeedsGrad(first + 2) || NeedsGrad(first + 3))) return default;
        Span<float> sums = Scratch(width)[..width];
        sums.Clear();
        return sums;
    }

    // db_ih += the sums over all rows of the columns that x feeds, db_hh += those of the columns that h feeds; the sums are taken
    // here unless the gradients of the weights have already done it.
    private protected void AddBiasGradients(int first, int rows, int stride, ReadOnlySpan<float> grads, Span<float> sums, bool summed)
    {
        if (sums.IsEmpty) return;
        int h = o.HiddenSize;
        if (!summed) Kernels.Rows.AddSum(rows, sums.Length, grads, sums);
        for (int side = 2; side <= 3; side++)
        {
            if (!NeedsGrad(first + side)) continue;
            Span<float> gradient = InputGrad(first + side);
            for (int g = 0; g < TCell.GateCount; g++)
            {
                int column = side == 2 ? TCell.InputColumns[g] : TCell.RecurrentColumn + g;
                Span<float> gate = gradient.Slice(g * h, h);
                Layout.Add(gate, sums.Slice(column * stride, h), gate);
            }
        }
    }

    // dW[run] += gradsᵀ[run, rows] · b[rows, k]; the first product overwrites a fresh gradient.
    private protected static void AddWeightGradient(
        Span<float> dW, bool fresh, ReadOnlySpan<Run> runs, int k, int rows, float* grads, nint gradsRow, float* b, int bRow)
    {
        fixed (float* c = dW)
            RunProducts.WeightGradient(
                runs, rows, grads, gradsRow, new RunProducts.Factor { X = b, XRow = bRow, K = k, DW = c, Fresh = fresh });
    }

    // dx[rows, k] += Σ over runs: grads[rows, run] · W[run, k]; the first product overwrites a fresh gradient.
    private protected void AddInputGradient(
        float* dx, bool fresh, int weight, ReadOnlySpan<Run> runs, int k, int rows, float* grads, nint gradsRow) =>
        RunProducts.Gradient(Packed(weight, PackForm.Gradient, runs), runs, rows, k, grads, gradsRow, dx, fresh);

    // columns[rows, run] = add + x[rows, k] · W[run, k]ᵀ for the runs of the product with x.
    private protected void Project(
        int weight, ReadOnlySpan<Run> runs, int rows, float* x, nint xRow, float* columns, nint columnsRow, float* add, nint addRow) =>
        RunProducts.Product(
            Packed(weight, PackForm.Product, runs), runs, rows, Input(weight).Shape[1], x, xRow, columns, columnsRow, add, addRow);
}
