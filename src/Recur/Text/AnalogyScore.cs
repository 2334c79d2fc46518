namespace Recur.Text;

/// <summary>How many questions "a is to b as c is to?" were answered rightly.</summary>
/// <param name="Sections">By section, in the order of the file.</param>
public sealed record AnalogyScore(IReadOnlyList<AnalogySection> Sections)
{
    /// <summary>All sections together.</summary>
    public AnalogySection Total => new(
        "total", Sections.Sum(s => s.Correct), Sections.Sum(s => s.Asked), Sections.Sum(s => s.Unknown));
}

/// <summary>A section of analogy questions.</summary>
/// <param name="Name">What stands behind the colon.</param>
/// <param name="Correct">How many were answered rightly.</param>
/// <param name="Asked">How many were asked.</param>
/// <param name="Unknown">How many have a word without a vector; they are not asked, unless
/// <see cref="WordVectorEvaluation.CountUnknown"/>.</param>
public sealed record AnalogySection(string Name, int Correct, int Asked, int Unknown)
{
    /// <summary>The share of right answers, 0 to 1; NaN when none was asked.</summary>
    public double Accuracy => (double)Correct / Asked;
}
