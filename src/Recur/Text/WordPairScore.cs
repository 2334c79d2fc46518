namespace Recur.Text;

/// <summary>How well the similarities of word pairs agree with what people say.</summary>
/// <param name="Pearson">The linear correlation of both, -1 to 1; NaN for fewer than two pairs.</param>
/// <param name="Spearman">The correlation of their ranks.</param>
/// <param name="Pairs">How many pairs there are.</param>
/// <param name="Unknown">How many of them have a word without a vector; they are left out, unless
/// <see cref="WordVectorEvaluation.CountUnknown"/>.</param>
public sealed record WordPairScore(double Pearson, double Spearman, int Pairs, int Unknown)
{
    /// <summary>The share of pairs that have a word without a vector, 0 to 1.</summary>
    public double UnknownShare => Pairs == 0 ? 0 : (double)Unknown / Pairs;
}
