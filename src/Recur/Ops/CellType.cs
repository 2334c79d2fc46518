using Recur.Kernels;

namespace Recur.Ops;

/// <summary>The operation of one kind of cell.</summary>
internal delegate (Tensor Output, Tensor HN, Tensor CN) ApplyRecurrent(in RecurrentInput input);

/// <summary>Makes what steps through a stack of layers.</summary>
internal delegate RecurrentStepper CreateStepper(
    in RecurrentOptions options, ReadOnlySpan<Tensor> weights, int batchSize, ref object? snapshot);

/// <summary>A kind of recurrent cell, as the modules see it.</summary>
/// <param name="Gates">Rows of W_ih and W_hh divided by H.</param>
/// <param name="HasCellState">Whether there is a second state c.</param>
/// <param name="Apply">Its operation.</param>
/// <param name="CreateStepper">Its steps without a tape.</param>
internal sealed record CellType(int Gates, bool HasCellState, ApplyRecurrent Apply, CreateStepper CreateStepper)
{
    private static readonly CellType RnnTanh = Of<TanhKernel>(), RnnRelu = Of<ReluKernel>();

    public static readonly CellType Gru = Of<GruKernel>();

    public static readonly CellType Lstm = Of<LstmKernel>();

    public static CellType Rnn(bool relu) => relu ? RnnRelu : RnnTanh;

    // One sequence is a matter of latency, several of throughput: two operations with the same results.
    private static CellType Of<TCell>() where TCell : struct, ICellKernel => new(
        TCell.Gates, TCell.HasCellState,
        (in input) => SingleRecurrentOp<TCell>.Serves(input) ? SingleRecurrentOp<TCell>.Apply(input) : RecurrentOp<TCell>.Apply(input),
        (in options, weights, batchSize, ref snapshot) =>
            new RecurrentStepper<TCell>(options, weights, batchSize, ref snapshot));
}
