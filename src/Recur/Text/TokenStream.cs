namespace Recur.Text;

/// <summary>A text as one sequence of ids, as language models read it.</summary>
internal static class TokenStream
{
    /// <summary>What stands for tokens that are not in the vocabulary.</summary>
    public const string Unknown = "<unk>";

    /// <summary>What stands at the end of a line where the tokens do not say it themselves.</summary>
    public const string EndOfLine = "<eos>";

    /// <summary>Whether the tokens keep line ends, so that joining them gives the text back.</summary>
    public static bool KeepsText(ITokenizer tokenizer) => tokenizer is CharacterTokenizer;

    /// <summary>Where the last share of so many tokens begins.</summary>
    public static int FirstOfLast(int count, double share) => count - (int)(count * share);

    /// <summary>Reads a text whose vocabulary is known.</summary>
    public static int[] Read(
        TextSource source, ITokenizer tokenizer, Vocabulary vocabulary, CancellationToken cancel = default)
    {
        var ids = new List<int>();
        source.ReadTokens(
            tokenizer, token => ids.Add(vocabulary.IdOf(token)), LineEnd(tokenizer, vocabulary, ids), null, cancel);
        return [.. ids];
    }

    /// <summary>The ids of a text at hand, whose last line goes on.</summary>
    public static List<int> Encode(string text, ITokenizer tokenizer, Vocabulary vocabulary)
    {
        if (KeepsText(tokenizer) || !vocabulary.TryGetId(EndOfLine, out int end))
            return vocabulary.Encode(text, tokenizer);
        var ids = new List<int>();
        foreach (string line in text.ReplaceLineEndings("\n").Split('\n'))
        {
            if (ids.Count > 0) ids.Add(end);
            ids.AddRange(vocabulary.Encode(line, tokenizer));
        }

        return ids;
    }

    private static Action? LineEnd(ITokenizer tokenizer, Vocabulary vocabulary, List<int> ids) =>
        KeepsText(tokenizer) || !vocabulary.TryGetId(EndOfLine, out int end) ? null : () => ids.Add(end);

    /// <summary>Reads a text, chooses the vocabulary from its first part and encodes all of it.</summary>
    /// <param name="source">The text.</param>
    /// <param name="tokenizer">How it is cut into tokens.</param>
    /// <param name="validationShare">The share at the end that the vocabulary may not know.</param>
    /// <param name="minCount">How often a token must occur in the first part to be kept.</param>
    /// <param name="maxSize">The most tokens, or null.</param>
    /// <param name="cancel">Stops the reading.</param>
    /// <returns>The vocabulary, all ids, and where the last part begins.</returns>
    public static (Vocabulary Vocabulary, int[] Ids, int TrainLength) Read(
        TextSource source, ITokenizer tokenizer, double validationShare, long minCount, int? maxSize,
        CancellationToken cancel = default)
    {
        // First with an id for every token, by appearance: the text is read and cut once.
        bool keepsText = KeepsText(tokenizer);
        var all = new Dictionary<string, int>(StringComparer.Ordinal);
        var names = new List<string>();
        var ids = new List<int>();
        var lookup = all.GetAlternateLookup<ReadOnlySpan<char>>();
        Action<ReadOnlySpan<char>> add = token =>
        {
            if (!lookup.TryGetValue(token, out int id))
            {
                id = names.Count;
                names.Add(token.ToString());
                all.Add(names[id], id);
            }

            ids.Add(id);
        };
        source.ReadTokens(tokenizer, add, keepsText ? null : () => add(EndOfLine), null, cancel);

        int trainLength = FirstOfLast(ids.Count, validationShare);
        long[] counts = new long[names.Count];
        for (int i = 0; i < trainLength; i++) counts[ids[i]]++;
        Vocabulary vocabulary = Vocabulary.FromCounts(
            names.Select((name, i) => (name, counts[i])).Where(pair => pair.Item2 > 0),
            new VocabularyOptions
            {
                MinCount = minCount, MaxSize = maxSize, Unknown = Unknown, Specials = keepsText ? [] : [EndOfLine],
            });
        int[] renumbered = [.. names.Select(name => vocabulary.IdOf(name))];
        return (vocabulary, [.. ids.Select(id => renumbered[id])], trainLength);
    }
}
