using Recur.Nn;

namespace Recur.Cli.Commands;

/// <summary>The tutorial's network: a recurrent network of any cell, and a Linear that makes a point of each
/// state.</summary>
internal sealed class SineNetwork
{
    /// <summary>Hidden units per layer.</summary>
    public const int HiddenSize = 10;

    /// <summary>Layers.</summary>
    public const int Layers = 2;

    private readonly RecurrentLayer layer;
    private readonly Linear head;

    public SineNetwork(CellKind cell)
    {
        layer = cell switch
        {
            CellKind.Gru => new Gru(inputSize: 1, HiddenSize, Layers, batchFirst: true),
            CellKind.Lstm => new Lstm(inputSize: 1, HiddenSize, Layers, batchFirst: true),
            _ => new Rnn(inputSize: 1, HiddenSize, Layers, batchFirst: true),
        };
        head = new Linear(HiddenSize, 1);
        Parameters = [.. layer.Parameters(), .. head.Parameters()];
    }

    /// <summary>The parameters of both parts.</summary>
    public Tensor[] Parameters { get; }

    /// <summary>Predicts the next point at every step.</summary>
    /// <param name="x">[N, T, 1].</param>
    /// <param name="state">Each [Layers, N, HiddenSize]; zeros when null. Cells other than the LSTM have no C and let
    /// it be.</param>
    /// <returns>[N, T, 1] and the state after the last step.</returns>
    public (Tensor Points, LstmState State) Forward(Tensor x, LstmState? state = null)
    {
        (Tensor output, LstmState next) = layer switch
        {
            Rnn rnn => Plain(rnn.Forward(x, state?.H)),
            Gru gru => Plain(gru.Forward(x, state?.H)),
            _ => ((Lstm)layer).Forward(x, state),
        };
        return (head.Forward(output), next);
    }

    private static (Tensor Output, LstmState State) Plain((Tensor Output, Tensor H) result) =>
        (result.Output, new LstmState(result.H, default));
}
