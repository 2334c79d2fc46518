using System.Buffers;
using System.Globalization;
using System.Text;

namespace Recur.Text;

/// <summary>Tokens are words: runs of letters, combining marks and digits; everything else separates.</summary>
/// <remarks>An apostrophe (' or ’) between two letters belongs to its word, as in <c>don't</c>. The rule is the common
/// part of Unicode's word boundaries (UAX #29); it does not cut scripts that are written without spaces.</remarks>
/// <param name="lowerCase">Whether letters are lower-cased, in the invariant culture.</param>
public sealed class WordTokenizer(bool lowerCase = true) : ITokenizer
{
    /// <summary>Whether letters are lower-cased.</summary>
    public bool LowerCase { get; } = lowerCase;

    /// <inheritdoc/>
    public string Name => LowerCase ? "words" : "cased-words";

    /// <inheritdoc/>
    public void Tokenize(Span<char> text, Action<ReadOnlySpan<char>> onToken)
    {
        ArgumentNullException.ThrowIfNull(onToken);
        if (LowerCase) ToLower(text);
        int start = -1;
        bool letterBefore = false;
        for (int i = 0; i < text.Length;)
        {
            Kind kind = KindAt(text, i, out int length);
            if (kind == Kind.Apostrophe)
            {
                bool inside = letterBefore && i + 1 < text.Length && KindAt(text, i + 1, out _) == Kind.Letter;
                kind = inside ? Kind.Letter : Kind.Other;
            }

            if (kind != Kind.Other)
            {
                if (start < 0) start = i;
            }
            else if (start >= 0)
            {
                onToken(text[start..i]);
                start = -1;
            }

            // A mark belongs to the letter that it stands on.
            letterBefore = kind == Kind.Letter || (kind == Kind.Mark && letterBefore);
            i += length;
        }

        if (start >= 0) onToken(text[start..]);
    }

    // In place: the invariant mapping keeps the number of UTF-16 units.
    private static void ToLower(Span<char> text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (Ascii.ToLowerInPlace(text[i..], out int done) == OperationStatus.Done) return;
            i += done;
            if (!char.IsSurrogate(text[i]))
                text[i] = char.ToLowerInvariant(text[i]);
            else if (Rune.DecodeFromUtf16(text[i..], out Rune rune, out _) == OperationStatus.Done)
                i += Rune.ToLowerInvariant(rune).EncodeToUtf16(text[i..]) - 1;
        }
    }

    private static Kind KindAt(ReadOnlySpan<char> text, int index, out int length)
    {
        char c = text[index];
        length = 1;
        if (char.IsAscii(c))
            return char.IsAsciiLetter(c) ? Kind.Letter
                : char.IsAsciiDigit(c) ? Kind.Digit
                : c == '\'' ? Kind.Apostrophe : Kind.Other;
        if (c == '\u2019') return Kind.Apostrophe;
        UnicodeCategory category;
        if (char.IsSurrogate(c))
        {
            if (Rune.DecodeFromUtf16(text[index..], out Rune rune, out length) != OperationStatus.Done)
                return Kind.Other;
            category = Rune.GetUnicodeCategory(rune);
        }
        else
        {
            category = char.GetUnicodeCategory(c);
        }

        return category switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
                or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => Kind.Letter,
            UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
                => Kind.Mark,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber => Kind.Digit,
            _ => Kind.Other,
        };
    }

    private enum Kind
    {
        Other,
        Letter,
        Mark,
        Digit,
        Apostrophe,
    }
}
