using Recur.Autograd;

namespace Recur.Ops;

/// <summary>What a recurrent operation is applied to. The module has checked the shapes.</summary>
internal readonly ref struct RecurrentInput
{
    /// <summary>[T, N, I], or [N, T, I] with the batch first; [rows, I] when <see cref="IsPacked"/>.</summary>
    public required Tensor X { get; init; }

    /// <summary>[L·D, N, P], or default for zeros.</summary>
    public Tensor H0 { get; init; }

    /// <summary>[L·D, N, H], or default for zeros; always default for kinds of cells without a cell state.</summary>
    public Tensor C0 { get; init; }

    /// <summary>For every layer and direction W_ih, W_hh, with bias b_ih and b_hh, and with a projection
    /// W_hr.</summary>
    public required ReadOnlySpan<Tensor> Weights { get; init; }

    public required RecurrentOptions Options { get; init; }

    /// <summary>Steps and sequences.</summary>
    public required int T { get; init; }

    public required int N { get; init; }

    /// <summary>The steps of each sequence; empty when all have T.</summary>
    public ReadOnlySpan<int> Lengths { get; init; }

    /// <summary>Whether X holds only the rows that exist, step by step, longest sequence first; so does the output
    /// then.</summary>
    public bool IsPacked { get; init; }

    /// <summary>Who wants to know the gradients of the states; usually nobody.</summary>
    public IStateGradients? Listener { get; init; }

    /// <summary>The shapes to give the output (T·N·D·P elements), h_n (L·D·N·P) and c_n (L·D·N·H).</summary>
    public required Shape OutputShape { get; init; }

    public required Shape StateShape { get; init; }

    public required Shape CellShape { get; init; }
}
