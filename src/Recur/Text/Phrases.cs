using System.Runtime.InteropServices;

namespace Recur.Text;

/// <summary>Finds words that come together more often than chance would have it, and makes one token of them: "new york"
/// becomes "new_york".</summary>
/// <remarks>Mikolov and others 2013, "Distributed Representations of Words and Phrases and their Compositionality",
/// section 4. Counts, scores and results are those of gensim's class of this name. Phrases of three words and more: learn
/// again from the tokens of the first.
/// <code>
/// var text = TextSource.FromFile("corpus.txt");
/// Phrases phrases = Phrases.Learn(text, new WordTokenizer());
/// var model = Word2Vec.Train(text, phrases.Over(new WordTokenizer()));
/// </code>
/// It never changes; several threads may use it.</remarks>
public sealed class Phrases
{
    private readonly Dictionary<string, long> counts;
    private readonly HashSet<string> connectors;
    private readonly long words;

    private Phrases(PhrasesOptions options, Dictionary<string, long> counts, HashSet<string> connectors, long words) =>
        (Options, this.counts, this.connectors, this.words) = (options, counts, connectors, words);

    /// <summary>What counts as a phrase.</summary>
    public PhrasesOptions Options { get; }

    /// <summary>The number of different words and pairs that are counted.</summary>
    public int Count => counts.Count;

    /// <summary>Counts the words and pairs of a text.</summary>
    /// <param name="source">The text; no phrase goes beyond the end of a line.</param>
    /// <param name="tokenizer">How it is cut into words.</param>
    /// <param name="options">What counts as a phrase; the defaults when null.</param>
    /// <param name="bytesRead">Gets the bytes read so far.</param>
    /// <param name="cancel">Stops the reading.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="TextFormatException">The text is not UTF-8, or a token is too long.</exception>
    public static Phrases Learn(
        TextSource source, ITokenizer tokenizer, PhrasesOptions? options = null, IProgress<long>? bytesRead = null,
        CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        options ??= new PhrasesOptions();
        options.Check();
        var inside = new HashSet<string>(options.ConnectorWords, StringComparer.Ordinal);
        var isConnector = inside.GetAlternateLookup<ReadOnlySpan<char>>();
        var seen = new Dictionary<string, long>(StringComparer.Ordinal);
        var lookup = seen.GetAlternateLookup<ReadOnlySpan<char>>();
        var open = new List<char>(); // the last word that is no connector, and the connectors behind it
        bool isOpen = false;
        long total = 0;
        int least = 1;

        void OnToken(ReadOnlySpan<char> token)
        {
            total++;
            bool connector = isConnector.Contains(token);
            if (!connector)
            {
                CollectionsMarshal.GetValueRefOrAddDefault(lookup, token, out _)++;
                if (isOpen)
                {
                    Append(options.Delimiter);
                    Append(token);
                    CollectionsMarshal.GetValueRefOrAddDefault(lookup, CollectionsMarshal.AsSpan(open), out _)++;
                }

                open.Clear();
                Append(token); // an end of one pair and the beginning of another
                isOpen = true;
            }
            else if (isOpen && open.Count <= TextSource.MaxTokenLength)
            {
                Append(options.Delimiter);
                Append(token);
            }
        }

        void Append(ReadOnlySpan<char> text) => CollectionExtensions.AddRange(open, text);

        void OnLineEnd()
        {
            open.Clear();
            isOpen = false;
            if (seen.Count <= options.MaxVocabSize) return;
            foreach ((string key, long count) in seen) // removing while walking is allowed
                if (count < least) seen.Remove(key);
            least++;
        }

        source.ReadTokens(tokenizer, OnToken, OnLineEnd, bytesRead, cancel);
        return new Phrases(options, seen, inside, total);
    }

    /// <summary>The tokens of a sentence, with one token in the place of each phrase.</summary>
    public List<string> Apply(IEnumerable<string> sentence)
    {
        var result = new List<string>();
        Walk(sentence, (token, _) => result.Add(token));
        return result;
    }

    /// <summary>The phrases of a text and their scores (gensim's <c>find_phrases</c>).</summary>
    /// <param name="source">The text.</param>
    /// <param name="tokenizer">How it is cut into words; as for <see cref="Learn"/>.</param>
    /// <param name="cancel">Stops the reading.</param>
    public IReadOnlyDictionary<string, double> Find(
        TextSource source, ITokenizer tokenizer, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        var found = new Dictionary<string, double>(StringComparer.Ordinal);
        var line = new List<string>();
        source.ReadTokens(tokenizer, token => line.Add(token.ToString()), OnLineEnd, null, cancel);
        return found;

        void OnLineEnd()
        {
            Walk(line, (token, score) =>
            {
                if (score is { } s) found[token] = s;
            });
            line.Clear();
        }
    }

    /// <summary>A tokenizer whose tokens are those of another one, phrases joined; line by line.</summary>
    /// <param name="tokenizer">The one that was used for <see cref="Learn"/>.</param>
    public ITokenizer Over(ITokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        return new PhraseTokenizer(this, tokenizer);
    }

    /// <summary>Gives tokens and phrases in order; a token that is no phrase has no score.</summary>
    private void Walk(IEnumerable<string> sentence, Action<string, double?> onToken)
    {
        ArgumentNullException.ThrowIfNull(sentence);
        string? start = null;
        var between = new List<string>();
        foreach (string word in sentence)
        {
            if (connectors.Contains(word))
            {
                if (start is null) onToken(word, null);
                else between.Add(word);
                continue;
            }

            if (start is not null && Score(start, between, word, out string phrase) is { } score)
            {
                onToken(phrase, score);
                start = null;
                between.Clear();
                continue;
            }

            Dissolve();
            start = word;
        }

        Dissolve();

        void Dissolve()
        {
            if (start is not null) onToken(start, null);
            foreach (string connector in between) onToken(connector, null);
            between.Clear();
        }
    }

    private double? Score(string a, List<string> between, string b, out string phrase)
    {
        phrase = "";
        if (!counts.TryGetValue(a, out long countA) || !counts.TryGetValue(b, out long countB)) return null;
        phrase = between.Count == 0
            ? string.Concat(a, Options.Delimiter, b)
            : string.Join(Options.Delimiter, [a, .. between, b]);
        if (!counts.TryGetValue(phrase, out long both)) return null;
        double score = Options.Scoring == PhraseScoring.Default
            ? (both - Options.MinCount) / ((double)countA * countB) * counts.Count
            : Npmi(countA, countB, both);
        return score > Options.Threshold ? score : null;
    }

    private double Npmi(long countA, long countB, long both)
    {
        if (both < Options.MinCount) return double.NegativeInfinity;
        double total = words, pa = countA / total, pb = countB / total, pab = both / total;
        return Math.Log(pab / (pa * pb)) / -Math.Log(pab);
    }

    private sealed class PhraseTokenizer(Phrases phrases, ITokenizer inner) : ITokenizer
    {
        public string Name => inner.Name + "+phrases";

        public void Tokenize(Span<char> text, Action<ReadOnlySpan<char>> onToken)
        {
            var words = new List<string>();
            inner.Tokenize(text, token => words.Add(token.ToString()));
            phrases.Walk(words, (token, _) => onToken(token));
        }
    }
}
