namespace Recur.Text;

/// <summary>Tokens are what stands between white space (Unicode's, line ends included), unchanged: for text that has
/// been prepared already.</summary>
public sealed class WhitespaceTokenizer : ITokenizer
{
    /// <inheritdoc/>
    public string Name => "whitespace";

    /// <inheritdoc/>
    public void Tokenize(Span<char> text, Action<ReadOnlySpan<char>> onToken)
    {
        ArgumentNullException.ThrowIfNull(onToken);
        int start = -1;
        for (int i = 0; i < text.Length; i++)
        {
            if (!char.IsWhiteSpace(text[i]))
            {
                if (start < 0) start = i;
            }
            else if (start >= 0)
            {
                onToken(text[start..i]);
                start = -1;
            }
        }

        if (start >= 0) onToken(text[start..]);
    }
}
