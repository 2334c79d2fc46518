using Recur.Kernels;

namespace Recur.Ops;

/// <summary>The operation of one kind of cell; the parameters are those of <see cref="RecurrentOp{TCell}.Apply"/>.</summary>
internal delegate (Tensor Output, Tensor HN, Tensor CN) ApplyRecurrent(
    Tensor x, Tensor h0, Tensor c0, ReadOnlySpan<Tensor> weights, in RecurrentOptions o, int t, int n,
    in Shape outputShape, in Shape stateShape);

/// <summary>A kind of recurrent cell, as the modules see it.</summary>
/// <param name="Gates">Rows of W_ih and W_hh divided by H.</param>
/// <param name="Apply">Its operation.</param>
internal sealed record CellType(int Gates, ApplyRecurrent Apply)
{
    private static readonly CellType RnnTanh = new(1, (x, h0, _, weights, in o, t, n, in outputShape, in stateShape) =>
        Stateless(RnnOp.Apply(x, h0, weights, o, relu: false, t, n, outputShape, stateShape)));

    private static readonly CellType RnnRelu = new(1, (x, h0, _, weights, in o, t, n, in outputShape, in stateShape) =>
        Stateless(RnnOp.Apply(x, h0, weights, o, relu: true, t, n, outputShape, stateShape)));

    public static readonly CellType Gru = new(GruKernel.Gates, RecurrentOp<GruKernel>.Apply);

    public static readonly CellType Lstm = new(LstmKernel.Gates, RecurrentOp<LstmKernel>.Apply);

    public static CellType Rnn(bool relu) => relu ? RnnRelu : RnnTanh;

    private static (Tensor Output, Tensor HN, Tensor CN) Stateless((Tensor Output, Tensor HN) result) => (result.Output, result.HN, default);
}
