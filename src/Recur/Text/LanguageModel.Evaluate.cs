using Recur.Autograd;
using Recur.Nn;

namespace Recur.Text;

public sealed partial class LanguageModel
{
    private const int EvaluationSteps = 256;
    private const int EvaluationLogits = 1 << 24; // at most so many at once: 64 MiB

    /// <summary>Measures how well the model predicts a text.</summary>
    /// <inheritdoc cref="Evaluate(ReadOnlySpan{int}, int, IProgress{ValueTuple{long, long}}, CancellationToken)"/>
    /// <param name="text">The text; its tokens become ids of <see cref="Vocabulary"/>.</param>
    /// <param name="lastShare">The share of the tokens, at the end, to predict; with
    /// <see cref="LanguageModelTraining.ValidationShare"/> the part that a training on this text has not seen.</param>
    /// <param name="streams">Parts that are read side by side.</param>
    /// <param name="progress">Told after each piece how many tokens have been predicted, and of how many.</param>
    /// <param name="cancel">Stops the work.</param>
    /// <exception cref="TextFormatException">The text is not UTF-8, or has fewer than two tokens.</exception>
    /// <exception cref="KeyNotFoundException">A token is not in the vocabulary, which has no unknown
    /// token.</exception>
    /// <exception cref="IOException">The text cannot be read.</exception>
    public LanguageModelScore Evaluate(
        TextSource text, double lastShare = 1, int streams = 1, IProgress<(long Done, long Total)>? progress = null,
        CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!(lastShare is > 0 and <= 1))
            throw new ArgumentException(
                $"LanguageModel.Evaluate: lastShare must be greater than 0 and at most 1 but was {lastShare}.");
        int[] ids = TokenStream.Read(text, Tokenizer, Vocabulary, cancel);
        ids = ids[TokenStream.FirstOfLast(ids.Length, lastShare)..];
        if (ids.Length < 2)
            throw new TextFormatException(
                $"{text.Name}: the text to predict must have at least 2 tokens but has {ids.Length}.");
        return Evaluate(ids, streams, progress, cancel);
    }

    /// <summary>Measures how well the model predicts a sequence of ids.</summary>
    /// <remarks>Runs in evaluation mode, without dropout, from a zero state to the end with the state carried; the
    /// losses are summed in double. With several streams the sequence is cut into as many parts of equal length, each from a
    /// zero state: faster, and a little less kind to the model.</remarks>
    /// <param name="ids">At least 2.</param>
    /// <param name="streams">Parts that are read side by side.</param>
    /// <param name="progress">Told after each piece how many tokens have been predicted, and of how many.</param>
    /// <param name="cancel">Stops the work.</param>
    /// <exception cref="ArgumentException">Fewer than 2 ids, or fewer streams than 1.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id is not in the vocabulary.</exception>
    public LanguageModelScore Evaluate(
        ReadOnlySpan<int> ids, int streams = 1, IProgress<(long Done, long Total)>? progress = null,
        CancellationToken cancel = default)
    {
        if (ids.Length < 2)
            throw new ArgumentException($"LanguageModel.Evaluate: ids must be at least 2 but are {ids.Length}.");
        if (streams < 1)
            throw new ArgumentException($"LanguageModel.Evaluate: streams must be at least 1 but was {streams}.");
        int predicted = ids.Length - 1;
        bool wasTraining = IsTraining;
        Eval();
        try
        {
            double sum = SumOfLosses(ids, Math.Min(streams, predicted), progress, cancel);
            long unknown = Vocabulary.UnknownId is { } id ? ids[1..].Count(id) : 0;
            return new LanguageModelScore(predicted, sum / predicted, unknown);
        }
        finally
        {
            if (wasTraining) Train();
        }
    }

    private double SumOfLosses(
        ReadOnlySpan<int> ids, int streams, IProgress<(long Done, long Total)>? progress, CancellationToken cancel)
    {
        int predicted = ids.Length - 1;
        LanguageModelState state = CreateState(streams);
        int length = (predicted + streams - 1) / streams; // the last streams may be shorter
        int pieceSteps = Math.Min(length, EvaluationSteps);
        pieceSteps = Math.Clamp(EvaluationLogits / Vocabulary.Count / streams, 1, pieceSteps);
        int[] inputs = new int[pieceSteps * streams], targets = new int[pieceSteps * streams];
        double sum = 0;
        long done = 0;
        for (int start = 0; start < length; start += pieceSteps)
        {
            cancel.ThrowIfCancellationRequested();
            int steps = Math.Min(pieceSteps, length - start);
            for (int t = 0; t < steps; t++)
                for (int n = 0; n < streams; n++)
                {
                    long at = (long)n * length + start + t;
                    bool inside = at < predicted;
                    inputs[t * streams + n] = inside ? ids[(int)at] : 0;
                    targets[t * streams + n] = inside ? ids[(int)at + 1] : Losses.DefaultIgnoreIndex;
                    if (inside) done++;
                }

            using (GradMode.Inference())
            {
                Tensor losses = Loss(
                    inputs.AsSpan(0, steps * streams), targets.AsSpan(0, steps * streams), state, state,
                    Reduction.None);
                sum += Kernels.Reduce.Sum(losses.Span);
            }

            progress?.Report((done, predicted));
        }

        return sum;
    }
}
