using Recur.Kernels;

namespace Recur.Ops;

/// <summary><see cref="RecurrentOp{TCell}.Apply"/> of one kind of cell.</summary>
internal delegate (Tensor Output, Tensor HN, Tensor CN) ApplyRecurrent(
    Tensor x, Tensor h0, Tensor c0, ReadOnlySpan<Tensor> weights, in RecurrentOptions o, int t, int n,
    in Shape outputShape, in Shape stateShape);

/// <summary>A kind of gated cell, as the modules see it.</summary>
/// <param name="Gates">Rows of W_ih and W_hh divided by H.</param>
/// <param name="Apply">Its operation.</param>
internal sealed record CellType(int Gates, ApplyRecurrent Apply)
{
    public static readonly CellType Gru = new(GruKernel.Gates, RecurrentOp<GruKernel>.Apply);

    public static readonly CellType Lstm = new(LstmKernel.Gates, RecurrentOp<LstmKernel>.Apply);
}
