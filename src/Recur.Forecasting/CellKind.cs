namespace Recur.Forecasting;

/// <summary>The recurrent cell of a forecaster.</summary>
public enum CellKind
{
    /// <summary>Elman's network with tanh: <see cref="Nn.Rnn"/>.</summary>
    Rnn,

    /// <summary>Gated recurrent units: <see cref="Nn.Gru"/>.</summary>
    Gru,

    /// <summary>Long short-term memory: <see cref="Nn.Lstm"/>.</summary>
    Lstm,
}
