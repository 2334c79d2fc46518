using System.Text.Json.Nodes;

namespace Recur.Peers;

/// <summary>A recurrent layer and the shapes it runs on.</summary>
/// <param name="Cell">Elman, GRU, LSTM.</param>
/// <param name="T">Time steps.</param>
/// <param name="N">Sequences.</param>
/// <param name="I">Input features.</param>
/// <param name="H">Hidden units.</param>
/// <param name="L">Layers.</param>
internal sealed record LayerCase(Cell Cell, int T, int N, int I, int H, int L)
{
    public bool Bidirectional { get; init; }

    public bool Bias { get; init; } = true;

    public bool BatchFirst { get; init; }

    /// <summary>Whether the input has no batch dimension; N is 1 then.</summary>
    public bool Unbatched { get; init; }

    /// <summary>relu instead of tanh, for the Elman cell.</summary>
    public bool Relu { get; init; }

    /// <summary>Whether an initial state is given.</summary>
    public bool WithState { get; init; }

    /// <summary>The probability of dropout between layers, in training.</summary>
    public float Dropout { get; init; }

    /// <summary>The steps of every sequence, 0 to T; null when all have T.</summary>
    public int[]? Lengths { get; init; }

    /// <summary>The size to which h is projected, for the LSTM; 0 for no projection.</summary>
    public int ProjSize { get; init; }

    /// <summary>Directions.</summary>
    public int D => Bidirectional ? 2 : 1;

    /// <summary>The size of a state h.</summary>
    public int OutputSize => ProjSize > 0 ? ProjSize : H;

    /// <summary>Floating-point operations of the forward pass's products; forward and backward together are three times
    /// as many.</summary>
    public double ForwardFlops
    {
        get
        {
            double perStep = 0;
            for (int l = 0; l < L; l++)
                perStep += 2.0 * H * (Cell.Gates * ((l == 0 ? I : D * OutputSize) + OutputSize) + ProjSize);
            return perStep * D * (Lengths?.Sum() ?? T * N);
        }
    }

    public int[] InputShape => Unbatched ? [T, I] : BatchFirst ? [N, T, I] : [T, N, I];

    public int[] OutputShape => [.. InputShape[..^1], D * OutputSize];

    /// <summary>The shape of the state h or c.</summary>
    public int[] StateShape(string state)
    {
        int size = state == "h" ? OutputSize : H;
        return Unbatched ? [L * D, size] : [L * D, N, size];
    }

    /// <summary>What peer.py's <c>layer</c> reads.</summary>
    public JsonObject Options(bool train) => new()
    {
        ["cell"] = Cell.Name,
        ["input"] = I,
        ["hidden"] = H,
        ["layers"] = L,
        ["bias"] = Bias,
        ["batch_first"] = BatchFirst,
        ["bidirectional"] = Bidirectional,
        ["nonlinearity"] = Relu ? "relu" : "tanh",
        ["dropout"] = Dropout,
        ["projection"] = ProjSize,
        ["lengths"] = Lengths is null ? null : new JsonArray([.. Lengths.Select(l => JsonValue.Create(l))]),
        ["train"] = train,
    };

    /// <summary>Shapes in the order of the tables: (T,N,I,H,layers) and what is not the default.</summary>
    public override string ToString() =>
        $"{Cell.Name}({T},{N},{I},{H},{L})" + (Bidirectional ? " bidirectional" : "") + (Bias ? "" : " no bias") +
        (BatchFirst ? " batch first" : "") + (Unbatched ? " unbatched" : "") + (Relu ? " relu" : "") +
        (WithState ? " h0" : "") + (Dropout > 0 ? $" dropout {Dropout}" : "") + (Lengths is null ? "" : " ragged") +
        (ProjSize > 0 ? $" projected to {ProjSize}" : "");
}
