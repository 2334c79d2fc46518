using Recur.Text;

namespace Recur.Tests.Text;

public sealed class CooccurrenceTests
{
    private static readonly WhitespaceTokenizer tokenizer = new();

    // ---- Values ----

    [Fact]
    public void Count_ThreeWords_AreTheSumsOfOneByDistance()
    {
        using Cooccurrences pairs = Cooccurrences.Count(Encode(["a b a", "b", "c b"]), new() { Window = 2 });
        // b comes first: three times. Between the lines nothing counts; a is two words from itself, seen from either
        // side.
        Assert.Equal(["b", "a", "c"], pairs.Vocabulary.Tokens);
        Assert.Equal(
            [(0, 1, 2.0), (1, 0, 2.0), (0, 2, 1.0), (2, 0, 1.0), (1, 1, 1.0)],
            pairs.Pairs().Select(p => (p.Row, p.Column, p.Value)));
        Assert.Equal(5, pairs.PairCount);
    }

    [Fact]
    public void Count_Asymmetric_RowIsTheWordOnTheLeft()
    {
        using Cooccurrences pairs = Cooccurrences.Count(
            Encode(["a b a", "b", "c b"]), new() { Window = 2, Symmetric = false });
        Assert.Equal(
            [(0, 1, 1.0), (1, 0, 1.0), (1, 1, 0.5), (2, 0, 1.0)],
            pairs.Pairs().Select(p => (p.Row, p.Column, p.Value)));
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(5, true)]
    [InlineData(5, false)]
    [InlineData(22, true)]
    [InlineData(40, true)]
    [InlineData(40, false)]
    public void Count_AnyText_IsTheNaiveDoubleLoop(int window, bool symmetric)
    {
        EncodedCorpus corpus = Encode(Random(lines: 60, words: 50, seed: window));
        var expected = new Dictionary<(int, int), double>();
        foreach (int[] sentence in Sentences(corpus))
            for (int i = 0; i < sentence.Length; i++)
                for (int j = i + 1; j < sentence.Length && j <= i + window; j++)
                {
                    Add(sentence[i], sentence[j], 1.0 / (j - i));
                    if (symmetric) Add(sentence[j], sentence[i], 1.0 / (j - i));
                }

        using Cooccurrences pairs = Cooccurrences.Count(corpus, new() { Window = window, Symmetric = symmetric });
        Cooccurrence[] actual = [.. pairs.Pairs()];
        Assert.Equal(expected.Count, actual.Length);
        Assert.Equal(actual.Length, pairs.PairCount);
        // Up to 22 exact to the last bits of double, beyond to 2^-33 for each place.
        double tolerance = window <= Cooccurrences.MostExactWindow ? 1e-12 : 2e-7;
        foreach (Cooccurrence p in actual)
            Assert.Equal(expected[(p.Row, p.Column)], p.Value, tolerance * expected[(p.Row, p.Column)]);

        void Add(int row, int column, double value) =>
            expected[(row, column)] = expected.GetValueOrDefault((row, column)) + value;
    }

    [Fact]
    public void UnitsOf_Windows_AreTheLeastCommonMultiples()
    {
        // OEIS A003418.
        Assert.Equal(
            [1UL, 2, 6, 12, 60, 360360, 232792560, 1UL << 32],
            new[] { 1, 2, 3, 4, 5, 15, 22, 23 }.Select(Cooccurrences.UnitsOf));
    }

    [Fact]
    public void Count_WordsOutsideTheVocabulary_AreNotThere()
    {
        TextSource source = TextSource.FromLines(["a x b a y b"]);
        Vocabulary vocabulary = Vocabulary.Build(source, tokenizer, new VocabularyOptions { MinCount = 2 });
        using Cooccurrences pairs = Cooccurrences.Count(
            EncodedCorpus.Encode(source, tokenizer, vocabulary), new() { Window = 1 });
        Assert.Equal([(0, 1, 3.0), (1, 0, 3.0)], pairs.Pairs().Select(p => (p.Row, p.Column, p.Value)));
    }

    // ---- Memory ----

    [Theory]
    [InlineData(true, 1 << 16)]
    [InlineData(false, 1 << 16)]
    [InlineData(true, 200_000)]
    public void Count_TinyBudget_SamePairsBitForBit(bool symmetric, long budget)
    {
        using var folder = new TemporaryFolder();
        EncodedCorpus corpus = Encode(Random(lines: 500, words: 400, seed: 2));
        var options = new CooccurrenceOptions { Symmetric = symmetric };
        using Cooccurrences whole = Cooccurrences.Count(corpus, options);
        using Cooccurrences spilled = Cooccurrences.Count(
            corpus, options with { MemoryBudget = budget, TemporaryFolder = folder.Path });
        Assert.False(whole.IsOnDisk);
        Assert.True(spilled.IsOnDisk && spilled.Runs > (budget == 1 << 16 ? 64 : 2), $"{spilled.Runs} runs");
        Assert.Equal(whole.PairCount, spilled.PairCount);
        Assert.True(whole.Pairs().SequenceEqual(spilled.Pairs()));
        spilled.Dispose();
        Assert.Empty(folder.Files());
    }

    [Fact]
    public void Count_Cancelled_LeavesNoFile()
    {
        using var folder = new TemporaryFolder();
        using var cancel = new CancellationTokenSource();
        EncodedCorpus corpus = Encode(Random(lines: 500, words: 400, seed: 2));
        var options = new CooccurrenceOptions { MemoryBudget = 1 << 16, TemporaryFolder = folder.Path };
        Assert.Throws<OperationCanceledException>(
            () => Cooccurrences.Count(corpus, options, new AtOnce(_ => cancel.Cancel()), cancel.Token).Dispose());
        Assert.Empty(folder.Files());
    }

    [Fact]
    public void Count_Progress_EndsWithAllWords()
    {
        long last = 0;
        EncodedCorpus corpus = Encode(["a b c", "d e"]);
        using Cooccurrences pairs = Cooccurrences.Count(corpus, null, new AtOnce(n => last = n));
        Assert.Equal(5, last);
    }

    [Fact]
    public void Pairs_Disposed_SaysSo()
    {
        Cooccurrences pairs = Cooccurrences.Count(Encode(["a b"]));
        pairs.Dispose();
        Assert.Throws<ObjectDisposedException>(() => pairs.Pairs().Count());
    }

    // ---- Errors ----

    [Theory]
    [InlineData("")]
    [InlineData("one")]
    public void Count_NoNeighbours_HasNoPairs(string line)
    {
        using Cooccurrences pairs = Cooccurrences.Count(Encode([line, ""]));
        Assert.Equal(0, pairs.PairCount);
        Assert.Empty(pairs.Pairs());
    }

    [Fact]
    public void Count_WrongOption_SaysWhich()
    {
        EncodedCorpus corpus = Encode(["a b"]);
        string Message(CooccurrenceOptions options) =>
            Assert.Throws<ArgumentException>(() => Cooccurrences.Count(corpus, options)).Message;
        Assert.Equal("CooccurrenceOptions.Window must be in 1..1000 but was 0.", Message(new() { Window = 0 }));
        Assert.Equal(
            "CooccurrenceOptions.MemoryBudget must be at least 65536 bytes but was -1.",
            Message(new() { MemoryBudget = -1 }));
        Assert.Equal(
            "CooccurrenceOptions.TemporaryFolder must be a folder that exists but was \"no/such\".",
            Message(new() { TemporaryFolder = "no/such" }));
    }

    [Fact]
    public void Sum_MoreThanFits_IsRefused()
    {
        Assert.Equal(ulong.MaxValue, PairUnits.Sum(ulong.MaxValue - 1, 1));
        Assert.StartsWith(
            "Cooccurrences: a pair of words comes more often than can be counted",
            Assert.Throws<InvalidOperationException>(() => PairUnits.Sum(ulong.MaxValue, 1)).Message);
    }

    // ---- Help ----

    private static EncodedCorpus Encode(string[] lines)
    {
        TextSource source = TextSource.FromLines(lines);
        return EncodedCorpus.Encode(source, tokenizer, Vocabulary.Build(source, tokenizer));
    }

    // Few words often and many seldom, as in a text.
    private static string[] Random(int lines, int words, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, lines).Select(_ => string.Join(' ',
            Enumerable.Range(0, random.Next(1, 60))
                .Select(_ => $"w{(int)(words * Math.Pow(random.NextDouble(), 2))}")))];
    }

    private static IEnumerable<int[]> Sentences(EncodedCorpus corpus)
    {
        var sentence = new List<int>();
        foreach (int id in corpus.Chunk(0).ToArray())
        {
            if (id != EncodedCorpus.EndOfSentence)
            {
                sentence.Add(id);
                continue;
            }

            yield return [.. sentence];
            sentence.Clear();
        }
    }

    private sealed class AtOnce(Action<long> action) : IProgress<long>
    {
        public void Report(long value) => action(value);
    }
}
