using System.Text.Json;
using Recur.IO;

namespace Recur.Text;

/// <summary>Tokens and their ids, 0 to <see cref="Count"/> - 1, with how often each occurred.</summary>
/// <remarks>Specials come first, then tokens by falling count; of the same count, the one that appeared first. It never
/// changes; several threads may read it.</remarks>
public sealed class Vocabulary
{
    private readonly string[] tokens;
    private readonly long[] counts;
    private readonly Dictionary<string, int> ids;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> idsOfSpans;

    private Vocabulary(string[] tokens, long[] counts, int specialCount, string? unknown)
    {
        this.tokens = tokens;
        this.counts = counts;
        SpecialCount = specialCount;
        ids = new Dictionary<string, int>(tokens.Length, StringComparer.Ordinal);
        for (int i = 0; i < tokens.Length; i++)
        {
            if (!ids.TryAdd(tokens[i], i))
                throw new ArgumentException(
                    $"Vocabulary: tokens must be different but {JsonEncodedText.Encode(tokens[i])} comes twice.");
            TotalCount += counts[i];
        }

        idsOfSpans = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        UnknownId = unknown is null ? null : ids[unknown];
    }

    /// <summary>The number of tokens.</summary>
    public int Count => tokens.Length;

    /// <summary>All tokens, by id.</summary>
    public IReadOnlyList<string> Tokens => tokens;

    /// <summary>The number of specials, which have the first ids.</summary>
    public int SpecialCount { get; }

    /// <summary>The id that stands for all tokens that are not in the vocabulary; null when there is none.</summary>
    public int? UnknownId { get; }

    /// <summary>The sum of all counts.</summary>
    public long TotalCount { get; }

    /// <summary>The token of an id.</summary>
    public string this[int id] => (uint)id < (uint)tokens.Length
        ? tokens[id]
        : throw new ArgumentOutOfRangeException(
            nameof(id), $"Vocabulary: id must be from 0 to {Count - 1} but was {id}.");

    /// <summary>Reads a text and keeps its tokens.</summary>
    /// <param name="source">The text.</param>
    /// <param name="tokenizer">How it is cut into tokens.</param>
    /// <param name="options">Which tokens are kept; all when null.</param>
    /// <param name="bytesRead">Gets the bytes read so far, about once per MiB.</param>
    /// <param name="cancel">Stops the reading.</param>
    /// <exception cref="TextFormatException">The text is not UTF-8, or a token is too long.</exception>
    public static Vocabulary Build(
        TextSource source, ITokenizer tokenizer, VocabularyOptions? options = null, IProgress<long>? bytesRead = null,
        CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        options ??= new VocabularyOptions();
        options.Check();
        var counter = new TokenCounter(options.PruneAbove);
        source.ReadTokens(tokenizer, counter.Add, onLineEnd: null, bytesRead, cancel);
        return Select(counter.Counts, counter.Total, options);
    }

    /// <summary>Keeps tokens whose counts are known.</summary>
    /// <param name="counts">Different tokens and how often each occurred; of the same count, the earlier comes
    /// first.</param>
    /// <param name="options">Which tokens are kept; all when null.</param>
    public static Vocabulary FromCounts(
        IEnumerable<(string Token, long Count)> counts, VocabularyOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(counts);
        options ??= new VocabularyOptions();
        options.Check();
        (string Token, long Count)[] all = [.. counts];
        foreach ((string token, long count) in all)
        {
            if (token is null || count < 0)
                throw new ArgumentException(
                    $"Vocabulary.FromCounts: counts must be at least 0 but \"{token}\" has {count}.");
        }

        return Select(all, all.Sum(pair => pair.Count), options);
    }

    private static Vocabulary Select(
        IEnumerable<(string Token, long Count)> all, long total, VocabularyOptions options)
    {
        List<string> specials = [.. options.Specials];
        if (options.Unknown is { } unknown && !specials.Contains(unknown)) specials.Add(unknown);
        var kept = new List<(string Token, long Count)>();
        var ofSpecials = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach ((string token, long count) in all)
        {
            if (specials.Contains(token)) ofSpecials[token] = count;
            else if (count >= options.MinCount) kept.Add((token, count));
        }

        // OrderByDescending is stable: of the same count, the first to appear stays first.
        kept = [.. kept.OrderByDescending(pair => pair.Count)];
        if (options.MaxSize is { } max && kept.Count > max - specials.Count)
            kept.RemoveRange(max - specials.Count, kept.Count - (max - specials.Count));
        string[] names = [.. specials, .. kept.Select(pair => pair.Token)];
        long[] occurrences =
        [
            .. specials.Select(special => ofSpecials.GetValueOrDefault(special)), .. kept.Select(pair => pair.Count),
        ];
        if (options.Unknown is not null) occurrences[specials.IndexOf(options.Unknown)] += total - occurrences.Sum();
        return new Vocabulary(names, occurrences, specials.Count, options.Unknown);
    }

    /// <summary>How often a token occurred; for the unknown token, how often all those did that were not kept.</summary>
    public long CountOf(int id)
    {
        _ = this[id];
        return counts[id];
    }

    /// <summary>A copy of all counts, by id.</summary>
    internal long[] CopyCounts() => [.. counts];

    /// <summary>Whether a token is in the vocabulary, and its id.</summary>
    public bool TryGetId(ReadOnlySpan<char> token, out int id) => idsOfSpans.TryGetValue(token, out id);

    /// <summary>The id of a token; <see cref="UnknownId"/> when it is not in the vocabulary.</summary>
    /// <exception cref="KeyNotFoundException">It is not in the vocabulary, which has no unknown token.</exception>
    public int IdOf(ReadOnlySpan<char> token)
    {
        if (idsOfSpans.TryGetValue(token, out int id)) return id;
        return UnknownId ?? throw new KeyNotFoundException(
            $"Vocabulary: the token \"{token}\" is not among the {Count:#,0} tokens, and there is no unknown token.");
    }

    /// <summary>The ids of a text's tokens.</summary>
    /// <exception cref="KeyNotFoundException">A token is not in the vocabulary, which has no unknown token.</exception>
    public List<int> Encode(string text, ITokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(tokenizer);
        var encoded = new List<int>();
        tokenizer.Tokenize(text.ToCharArray(), token => encoded.Add(IdOf(token)));
        return encoded;
    }

    /// <summary>The tokens of ids, joined.</summary>
    /// <param name="encoded">The ids.</param>
    /// <param name="separator">What stands between tokens: nothing for characters, a space for words.</param>
    public string Decode(IEnumerable<int> encoded, string separator = "")
    {
        ArgumentNullException.ThrowIfNull(encoded);
        return string.Join(separator, encoded.Select(id => this[id]));
    }

    /// <summary>Writes the vocabulary as JSON, whole or not at all.</summary>
    public void Save(string path) => AtomicFile.Write(path, stream =>
    {
        using var json = new Utf8JsonWriter(stream);
        WriteTo(json);
    });

    /// <summary>Reads what <see cref="Save"/> has written.</summary>
    /// <exception cref="ModelFormatException">The file is something else or damaged.</exception>
    public static Vocabulary Load(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        byte[] bytes = File.ReadAllBytes(path);
        try
        {
            var json = new Utf8JsonReader(bytes);
            json.Read();
            return VocabularyJson.Read(ref json);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException
            or ArgumentException)
        {
            throw new ModelFormatException(
                $"{path}: must be a vocabulary as Recur writes it but is not: {e.Message}", e);
        }
    }

    internal void WriteTo(Utf8JsonWriter json) =>
        VocabularyJson.Write(json, tokens, counts, SpecialCount, UnknownId is { } id ? tokens[id] : null);

    internal static Vocabulary FromParts(string[] tokens, long[] counts, int specialCount, string? unknown) =>
        new(tokens, counts, specialCount, unknown);
}
