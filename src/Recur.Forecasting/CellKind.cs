namespace Recur.Forecasting;

/// <summary>The recurrent cell of a forecaster.</summary>
public enum CellKind
{
    /// <summary>Elman's network with tanh: <see cref="Nn.Rnn"/>.</summary>
    Rnn,
}
