using Recur.Nn;

namespace Recur.Text;

/// <summary>The sizes and parts of a <see cref="LanguageModel"/>.</summary>
public sealed record LanguageModelOptions
{
    /// <summary>The kind of recurrent cell.</summary>
    public CellKind Cell { get; init; } = CellKind.Lstm;

    /// <summary>The size of a token's vector; <see cref="HiddenSize"/> when null.</summary>
    public int? EmbeddingSize { get; init; }

    /// <summary>Hidden units of each layer.</summary>
    public int HiddenSize { get; init; } = 512;

    /// <summary>Recurrent layers.</summary>
    public int NumLayers { get; init; } = 1;

    /// <summary>The probability of dropout on the vectors, between layers and on the output.</summary>
    public float Dropout { get; init; } = 0.3f;

    /// <summary>Whether the output layer uses the table of vectors as its weight (Press and Wolf 2017; Inan et al.
    /// 2017). The vectors must then have the hidden size.</summary>
    public bool Tied { get; init; }

    /// <summary>What the biases of the LSTM's forget gates start with, in sum (Jozefowicz et al. 2015); null for the
    /// default initialisation. Other cells have no such gate.</summary>
    public float? ForgetBias { get; init; } = 1f;

    internal int VectorSize => EmbeddingSize ?? HiddenSize;

    internal void Check()
    {
        if (EmbeddingSize < 1) throw Error(nameof(EmbeddingSize), "at least 1", EmbeddingSize);
        if (HiddenSize < 1) throw Error(nameof(HiddenSize), "at least 1", HiddenSize);
        if (NumLayers < 1) throw Error(nameof(NumLayers), "at least 1", NumLayers);
        if (!(Dropout is >= 0f and < 1f)) throw Error(nameof(Dropout), "at least 0 and less than 1", Dropout);
        if (!Enum.IsDefined(Cell)) throw Error(nameof(Cell), "Rnn, Gru or Lstm", Cell);
        if (ForgetBias is { } bias && !float.IsFinite(bias)) throw Error(nameof(ForgetBias), "finite", bias);
        if (Tied && VectorSize != HiddenSize)
            throw Error(nameof(EmbeddingSize), $"HiddenSize ({HiddenSize}) for a tied output layer", EmbeddingSize);
    }

    private static ArgumentException Error(string name, string expected, object? actual) =>
        new($"LanguageModelOptions: {name} must be {expected} but was {actual}.");
}
