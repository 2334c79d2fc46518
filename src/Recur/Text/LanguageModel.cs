using Recur.Nn;

namespace Recur.Text;

/// <summary>Predicts the next token of a text from all tokens before: an embedding, a recurrent stack and an output layer
/// over the vocabulary.</summary>
/// <remarks>
/// <code>
/// x_t = dropout(E[token_t])      h_t = rnn(x_t, h_t-1)      p(token_t+1 | tokens up to t) = softmax(W dropout(h_t) + b)
/// </code>
/// <para>Mikolov et al. 2010; with LSTM and dropout Zaremba et al. 2014. The parameters have the names of PyTorch's
/// word_language_model example: <c>encoder.weight</c>, <c>rnn.weight_ih_l0</c> ..., <c>decoder.weight</c>,
/// <c>decoder.bias</c>; a tied output layer's weight is the encoder's.</para>
/// <para>T steps, N streams of text that advance together, V tokens. Ids are in the order (step, stream).</para>
/// <code>
/// LanguageModel model = LanguageModel.Fit(TextSource.FromFile("plays.txt"), new CharacterTokenizer());
/// foreach (string token in model.Generate("ROMEO:", new SamplingOptions { Temperature = 0.8f }).Take(500))
///     Console.Write(token);
/// </code>
/// </remarks>
public sealed partial class LanguageModel : Module
{
    private readonly Embedding encoder;
    private readonly RecurrentLayer rnn;
    private readonly OutputLayer decoder;
    private readonly Dropout dropout;

    /// <summary>A model with fresh parameters from <see cref="Rng.Default"/>.</summary>
    /// <param name="vocabulary">The tokens.</param>
    /// <param name="tokenizer">How text becomes tokens.</param>
    /// <param name="options">Sizes; the defaults when null.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public LanguageModel(Vocabulary vocabulary, ITokenizer tokenizer, LanguageModelOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(vocabulary);
        ArgumentNullException.ThrowIfNull(tokenizer);
        Options = options ?? new LanguageModelOptions();
        Options.Check();
        Vocabulary = vocabulary;
        Tokenizer = tokenizer;
        encoder = Register("encoder", new Embedding(vocabulary.Count, Options.VectorSize, sparse: true));
        rnn = Register("rnn", RecurrentLayer.Create(
            Options.Cell, Options.VectorSize, Options.HiddenSize, Options.NumLayers,
            Options.NumLayers > 1 ? Options.Dropout : 0f));
        Init.Uniform(encoder.Weight, -0.1f, 0.1f);
        Tensor weight = Options.Tied
            ? encoder.Weight
            : Init.Uniform(Tensor.Empty([vocabulary.Count, Options.HiddenSize]), -0.1f, 0.1f);
        decoder = Register("decoder", new OutputLayer(weight));
        dropout = Register("dropout", new Dropout(Options.Dropout));
        if (Options.Cell == CellKind.Lstm && Options.ForgetBias is { } bias) SetForgetBias(bias);
    }

    /// <summary>The tokens.</summary>
    public Vocabulary Vocabulary { get; }

    /// <summary>How text becomes tokens.</summary>
    public ITokenizer Tokenizer { get; }

    /// <summary>Its sizes.</summary>
    public LanguageModelOptions Options { get; }

    /// <summary>A state that remembers nothing.</summary>
    /// <param name="streams">The number of texts that are read side by side, N.</param>
    public LanguageModelState CreateState(int streams = 1)
    {
        if (streams < 1)
            throw new ArgumentException($"LanguageModel.CreateState: streams must be at least 1 but was {streams}.");
        return new LanguageModelState(Options.NumLayers, streams, Options.HiddenSize, rnn.HasCellState);
    }

    /// <summary>The logits of the next token after each of T steps.</summary>
    /// <param name="ids">[T, N], row-major.</param>
    /// <param name="state">The state before the first step, of N streams; it stays as it is.</param>
    /// <param name="next">Receives the state after the last step; another object than <paramref name="state"/> while a
    /// graph is recorded, or null.</param>
    /// <returns>[T, N, V].</returns>
    /// <exception cref="ArgumentException">The ids are not a multiple of N.</exception>
    public Tensor Forward(ReadOnlySpan<int> ids, LanguageModelState state, LanguageModelState? next = null)
    {
        Tensor h = Hidden("LanguageModel.Forward", ids, state, next);
        return decoder.Forward(h);
    }

    /// <summary>The mean cross-entropy of the tokens that follow, in nats; the logits are never stored twice.</summary>
    /// <inheritdoc cref="Forward"/>
    /// <param name="ids">[T, N], row-major.</param>
    /// <param name="targets">[T, N]: the token after each.</param>
    /// <param name="state">The state before the first step, of N streams; it stays as it is.</param>
    /// <param name="next">Receives the state after the last step, without gradient: that is where back-propagation is
    /// truncated. Another object than <paramref name="state"/> while a graph is recorded, or null.</param>
    /// <param name="reduction">Mean (the default), sum, or one value per token.</param>
    /// <returns>A scalar; [T, N] for <see cref="Reduction.None"/>.</returns>
    public Tensor Loss(
        ReadOnlySpan<int> ids, ReadOnlySpan<int> targets, LanguageModelState state, LanguageModelState? next = null,
        Reduction reduction = Reduction.Mean)
    {
        Tensor h = Hidden("LanguageModel.Loss", ids, state, next);
        return Losses.LinearCrossEntropy(h, decoder.Weight, decoder.Bias, targets, reduction: reduction);
    }

    private Tensor Hidden(
        string caller, ReadOnlySpan<int> ids, LanguageModelState state, LanguageModelState? next)
    {
        ArgumentNullException.ThrowIfNull(state);
        int n = state.Streams;
        if (ids.IsEmpty || ids.Length % n != 0)
            throw new ArgumentException(
                $"{caller}: ids must be [T, {n}] ({n} streams in the state) but there are {ids.Length}.");
        if (ReferenceEquals(state, next) && GradModeIsOn())
            throw new ArgumentException(
                $"{caller}: next must be another object than state, which the graph still needs.");
        Tensor x = dropout.Forward(encoder.Forward(ids, [ids.Length / n, n]));
        (Tensor output, Tensor h, Tensor c) = rnn.Run(x, state.H, state.C);
        next?.CopyFrom(h, c);
        return dropout.Forward(output);
    }

    private static bool GradModeIsOn() => Autograd.GradMode.IsEnabled;

    private void SetForgetBias(float bias)
    {
        int h = Options.HiddenSize;
        foreach ((string name, Tensor value) in rnn.NamedParameters())
        {
            if (!name.StartsWith("bias", StringComparison.Ordinal)) continue;
            value.MutableSpan.Slice(h, h).Fill(name.StartsWith("bias_ih", StringComparison.Ordinal) ? bias : 0f);
        }
    }

    /// <summary>Linear, over a weight that may be somebody else's too.</summary>
    private sealed class OutputLayer : Module
    {
        public OutputLayer(Tensor weight)
        {
            Weight = Register("weight", weight);
            Bias = Register("bias", Tensor.Zeros([weight.Shape[0]]));
        }

        public Tensor Weight { get; }

        public Tensor Bias { get; }

        public Tensor Forward(Tensor input) => Ops.LinearOp.Apply(input, Weight, Bias);
    }
}
