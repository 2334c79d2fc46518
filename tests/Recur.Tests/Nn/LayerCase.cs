using Recur.Nn;

namespace Recur.Tests.Nn;

/// <summary>The recurrent layers.</summary>
public enum LayerKind
{
    Tanh,
    Relu,
    Gru,
    Lstm,
    Projected,
}

/// <summary>A recurrent layer of any kind, its options, and random data for it.</summary>
internal sealed record LayerCase(LayerKind Kind, int T, int N, int I, int H)
{
    public int Layers { get; init; } = 1;

    public bool Bidirectional { get; init; }

    public bool BatchFirst { get; init; }

    public bool WithStates { get; init; } = true;

    public float Dropout { get; init; }

    /// <summary>The width of a state h.</summary>
    public int P => Kind == LayerKind.Projected ? Math.Max(1, H / 2) : H;

    private int Directions => Bidirectional ? 2 : 1;

    private bool HasCellState => Kind is LayerKind.Lstm or LayerKind.Projected;

    /// <summary>The layer with the parameters of a seed.</summary>
    public RecurrentLayer Create(ulong seed = 1)
    {
        Rng.Seed(seed);
        return Kind switch
        {
            LayerKind.Gru => new Gru(I, H, Layers, true, BatchFirst, Dropout, Bidirectional),
            LayerKind.Lstm => new Lstm(I, H, Layers, true, BatchFirst, Dropout, Bidirectional),
            LayerKind.Projected => new Lstm(I, H, Layers, true, BatchFirst, Dropout, Bidirectional, P),
            _ => new Rnn(
                I, H, Layers, Kind == LayerKind.Relu ? Nonlinearity.Relu : Nonlinearity.Tanh, true, BatchFirst, Dropout, Bidirectional),
        };
    }

    /// <summary>Input x [T, N, I], states h0 and c0 when they are given, and the gradients dy, dhn and dcn of the results.</summary>
    public SequenceTensors Data(ulong seed = 2)
    {
        Rng.Seed(seed);
        int states = Layers * Directions;
        var all = new SequenceTensors { ["x"] = RnnCase.Normal([T, N, I]), ["dy"] = RnnCase.Normal([T, N, Directions * P]) };
        if (WithStates) all["h0"] = RnnCase.Normal([states, N, P]);
        if (WithStates && HasCellState) all["c0"] = RnnCase.Normal([states, N, H]);
        all["dhn"] = RnnCase.Normal([states, N, P]);
        if (HasCellState) all["dcn"] = RnnCase.Normal([states, N, H]);
        return all;
    }

    /// <summary>Lengths from 0 to T, unsorted, some of them equal.</summary>
    public int[] Lengths => [.. Enumerable.Range(0, N).Select(n => (n % 7) switch { 0 => (T + 1) / 2, 2 => 0, 3 => 1, 5 => T - 2, 6 => 2, _ => T })];
}

/// <summary>Tensors by name that have the sequences of a batch along dimension 1.</summary>
internal sealed class SequenceTensors : Dictionary<string, Tensor>
{
    /// <summary>Every tensor with the given sequences, in the given order.</summary>
    public SequenceTensors Choose(params int[] sequences) =>
        Select((_, value) => Tensor.Stack([.. sequences.Select(n => value.Select(1, n))], 1).Detach());

    /// <summary>What has steps along dimension 0 with some of them only; the rest as it is.</summary>
    public SequenceTensors Steps(int first, int count) =>
        Select((name, value) => name is "x" or "dy" or "y" or "dx" ? value.Slice(0, first, count).Detach() : value);

    /// <summary>The same with one more or another tensor.</summary>
    public SequenceTensors With(string name, Tensor tensor)
    {
        SequenceTensors copy = Select((_, value) => value);
        copy[name] = tensor;
        return copy;
    }

    /// <summary>The same without a tensor.</summary>
    public SequenceTensors Without(params string[] names)
    {
        SequenceTensors copy = Select((_, value) => value);
        foreach (string name in names) copy.Remove(name);
        return copy;
    }

    public Tensor? Find(string name) => TryGetValue(name, out Tensor value) ? value : null;

    private SequenceTensors Select(Func<string, Tensor, Tensor> map)
    {
        var result = new SequenceTensors();
        foreach ((string name, Tensor value) in this) result[name] = map(name, value);
        return result;
    }
}
