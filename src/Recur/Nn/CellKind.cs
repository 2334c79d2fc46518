namespace Recur.Nn;

/// <summary>The kinds of recurrent cell, where one is chosen by an option.</summary>
public enum CellKind
{
    /// <summary>Elman's network with tanh: <see cref="Nn.Rnn"/>.</summary>
    Rnn,

    /// <summary>Gated recurrent units: <see cref="Nn.Gru"/>.</summary>
    Gru,

    /// <summary>Long short-term memory: <see cref="Nn.Lstm"/>.</summary>
    Lstm,
}
