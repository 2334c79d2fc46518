using Recur.IO;
using Recur.Text;

namespace Recur.Tests.Text;

public sealed class VocabularyTests : IDisposable
{
    private const string Verse = "the cat and the dog and the bird saw a cat";

    private readonly string path = Path.Combine(Path.GetTempPath(), $"recur-vocabulary-{Guid.NewGuid():N}.json");

    public void Dispose() => File.Delete(path);

    [Fact]
    public void Build_Text_OrdersByCountThenByAppearance()
    {
        Vocabulary v = Build();
        Assert.Equal(["the", "cat", "and", "dog", "bird", "saw", "a"], v.Tokens);
        Assert.Equal([3, 2, 2, 1, 1, 1, 1], Enumerable.Range(0, v.Count).Select(v.CountOf));
        Assert.Equal(11, v.TotalCount);
        Assert.Null(v.UnknownId);
    }

    [Fact]
    public void Build_MinCountAndSpecials_UnknownCountsTheRest()
    {
        Vocabulary v = Build(new VocabularyOptions { MinCount = 2, Specials = ["<pad>", "and"], Unknown = "<unk>" });
        Assert.Equal(["<pad>", "and", "<unk>", "the", "cat"], v.Tokens);
        Assert.Equal([0, 2, 4, 3, 2], Enumerable.Range(0, v.Count).Select(v.CountOf));
        Assert.Equal((2, 3), (v.UnknownId, v.SpecialCount));
        Assert.Equal(11, v.TotalCount);
        Assert.Equal(2, v.IdOf("zebra"));
    }

    [Fact]
    public void Build_MaxSize_KeepsTheMostFrequent() =>
        Assert.Equal(["<unk>", "the", "cat"], Build(new VocabularyOptions { MaxSize = 3, Unknown = "<unk>" }).Tokens);

    [Fact]
    public void Build_PruneAbove_ForgetsTheRarestFirst()
    {
        Vocabulary v = Vocabulary.Build(
            TextSource.FromLines(["a a a b b c", "d a b"]), new WhitespaceTokenizer(),
            new VocabularyOptions { PruneAbove = 2 });
        // c is the third: what was seen once goes. d comes and goes with what was seen twice, b.
        Assert.Equal(["a", "b"], v.Tokens);
        Assert.Equal([4, 1], Enumerable.Range(0, v.Count).Select(v.CountOf));
    }

    [Fact]
    public void EncodeDecode_Text_RoundTrips()
    {
        Vocabulary v = Build();
        List<int> ids = v.Encode("the dog saw the cat", new WhitespaceTokenizer());
        Assert.Equal([0, 3, 5, 0, 1], ids);
        Assert.Equal("the dog saw the cat", v.Decode(ids, " "));
    }

    [Fact]
    public void IdOf_NotThere_NamesTheToken()
    {
        var e = Assert.Throws<KeyNotFoundException>(() => Build().IdOf("zebra"));
        Assert.Equal(
            "Vocabulary: the token \"zebra\" is not among the 7 tokens, and there is no unknown token.", e.Message);
    }

    [Fact]
    public void SaveLoad_OddTokens_RoundTrip()
    {
        Vocabulary v = Vocabulary.FromCounts(
            [("\n", 5), ("\"quoted\\", 4), ("😀", 3), ("", 2), ("<script>", 1)],
            new VocabularyOptions { Specials = ["<pad>"], Unknown = "<unk>" });
        v.Save(path);
        Vocabulary loaded = Vocabulary.Load(path);
        Assert.Equal(v.Tokens, loaded.Tokens);
        Assert.Equal(Counts(v), Counts(loaded));
        Assert.Equal((v.UnknownId, v.SpecialCount), (loaded.UnknownId, loaded.SpecialCount));

        static long[] Counts(Vocabulary v) => [.. Enumerable.Range(0, v.Count).Select(v.CountOf)];
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"tokens": ["a"], "counts": [1, 2], "specials": 0}""")]
    [InlineData("""{"tokens": ["a", "a"], "counts": [1, 2], "specials": 0}""")]
    [InlineData("""{"tokens": ["a", null], "counts": [1, 2], "specials": 0}""")]
    [InlineData("""{"tokens": ["a"], "counts": [-1], "specials": 0}""")]
    [InlineData("""{"tokens": ["a"], "counts": [1.5], "specials": 0}""")]
    [InlineData("""{"tokens": ["a"], "counts": [1], "specials": 2}""")]
    [InlineData("""{"tokens": ["a"], "counts": [1], "specials": 0, "unknown": "b"}""")]
    [InlineData("""{"tokens": ["a"], "counts": [1], "specials": 0, "other": 1}""")]
    [InlineData("""{"tokens": ["a"], "counts": [1], "spe""")]
    public void Load_Damaged_IsOneSentenceWithTheFile(string json)
    {
        File.WriteAllText(path, json);
        var e = Assert.Throws<ModelFormatException>(() => Vocabulary.Load(path));
        Assert.StartsWith($"{path}: must be a vocabulary as Recur writes it but is not: ", e.Message);
    }

    [Fact]
    public void Options_OutOfRange_AreSentences()
    {
        Assert.Equal("VocabularyOptions: MinCount must be at least 0 but was -1.",
            Message(new VocabularyOptions { MinCount = -1 }));
        Assert.Equal("VocabularyOptions: MaxSize must be at least 3, the number of specials, but was 2.",
            Message(new VocabularyOptions { MaxSize = 2, Specials = ["a", "b"], Unknown = "c" }));
        Assert.Equal("VocabularyOptions: Specials must be different from each other.",
            Message(new VocabularyOptions { Specials = ["a", "a"] }));

        static string Message(VocabularyOptions o) => Assert.Throws<ArgumentException>(() => Build(o)).Message;
    }

    private static Vocabulary Build(VocabularyOptions? options = null) =>
        Vocabulary.Build(TextSource.FromLines([Verse]), new WhitespaceTokenizer(), options);
}
