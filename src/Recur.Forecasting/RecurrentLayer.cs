using Recur.Nn;

namespace Recur.Forecasting;

/// <summary>What a recurrent layer carries from step to step.</summary>
/// <param name="H">[NumLayers, N, HiddenSize].</param>
/// <param name="C">The LSTM's cell state, of the same shape; default for cells that have none.</param>
internal readonly record struct RecurrentState(Tensor H, Tensor C = default);

/// <summary>A recurrent network over whole sequences, whatever its cell; a new kind of cell is one class here and one
/// case in Create.</summary>
internal interface IRecurrentLayer
{
    /// <summary>The module that owns the parameters.</summary>
    Module Module { get; }

    /// <summary>Runs over [T, N, F] from a state (zeros when null) to [T, N, HiddenSize] and the last state.</summary>
    (Tensor Output, RecurrentState State) Forward(Tensor input, RecurrentState? state);
}

internal static class RecurrentLayers
{
    public static IRecurrentLayer Create(ModelOptions model, int inputSize) => model.Cell switch
    {
        CellKind.Rnn => new ElmanLayer(inputSize, model),
        CellKind.Gru => new GruLayer(inputSize, model),
        CellKind.Lstm => new LstmLayer(inputSize, model),
        _ => throw new ArgumentException($"ForecastOptions.Model.Cell: {model.Cell} is not known."),
    };

    private sealed class ElmanLayer(int inputSize, ModelOptions model) : IRecurrentLayer
    {
        private readonly Rnn rnn = new(inputSize, model.HiddenSize, model.NumLayers, dropout: model.Dropout);

        public Module Module => rnn;

        public (Tensor Output, RecurrentState State) Forward(Tensor input, RecurrentState? state)
        {
            (Tensor output, Tensor h) = rnn.Forward(input, state?.H);
            return (output, new RecurrentState(h));
        }
    }

    private sealed class GruLayer(int inputSize, ModelOptions model) : IRecurrentLayer
    {
        private readonly Gru gru = new(inputSize, model.HiddenSize, model.NumLayers, dropout: model.Dropout);

        public Module Module => gru;

        public (Tensor Output, RecurrentState State) Forward(Tensor input, RecurrentState? state)
        {
            (Tensor output, Tensor h) = gru.Forward(input, state?.H);
            return (output, new RecurrentState(h));
        }
    }

    private sealed class LstmLayer(int inputSize, ModelOptions model) : IRecurrentLayer
    {
        private readonly Lstm lstm = new(inputSize, model.HiddenSize, model.NumLayers, dropout: model.Dropout);

        public Module Module => lstm;

        public (Tensor Output, RecurrentState State) Forward(Tensor input, RecurrentState? state)
        {
            LstmState? before = state is { } s ? new LstmState(s.H, s.C) : null;
            (Tensor output, LstmState after) = lstm.Forward(input, before);
            return (output, new RecurrentState(after.H, after.C));
        }
    }
}
