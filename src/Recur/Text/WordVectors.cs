#pragma warning disable RS0016 // a stand-in until the branch with the queries is merged, which lists the members
namespace Recur.Text;

/// <summary>Words and their vectors.</summary>
/// <param name="words">The words, by row.</param>
/// <param name="values">[V, D], row-major.</param>
/// <param name="vectorSize">D.</param>
/// <param name="counts">How often each word occurred; null when unknown.</param>
public sealed class WordVectors(IReadOnlyList<string> words, float[] values, int vectorSize, long[]? counts = null)
{
    internal IReadOnlyList<string> Words => words;

    internal float[] Values => values;

    internal int VectorSize => vectorSize;

    internal long[]? Counts => counts;
}
