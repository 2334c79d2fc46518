namespace Recur.Text;

/// <summary>Cuts text into tokens: words, characters, or the pieces of somebody's own rule.</summary>
/// <remarks>One method, so that other tokenizers fit behind it. One of Microsoft.ML.Tokenizers, for example:
/// <code>
/// sealed class Pieces(Microsoft.ML.Tokenizers.Tokenizer inner) : ITokenizer
/// {
///     public string Name => "bpe";
///     public void Tokenize(Span&lt;char&gt; text, Action&lt;ReadOnlySpan&lt;char&gt;&gt; onToken)
///     {
///         foreach (EncodedToken token in inner.EncodeToTokens(text.ToString(), out _)) onToken(token.Value);
///     }
/// }
/// </code>
/// An instance may be used by several threads at once.</remarks>
public interface ITokenizer
{
    /// <summary>The rule's name, such as <c>words</c>; it stands in the files of models that were trained with
    /// it.</summary>
    string Name { get; }

    /// <summary>Gives the tokens of a piece of text, in order.</summary>
    /// <param name="text">A line, with its line end if it has one. The tokenizer may overwrite it, for example with
    /// lower-case letters.</param>
    /// <param name="onToken">Gets each token; the span is valid during the call only.</param>
    void Tokenize(Span<char> text, Action<ReadOnlySpan<char>> onToken);
}
