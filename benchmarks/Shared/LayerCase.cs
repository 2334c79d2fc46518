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

    /// <summary>Directions.</summary>
    public int D => Bidirectional ? 2 : 1;

    /// <summary>Floating-point operations of the forward pass's products; forward and backward together are three times as many.</summary>
    public double ForwardFlops
    {
        get
        {
            double perStep = 0;
            for (int l = 0; l < L; l++) perStep += 2.0 * Cell.Gates * H * ((l == 0 ? I : D * H) + H);
            return perStep * D * T * N;
        }
    }

    public int[] InputShape => Unbatched ? [T, I] : BatchFirst ? [N, T, I] : [T, N, I];

    public int[] OutputShape => Unbatched ? [T, D * H] : BatchFirst ? [N, T, D * H] : [T, N, D * H];

    public int[] StateShape => Unbatched ? [L * D, H] : [L * D, N, H];

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
        ["train"] = train,
    };

    /// <summary>Shapes in the order of the tables: (T,N,I,H,layers) and what is not the default.</summary>
    public override string ToString() =>
        $"{Cell.Name}({T},{N},{I},{H},{L})" + (Bidirectional ? " bidirectional" : "") + (Bias ? "" : " no bias") +
        (BatchFirst ? " batch first" : "") + (Unbatched ? " unbatched" : "") + (Relu ? " relu" : "") + (WithState ? " h0" : "");
}
