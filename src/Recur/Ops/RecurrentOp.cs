using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>Sizes and options of a stack of recurrent layers.</summary>
/// <remarks>Dropout is 0 outside training. ProjSize is 0 without a projection.</remarks>
internal readonly record struct RecurrentOptions(
    int InputSize, int HiddenSize, int NumLayers, int Directions, bool Bias, bool BatchFirst, float Dropout = 0f, int ProjSize = 0)
{
    /// <summary>The width of h: of the output of one direction, and of the recurrent input.</summary>
    public int OutputSize => ProjSize > 0 ? ProjSize : HiddenSize;
}

/// <summary>A stack of recurrent layers over whole sequences: one node of the tape for all layers, directions and steps.</summary>
/// <typeparam name="TCell">The arithmetic of one step.</typeparam>
internal sealed class RecurrentOp<TCell> : Node where TCell : struct, ICellKernel
{
    /// <summary>Records the stack.</summary>
    /// <param name="x">[T, N, I], or [N, T, I] with the batch first, or [T, I] without a batch (n = 1); the module has checked the shapes.</param>
    /// <param name="h0">[L·D, N, OutputSize], or default for zeros.</param>
    /// <param name="c0">[L·D, N, H], or default for zeros; always default for cells without a cell state.</param>
    /// <param name="weights">For every layer and direction W_ih, W_hh, with bias b_ih and b_hh, with a projection W_hr.</param>
    /// <param name="o">Sizes and options.</param>
    /// <param name="t">Steps.</param>
    /// <param name="n">Sequences.</param>
    /// <param name="lengths">The length 0..t of every sequence, in any order, or nothing when all are t long.</param>
    /// <param name="outputShape">The shape to give the output, of T·N·D·OutputSize elements.</param>
    /// <param name="hShape">The shape to give h_n.</param>
    /// <param name="cShape">The shape to give c_n; not looked at for cells without a cell state.</param>
    /// <returns>The output, h_n, and c_n (default for cells without a cell state).</returns>
    public static (Tensor Output, Tensor HN, Tensor CN) Apply(
        Tensor x, Tensor h0, Tensor c0, ReadOnlySpan<Tensor> weights, in RecurrentOptions o, int t, int n, ReadOnlySpan<int> lengths,
        in Shape outputShape, in Shape hShape, in Shape cShape) => throw new NotSupportedException();

    protected override void Backward() => throw new NotSupportedException();
}
