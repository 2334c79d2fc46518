namespace Recur.Text;

/// <summary>What a <see cref="LanguageModel"/> remembers of the text before: the states of its layers, for each of N
/// streams of text.</summary>
public sealed class LanguageModelState
{
    internal LanguageModelState(int layers, int streams, int hiddenSize, bool hasCellState)
    {
        H = Tensor.Zeros([layers, streams, hiddenSize]);
        C = hasCellState ? Tensor.Zeros([layers, streams, hiddenSize]) : null;
    }

    /// <summary>[NumLayers, N, HiddenSize].</summary>
    public Tensor H { get; }

    /// <summary>The LSTM's cell state, of the same shape; null for cells without one.</summary>
    public Tensor? C { get; }

    /// <summary>The number of streams, N.</summary>
    public int Streams => H.Shape[1];

    /// <summary>Forgets everything: all states become zero.</summary>
    public void Reset()
    {
        H.MutableSpan.Clear();
        if (C is { } c) c.MutableSpan.Clear();
    }

    internal void CopyFrom(Tensor h, Tensor c)
    {
        H.CopyFrom(h);
        if (C is { } mine) mine.CopyFrom(c);
    }
}
