namespace Recur.Text;

/// <summary>How often two words stand near each other.</summary>
/// <param name="Row">The id of the word: with <see cref="CooccurrenceOptions.Symmetric"/> either of the two, otherwise
/// the one on the left.</param>
/// <param name="Column">The id of its neighbour.</param>
/// <param name="Value">The sum of 1/distance over all places.</param>
public readonly record struct Cooccurrence(int Row, int Column, double Value);
