namespace Recur.Nn;

/// <summary>The two states of an <see cref="Lstm"/> or an <see cref="LstmCell"/>; a tuple (h, c) can stand for
/// it.</summary>
/// <param name="H">The hidden state, which is also the output.</param>
/// <param name="C">The cell state.</param>
public readonly record struct LstmState(Tensor H, Tensor C)
{
    /// <summary>The states of a tuple (h, c).</summary>
    public static implicit operator LstmState((Tensor H, Tensor C) state) => new(state.H, state.C);
}
