using Recur.Text;

namespace Recur.Tests.Text;

public sealed class TokenizerTests
{
    [Theory]
    [InlineData("The cat,  sat\r\n", "The|cat,|sat")]
    [InlineData("\t \n", "")]
    [InlineData("a\u3000b\u00A0c", "a|b|c")] // ideographic and no-break space
    [InlineData("last", "last")]
    public void Whitespace_Text_CutsBetweenSpaces(string text, string expected) =>
        Assert.Equal(expected, string.Join('|', new WhitespaceTokenizer().Tokenize(text)));

    [Theory]
    [InlineData("Don't stop—it's 'quoted' rock'n'roll!", "don't|stop|it's|quoted|rock'n'roll")]
    [InlineData("L’Été, ÀÉÎ ΑΒΓ", "l’été|àéî|αβγ")]
    [InlineData("x2 3.14 snake_case", "x2|3|14|snake|case")]
    [InlineData("नमस्ते दुनिया", "नमस्ते|दुनिया")] // vowel signs are marks
    [InlineData("e\u0301t\u0301's", "e\u0301t\u0301's")] // an apostrophe after a letter with a combining accent
    [InlineData("𐐀𐐁 😀 𝒳", "𐐨𐐩|𝒳")] // surrogate pairs: Deseret letters have lower case, an emoji is no word
    [InlineData("'' ' a'", "a")]
    public void Words_Text_CutsIntoLowerCaseWords(string text, string expected) =>
        Assert.Equal(expected, string.Join('|', new WordTokenizer().Tokenize(text)));

    [Fact]
    public void Words_WithoutLowerCase_KeepsLetters() =>
        Assert.Equal(["The", "Cat"], new WordTokenizer(lowerCase: false).Tokenize("The Cat."));

    [Fact]
    public void Characters_Text_LosesNothing()
    {
        const string text = "a é😀\r\n";
        List<string> tokens = new CharacterTokenizer().Tokenize(text);
        Assert.Equal(["a", " ", "é", "😀", "\r", "\n"], tokens);
        Assert.Equal(text, string.Concat(tokens));
    }

    [Theory]
    [InlineData("whitespace")]
    [InlineData("words")]
    [InlineData("cased-words")]
    [InlineData("characters")]
    public void FromName_OwnName_GivesThatTokenizer(string name) =>
        Assert.Equal(name, Tokenizers.FromName(name).Name);

    [Fact]
    public void FromName_OtherName_SaysWhichThereAre()
    {
        var e = Assert.Throws<ArgumentException>(() => Tokenizers.FromName("bpe"));
        Assert.StartsWith("Tokenizers.FromName: name must be whitespace, words, cased-words or characters but was "
            + "\"bpe\".", e.Message);
    }
}
