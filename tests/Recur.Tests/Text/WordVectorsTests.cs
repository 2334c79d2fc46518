using System.Text.Json;
using Recur.Text;

namespace Recur.Tests.Text;

public sealed class WordVectorsTests
{
    private static readonly JsonElement gensim = Open();

    private static JsonElement Open()
    {
        using JsonDocument fixture = Fixture.Open("word_vectors.json");
        return fixture.RootElement.Clone();
    }

    private static string[] Strings(JsonElement e) => [.. e.EnumerateArray().Select(x => x.GetString()!)];

    private static WordVectors Vectors() => new(
        Strings(gensim.GetProperty("words")),
        [.. gensim.GetProperty("values").EnumerateArray().Select(x => x.GetSingle())], 7);

    // ---- gensim's answers ----------------------------------------------------------------------------------------

    [Fact]
    public void Similarity_Words_IsGensims()
    {
        foreach (JsonElement row in gensim.GetProperty("similarity").EnumerateArray())
            Assert.Equal(row[2].GetDouble(), Vectors().Similarity(row[0].GetString()!, row[1].GetString()!), 1e-6);
    }

    [Fact]
    public void MostSimilar_PositiveAndNegativeWords_IsGensims()
    {
        foreach (JsonElement row in gensim.GetProperty("most_similar").EnumerateArray())
        {
            JsonElement restrict = row.GetProperty("restrict");
            var found = Vectors().MostSimilar(
                Strings(row.GetProperty("positive")), Strings(row.GetProperty("negative")), 4,
                restrict.ValueKind == JsonValueKind.Null ? null : restrict.GetInt32());
            JsonElement[] expected = [.. row.GetProperty("answer").EnumerateArray()];
            Assert.Equal(expected.Select(e => e[0].GetString()), found.Select(f => f.Word));
            Assert.All(found.Zip(expected), p => Assert.Equal(p.Second[1].GetDouble(), p.First.Similarity, 1e-6));
        }
    }

    [Fact]
    public void DoesntMatch_Words_IsGensims()
    {
        foreach (JsonElement row in gensim.GetProperty("doesnt_match").EnumerateArray())
            Assert.Equal(row[1].GetString(), Vectors().DoesntMatch(Strings(row[0])));
    }

    [Fact]
    public void RankAndDistances_Words_AreGensims()
    {
        foreach (JsonElement row in gensim.GetProperty("rank").EnumerateArray())
            Assert.Equal(row[2].GetInt32(), Vectors().Rank(row[0].GetString()!, row[1].GetString()!));
        float[] distances = Vectors().Distances("Rome");
        double[] expected = [.. gensim.GetProperty("distances").EnumerateArray().Select(x => x.GetDouble())];
        Assert.All(distances.Zip(expected), p => Assert.Equal(p.Second, p.First, 1e-6));
        Assert.Equal(expected.Length, distances.Length);
        Assert.Equal(1 - Vectors().Similarity("man", "woman"), Vectors().Distance("man", "woman"));
    }

    [Theory]
    [InlineData("usual", false)]
    [InlineData("dummy", true)]
    public void Evaluate_PairsAndAnalogies_ScoresAreGensims(string name, bool countUnknown)
    {
        JsonElement expected = gensim.GetProperty("score").GetProperty(name);
        var options = new WordVectorEvaluation { CountUnknown = countUnknown };
        WordPairScore pairs = Vectors().EvaluatePairs(Lines("pairs"), options);
        Assert.Equal(expected.GetProperty("pearson").GetDouble(), pairs.Pearson, 1e-6);
        Assert.Equal(expected.GetProperty("spearman").GetDouble(), pairs.Spearman, 1e-12);
        Assert.Equal(expected.GetProperty("unknown").GetDouble(), pairs.UnknownShare, 1e-12);

        AnalogyScore analogies = Vectors().EvaluateAnalogies(Lines("questions"), options);
        (string, int, int)[] sections =
        [
            .. expected.GetProperty("sections").EnumerateArray()
                .Select(s => (s[0].GetString()!, s[1].GetInt32(), s[2].GetInt32())),
        ];
        Assert.Equal(sections[..^1], analogies.Sections.Select(s => (s.Name, s.Correct, s.Asked)));
        Assert.Equal(sections[^1] with { Item1 = "total" }, (analogies.Total.Name, analogies.Total.Correct, analogies.Total.Asked));
        Assert.Equal(1, analogies.Total.Unknown);
    }

    [Fact]
    public void Project_Words_ArePrincipalComponentsOfNumPy()
    {
        var (points, shareX, shareY) = Vectors().Project(Strings(gensim.GetProperty("pca_words")));
        double[] shares = [.. gensim.GetProperty("pca_shares").EnumerateArray().Select(x => x.GetDouble())];
        Assert.Equal(shares[0], shareX, 1e-9);
        Assert.Equal(shares[1], shareY, 1e-9);
        JsonElement[] expected = [.. gensim.GetProperty("pca").EnumerateArray()];
        foreach ((int axis, Func<(double X, double Y), double> part) in new (int, Func<(double X, double Y), double>)[]
            { (0, p => p.X), (1, p => p.Y) })
        {
            double[] column = [.. expected.Select(e => e[axis].GetDouble())];
            double sign = Math.Sign(column.MaxBy(Math.Abs)); // numpy leaves the direction open
            for (int i = 0; i < column.Length; i++) Assert.Equal(sign * column[i], part(points[i]), 1e-6);
        }
    }

    private static TextSource Lines(string name) =>
        TextSource.FromLines(gensim.GetProperty(name).GetString()!.TrimEnd('\n').Split('\n'), name);

    // ---- Neighbours ----------------------------------------------------------------------------------------------

    [Theory]
    [InlineData(3000, 100, 10)]
    [InlineData(6000, 33, 1)]
    [InlineData(700, 5, 700)]
    [InlineData(1, 3, 4)]
    public void NearestTo_ManyVectors_AreThoseOfAPlainSearch(int count, int size, int wanted)
    {
        var random = new Random(count);
        float[] values = [.. Enumerable.Range(0, count * size).Select(_ => random.NextSingle() - 0.5f)];
        Array.Copy(values, 0, values, (count - 1) * size, size); // the last is as near as the first
        var vectors = new WordVectors([.. Enumerable.Range(0, count).Select(i => $"w{i}")], values, size);
        float[] target = [.. Enumerable.Range(0, size).Select(_ => random.NextSingle() - 0.5f)];
        double Norm(ReadOnlySpan<float> x)
        {
            double sum = 0;
            foreach (float v in x) sum += (double)v * v;
            return Math.Sqrt(sum);
        }

        double Cosine(int row)
        {
            double sum = 0;
            for (int i = 0; i < size; i++) sum += (double)target[i] * values[row * size + i];
            return sum / Norm(target) / Norm(values.AsSpan(row * size, size));
        }

        double[] cosines = [.. Enumerable.Range(0, count).Select(Cosine)];
        var found = vectors.NearestTo(target, wanted);
        Assert.Equal(Math.Min(wanted, count), found.Count);
        Assert.Equal(found.Count, found.Select(f => f.Word).Distinct().Count());
        double[] best = [.. cosines.OrderDescending().Take(wanted)];
        Assert.All(found.Zip(best), p => Assert.Equal(p.Second, p.First.Similarity, 1e-6));
        Assert.All(found, f => Assert.Equal(cosines[vectors.RowOf(f.Word)], f.Similarity, 1e-6));
    }

    [Fact]
    public void MostSimilar_ZeroVector_IsAsFarAsARightAngle()
    {
        var vectors = new WordVectors(["a", "b", "o", "c"], [1, 0, -1, 0, 0, 0, 0, 5e-20f], 2);
        Assert.Equal([("o", 0f), ("c", 0f), ("b", -1f)], vectors.MostSimilar("a"));
        Assert.Equal(1f, vectors.Similarity("c", "c"), 1e-6f); // though its square is no normal number
        Assert.Equal(0f, vectors.Similarity("o", "o"));
    }

    [Fact]
    public void ToEmbedding_VocabularyInAnotherOrder_HasTheWordsVectors()
    {
        WordVectors vectors = Vectors();
        Vocabulary vocabulary = Vocabulary.FromCounts(
            [("Rome", 3), ("nobody", 2), ("man", 1)], new VocabularyOptions { Unknown = "<unk>" });
        Tensor weight = vectors.ToEmbedding(freeze: false, vocabulary).Weight;
        Assert.True(weight.RequiresGrad);
        Assert.Equal([.. new float[7], .. vectors["Rome"], .. new float[7], .. vectors["man"]], weight.ToArray());
        Assert.Equal(vectors.ToTensor().ToArray(), vectors.ToEmbedding().Weight.ToArray());
        Assert.False(vectors.ToEmbedding().Weight.RequiresGrad);
    }

    // ---- What is refused -----------------------------------------------------------------------------------------

    [Fact]
    public void Constructor_WrongArguments_SaysWhich()
    {
        static string Message(string[] words, float[] values, int size, long[]? counts = null) =>
            Assert.Throws<ArgumentException>(() => new WordVectors(words, values, size, counts)).Message;
        Assert.Equal("WordVectors: words must have at least one word.", Message([], [], 3));
        Assert.Equal("WordVectors: vectorSize must be at least 1 but was 0.", Message(["a"], [], 0));
        Assert.Equal("WordVectors: values must have 2 x 2 numbers but has 3.", Message(["a", "b"], [1, 2, 3], 2));
        Assert.Equal("WordVectors: words must be different but \"a\" comes twice.", Message(["a", "b", "a"], [1, 2, 3], 1));
        Assert.Equal("WordVectors: word 1 is not valid Unicode.", Message(["a", "\ud800"], [1, 2], 1));
        Assert.Equal(
            "WordVectors: the vector of word 2, \"b\", must have finite numbers but number 1 is NaN.",
            Message(["a", "b"], [1, float.NaN], 1));
        Assert.Equal(
            "WordVectors: counts must have 1 numbers, one for each word, but has 2.", Message(["a"], [1], 1, [1, 2]));
    }

    [Fact]
    public void Queries_WrongArguments_SayWhich()
    {
        WordVectors vectors = Vectors();
        Assert.Equal(
            "WordVectors: the word \"nobody\" is not among the 19 words.",
            Assert.Throws<KeyNotFoundException>(() => vectors.Similarity("man", "nobody")).Message);
        Assert.Equal(
            "WordVectors.MostSimilar: positive and negative must name at least one word.",
            Assert.Throws<ArgumentException>(() => vectors.MostSimilar([], [])).Message);
        Assert.Equal(
            "WordVectors: count must be at least 1 but was 0.",
            Assert.Throws<ArgumentException>(() => vectors.MostSimilar("man", 0)).Message);
        Assert.Equal(
            "WordVectors.NearestTo: vector must have 7 numbers but has 2.",
            Assert.Throws<ArgumentException>(() => vectors.NearestTo([1, 2])).Message);
        Assert.Equal(
            "WordVectors.NearestTo: vector must be finite but has NaN.",
            Assert.Throws<ArgumentException>(() => vectors.NearestTo([1, 2, 3, float.NaN, 5, 6, 7])).Message);
        Assert.Equal(
            "WordVectors.Project: words must have at least three words, each once, but has 2 of 3.",
            Assert.Throws<ArgumentException>(() => vectors.Project(["man", "Rome", "man"])).Message);
        Assert.False(vectors.Contains("\ud800"));
    }

    [Theory]
    [InlineData("a b 3", "pairs(2): the line must be two words and a number with tabs between but is \"a b 3\".")]
    [InlineData("a\tb\tnan", "pairs(2): the line must be two words and a number with tabs between but is \"a\tb\tnan\".")]
    public void EvaluatePairs_WrongLine_SaysWhich(string line, string message) => Assert.Equal(
        message,
        Assert.Throws<TextFormatException>(
            () => Vectors().EvaluatePairs(TextSource.FromLines(["man\tRome\t1", line], "pairs"))).Message);

    [Theory]
    [InlineData("a b c d", "q(1): the line must be a section, \": name\", but is \"a b c d\".")]
    [InlineData(": x\na b c", "q(2): the line must be four words but is \"a b c\".")]
    public void EvaluateAnalogies_WrongLine_SaysWhich(string lines, string message) => Assert.Equal(
        message,
        Assert.Throws<TextFormatException>(
            () => Vectors().EvaluateAnalogies(TextSource.FromLines(lines.Split('\n'), "q"))).Message);
}
