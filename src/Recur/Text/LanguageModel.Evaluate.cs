using Recur.Autograd;
using Recur.Nn;

namespace Recur.Text;

public sealed partial class LanguageModel
{
    private const int EvaluationSteps = 256;

    /// <summary>Measures how well the model predicts a text.</summary>
    /// <param name="text">The text; its tokens become ids of <see cref="Vocabulary"/>.</param>
    /// <param name="cancel">Stops the work.</param>
    /// <exception cref="TextFormatException">The text is not UTF-8, or has fewer than two tokens.</exception>
    /// <exception cref="KeyNotFoundException">A token is not in the vocabulary, which has no unknown
    /// token.</exception>
    public LanguageModelScore Evaluate(TextSource text, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        int[] ids = TokenStream.Read(text, Tokenizer, Vocabulary, cancel);
        if (ids.Length < 2)
            throw new TextFormatException(
                $"{text.Name}: the text must have at least 2 tokens to be predicted but has {ids.Length}.");
        return Evaluate(ids, streams: 1, cancel);
    }

    /// <summary>Measures how well the model predicts a sequence of ids.</summary>
    /// <remarks>Runs in evaluation mode, without dropout, from a zero state to the end with the state carried; the losses
    /// are summed in double. With several streams the sequence is cut into as many parts of equal length, each from a
    /// zero state: faster, and a little less kind to the model.</remarks>
    /// <param name="ids">At least 2.</param>
    /// <param name="streams">Parts that are read side by side.</param>
    /// <param name="cancel">Stops the work.</param>
    public LanguageModelScore Evaluate(ReadOnlySpan<int> ids, int streams = 1, CancellationToken cancel = default)
    {
        if (ids.Length < 2)
            throw new ArgumentException($"LanguageModel.Evaluate: ids must be at least 2 but are {ids.Length}.");
        int predicted = ids.Length - 1;
        LanguageModelState state = CreateState(streams);
        int length = (predicted + streams - 1) / streams; // the last streams may be shorter
        int[] inputs = new int[EvaluationSteps * streams], targets = new int[EvaluationSteps * streams];
        bool wasTraining = IsTraining;
        Eval();
        double sum = 0;
        for (int start = 0; start < length; start += EvaluationSteps)
        {
            cancel.ThrowIfCancellationRequested();
            int steps = Math.Min(EvaluationSteps, length - start);
            for (int t = 0; t < steps; t++)
                for (int n = 0; n < streams; n++)
                {
                    long at = (long)n * length + start + t;
                    bool inside = at < predicted;
                    inputs[t * streams + n] = inside ? ids[(int)at] : 0;
                    targets[t * streams + n] = inside ? ids[(int)at + 1] : Losses.DefaultIgnoreIndex;
                }

            using (GradMode.Inference())
            {
                Tensor losses = Loss(
                    inputs.AsSpan(0, steps * streams), targets.AsSpan(0, steps * streams), state, state,
                    Reduction.None);
                sum += Kernels.Reduce.Sum(losses.Span);
            }
        }

        if (wasTraining) Train();
        long unknown = Vocabulary.UnknownId is { } id ? ids[1..].Count(id) : 0;
        return new LanguageModelScore(predicted, sum / predicted, unknown);
    }
}
