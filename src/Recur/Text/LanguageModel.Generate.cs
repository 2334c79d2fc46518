using Recur.Kernels;
using Recur.Nn;

namespace Recur.Text;

public sealed partial class LanguageModel
{
    /// <summary>Continues a text, token by token, without end: take as many as you want.</summary>
    /// <remarks>A token costs one step of a streaming session and one product with the output layer; nothing but the
    /// enumeration is allocated for it. Characters are to be written one after the other; words come with the space
    /// before them, and the end of a line as a line break. The unknown token is never chosen.</remarks>
    /// <param name="prompt">What comes before; may be empty. Tokens that are not in the vocabulary become its unknown
    /// token; where tokens are words, a line break is the end of a line.</param>
    /// <param name="options">How tokens are chosen.</param>
    /// <returns>The tokens after the prompt.</returns>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="InvalidOperationException">The vocabulary has nothing but the unknown token.</exception>
    /// <exception cref="KeyNotFoundException">The prompt has a token that is not in the vocabulary, which has no
    /// unknown token.</exception>
    public IEnumerable<string> Generate(string prompt = "", SamplingOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        var sampler = new TokenSampler(options ?? new SamplingOptions(), Vocabulary.Count);
        if (Vocabulary.Count <= (Vocabulary.UnknownId is null ? 0 : 1))
            throw new InvalidOperationException(
                "LanguageModel.Generate: the vocabulary must have a token besides the unknown one but has none.");
        return Generate(new Stepper(this), TokenStream.Encode(prompt, Tokenizer, Vocabulary), sampler);
    }

    private IEnumerable<string> Generate(Stepper stepper, List<int> prompt, TokenSampler sampler)
    {
        bool keepsText = TokenStream.KeepsText(Tokenizer);
        int lineEnd = !keepsText && Vocabulary.TryGetId(TokenStream.EndOfLine, out int id) ? id : -1;
        // Without a prompt the text begins behind a line end.
        if (prompt.Count == 0) prompt = [lineEnd >= 0 ? lineEnd : Vocabulary.TryGetId("\n", out int n) ? n : 0];
        foreach (int token in prompt) stepper.Step(token);
        bool atLineStart = prompt[^1] == lineEnd;
        while (true)
        {
            int next = sampler.Next(stepper.Logits, Vocabulary.UnknownId ?? -1);
            stepper.Step(next);
            if (next == lineEnd) yield return "\n";
            else if (keepsText || atLineStart) yield return Vocabulary[next];
            else yield return " " + Vocabulary[next];
            atLineStart = next == lineEnd;
        }
    }

    /// <summary>One text, one token at a time.</summary>
    private sealed class Stepper
    {
        private readonly RecurrentSession session;
        private readonly Tensor table, weight, bias;
        private readonly float[] hidden, logits;
        private readonly int vectorSize, hiddenSize;

        public Stepper(LanguageModel model)
        {
            session = model.rnn.CreateSession();
            (table, weight, bias) = (model.encoder.Weight, model.decoder.Weight, model.decoder.Bias);
            (vectorSize, hiddenSize) = (model.Options.VectorSize, model.Options.HiddenSize);
            hidden = new float[hiddenSize];
            logits = new float[model.Vocabulary.Count];
        }

        public ReadOnlySpan<float> Logits => logits;

        public void Step(int token)
        {
            session.Step(table.Span.Slice(token * vectorSize, vectorSize), hidden);
            MatrixVector.Multiply(logits.Length, hiddenSize, weight.Span, hidden, 0f, logits);
            Elementwise.Zip<Add>(logits, bias.Span, logits);
        }
    }
}
