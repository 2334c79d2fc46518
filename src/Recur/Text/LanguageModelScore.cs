namespace Recur.Text;

/// <summary>How well a <see cref="LanguageModel"/> predicts a text.</summary>
/// <param name="Tokens">The number of tokens that were predicted: all but the first.</param>
/// <param name="Loss">The mean of -ln p(token | all before it), in nats per token.</param>
/// <param name="Unknown">How many of the tokens stand for ones that are not in the vocabulary.</param>
public readonly record struct LanguageModelScore(long Tokens, double Loss, long Unknown)
{
    /// <summary>e^Loss: as many equally likely tokens would be as hard to predict.</summary>
    public double Perplexity => Math.Exp(Loss);

    /// <summary>The loss in bits per token; bits per character when tokens are characters.</summary>
    public double Bits => Loss / Math.Log(2);
}
