namespace Recur.Text;

/// <summary>Tokenizers by name, and tokens of a string.</summary>
public static class Tokenizers
{
    /// <summary>The tokens of a text as strings.</summary>
    /// <param name="tokenizer">The rule.</param>
    /// <param name="text">The text; it is copied, not changed.</param>
    public static List<string> Tokenize(this ITokenizer tokenizer, string text)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(text);
        var tokens = new List<string>();
        tokenizer.Tokenize(text.ToCharArray(), token => tokens.Add(token.ToString()));
        return tokens;
    }

    /// <summary>One of Recur's own tokenizers by its <see cref="ITokenizer.Name"/>.</summary>
    /// <param name="name"><c>whitespace</c>, <c>words</c>, <c>cased-words</c> or <c>characters</c>.</param>
    /// <exception cref="ArgumentException">There is no tokenizer of that name.</exception>
    public static ITokenizer FromName(string name) => name switch
    {
        "whitespace" => new WhitespaceTokenizer(),
        "words" => new WordTokenizer(),
        "cased-words" => new WordTokenizer(lowerCase: false),
        "characters" => new CharacterTokenizer(),
        _ => throw new ArgumentException(
            $"Tokenizers.FromName: name must be whitespace, words, cased-words or characters but was \"{name}\".",
            nameof(name)),
    };
}
