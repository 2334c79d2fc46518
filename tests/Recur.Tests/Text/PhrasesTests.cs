using System.Text.Json;
using Recur.Text;

namespace Recur.Tests.Text;

public sealed class PhrasesTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Learn_Sentences_ScoresAndOutputAreThoseOfGensim(int index)
    {
        using JsonDocument fixture = Fixture.Open("word2vec.json");
        string[] sentences = Strings(fixture.RootElement.GetProperty("sentences"));
        JsonElement c = fixture.RootElement.GetProperty("phrases")[index];
        var options = new PhrasesOptions
        {
            MinCount = c.GetProperty("minCount").GetInt64(),
            Threshold = c.GetProperty("threshold").GetDouble(),
            Scoring = c.GetProperty("npmi").GetBoolean() ? PhraseScoring.Npmi : PhraseScoring.Default,
            ConnectorWords = Strings(c.GetProperty("connectors")),
            Delimiter = c.GetProperty("delimiter").GetString()!,
            MaxVocabSize = c.GetProperty("maxVocabSize").GetInt32(),
        };
        TextSource source = TextSource.FromLines(sentences);
        Phrases phrases = Phrases.Learn(source, new WhitespaceTokenizer(), options);
        Assert.Equal(c.GetProperty("count").GetInt32(), phrases.Count);
        var found = phrases.Find(source, new WhitespaceTokenizer());
        var expected = c.GetProperty("found").EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetDouble());
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), found.Keys.Order(StringComparer.Ordinal));
        Assert.All(found, pair => Assert.Equal(expected[pair.Key], pair.Value, 1e-12));

        string[] applied = Strings(c.GetProperty("applied"));
        Assert.Equal(applied, sentences.Select(s => string.Join(' ', phrases.Apply(s.Split(' ')))));
        ITokenizer over = phrases.Over(new WhitespaceTokenizer());
        Assert.Equal(applied, sentences.Select(s => string.Join(' ', over.Tokenize(s))));
        Assert.Equal("whitespace+phrases", over.Name);
    }

    [Fact]
    public void EnglishConnectorWords_AreThoseOfGensim()
    {
        using JsonDocument fixture = Fixture.Open("word2vec.json");
        string[] expected = Strings(fixture.RootElement.GetProperty("phrases")[3].GetProperty("connectors"));
        Assert.Equal(expected, PhrasesOptions.EnglishConnectorWords.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Learn_WrongOption_SaysWhich()
    {
        static string Message(PhrasesOptions options) => Assert.Throws<ArgumentException>(
            () => Phrases.Learn(TextSource.FromLines(["a b"]), new WhitespaceTokenizer(), options)).Message;
        Assert.Equal("PhrasesOptions.MinCount must be at least 1 but was 0.", Message(new() { MinCount = 0 }));
        Assert.Equal(
            "PhrasesOptions.Threshold must be in -1..1 with PhraseScoring.Npmi but was 10.",
            Message(new() { Scoring = PhraseScoring.Npmi }));
    }

    private static string[] Strings(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetString()!)];
}
