#pragma warning disable RS0016 // a stand-in until the branch with the queries is merged, which lists the members
namespace Recur.Text;

/// <summary>Words and their vectors.</summary>
/// <param name="words">The words, by row.</param>
/// <param name="values">[V, D], row-major.</param>
/// <param name="vectorSize">D.</param>
/// <param name="counts">How often each word occurred; null when unknown.</param>
public sealed class WordVectors(IReadOnlyList<string> words, float[] values, int vectorSize, long[]? counts = null)
{
    internal long[]? Counts => counts;

    internal float[] Values => values;

    /// <summary>The words whose vectors have the largest cosine with that of a word, itself left out.</summary>
    public IReadOnlyList<(string Word, float Similarity)> MostSimilar(string word, int count = 10)
    {
        int row = words.ToList().IndexOf(word);
        if (row < 0) throw new KeyNotFoundException($"WordVectors: the word \"{word}\" is not among the {words.Count} words.");
        return [.. Enumerable.Range(0, words.Count).Where(i => i != row)
            .Select(i => (words[i], (float)(Dot(i, row) / Math.Sqrt(Dot(i, i) * Dot(row, row)))))
            .OrderByDescending(n => n.Item2).Take(count)];
    }

    private double Dot(int a, int b)
    {
        double sum = 0;
        for (int c = 0; c < vectorSize; c++) sum += (double)values[a * vectorSize + c] * values[b * vectorSize + c];
        return sum;
    }
}
