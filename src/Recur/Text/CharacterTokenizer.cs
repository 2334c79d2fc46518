using System.Text;

namespace Recur.Text;

/// <summary>Every Unicode character is a token, white space and line ends included: nothing of the text is
/// lost.</summary>
/// <remarks>A character is a Unicode scalar value; a pair of surrogates is one token.</remarks>
public sealed class CharacterTokenizer : ITokenizer
{
    /// <inheritdoc/>
    public string Name => "characters";

    /// <inheritdoc/>
    public void Tokenize(Span<char> text, Action<ReadOnlySpan<char>> onToken)
    {
        ArgumentNullException.ThrowIfNull(onToken);
        for (int i = 0; i < text.Length;)
        {
            int length = 1;
            if (char.IsHighSurrogate(text[i])) Rune.DecodeFromUtf16(text[i..], out _, out length);
            onToken(text.Slice(i, length));
            i += length;
        }
    }
}
