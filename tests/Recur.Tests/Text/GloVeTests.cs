using Recur.Text;

namespace Recur.Tests.Text;

public sealed unsafe class GloVeTests
{
    private static readonly WhitespaceTokenizer tokenizer = new();

    private static readonly GloVeOptions small = new()
    {
        MinCount = 1,
        VectorSize = 12,
        Window = 4,
        XMax = 10,
        Epochs = 3,
        Threads = 1,
    };

    // ---- Learning ------------------------------------------------------------------------------------------------

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void TrainEpoch_NothingMoves_CostIsTheMeanOverAllPairs(bool symmetric)
    {
        GloVeOptions options = small with { LearningRate = 1e-12, Symmetric = symmetric };
        EncodedCorpus corpus = Encode(Topics());
        using Cooccurrences pairs = Cooccurrences.Count(corpus, options.Counting);
        var model = new GloVe(corpus.Vocabulary, options);
        GloVeWeights w = model.Weights;
        double expected = pairs.Pairs().Average(p =>
        {
            Span<float> word = w.Row(w.Words, p.Row), context = w.Row(w.Contexts, p.Column);
            double d = word[12] + context[12] - Math.Log(p.Value);
            for (int c = 0; c < 12; c++) d += (double)word[c] * context[c];
            return Math.Min(1, Math.Pow(p.Value / 10, 0.75)) * d * d / 2;
        });
        Assert.True(model.TrainEpoch(pairs));
        Assert.Equal(expected, model.Costs[0], 1e-6 * expected);
    }

    [Fact]
    public void New_AnySeed_BeginsAsTheOriginal()
    {
        var model = new GloVe(Encode(Topics()).Vocabulary, small);
        GloVeWeights w = model.Weights;
        for (int i = 0; i < w.Count; i++)
        {
            Assert.All(w.Row(w.Words, i).ToArray(), v => Assert.InRange(v, -0.5f / 12, 0.5f / 12));
            Assert.All(w.Sums(w.Contexts, i).ToArray(), v => Assert.Equal(1f, v));
        }

        float[] all = w.Vectors(GloVeVectors.Context);
        Assert.True(all.Max() > 0.48f / 12 && all.Min() < -0.48f / 12);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(2, false)]
    public void Train_TwoTopics_WordsOfATopicAreNear(int threads, bool symmetric)
    {
        GloVe model = GloVe.Train(TextSource.FromLines(Topics()), tokenizer, small with
        {
            Threads = threads,
            Symmetric = symmetric,
            Epochs = 25,
        });
        double within = 0, across = 0;
        for (int i = 0; i < 80; i++)
        {
            within += Cosine(model, $"a{i}", $"a{(i + 1) % 80}") + Cosine(model, $"b{i}", $"b{(i + 3) % 80}");
            across += 2 * Cosine(model, $"a{i}", $"b{i}");
        }

        Assert.True(within / 160 > across / 160 + 0.5, $"within {within / 160}, across {across / 160}");
        Assert.True(model.Costs[^1] < 0.5 * model.Costs[0], $"cost {model.Costs[0]} to {model.Costs[^1]}");
        Assert.Equal(25, model.Costs.Count);
    }

    [Fact]
    public void Train_AnyThreadsAndMemory_SeedDecidesEveryBit()
    {
        EncodedCorpus corpus = Encode(Topics());
        GloVe first = GloVe.Train(corpus, small);
        foreach (GloVeOptions options in new[]
        {
            small, small with { Threads = 2 }, small with { Threads = 5 }, small with { MemoryBudget = 1 << 16 },
        })
        {
            GloVe model = GloVe.Train(corpus, options);
            Assert.Equal(Values(first), Values(model));
            Assert.Equal(first.Costs, model.Costs);
        }

        Assert.NotEqual(Values(first), Values(GloVe.Train(corpus, small with { Seed = 2 })));
    }

    [Fact]
    public void Resume_SavedBetweenEpochs_IsTheUninterruptedRun()
    {
        using var folder = new TemporaryFolder();
        EncodedCorpus corpus = Encode(Topics());
        GloVeOptions options = small with
        {
            Seed = ulong.MaxValue,
            Output = GloVeVectors.Word,
            MaxVocabulary = 500,
            Symmetric = false,
        };
        using Cooccurrences pairs = Cooccurrences.Count(corpus, options.Counting);
        var whole = new GloVe(corpus.Vocabulary, options);
        whole.Resume(pairs);
        whole.TrainMore(pairs, 2);

        var part = new GloVe(corpus.Vocabulary, options);
        Assert.True(part.TrainEpoch(pairs));
        part.Save(folder["model"]);
        part = GloVe.Load(folder["model"]);
        Assert.Equal((1, 3, options), (part.Epoch, part.Epochs, part.Options));
        part.Resume(pairs);
        Assert.False(part.TrainEpoch(pairs));
        part.Save(folder["model"]);
        part = GloVe.Load(folder["model"]);
        part.TrainMore(pairs, 2);
        Assert.Equal((5, 5), (part.Epoch, part.Epochs));
        Assert.Equal(whole.Costs, part.Costs);
        Assert.Equal(Values(whole), Values(part));
    }

    [Fact]
    public void VectorsOf_Kinds_SumIsWordAndContext()
    {
        GloVe model = GloVe.Train(Encode(Topics()), small);
        float[] word = model.Weights.Vectors(GloVeVectors.Word), context = model.Weights.Vectors(GloVeVectors.Context);
        Assert.NotEqual(word, context);
        Assert.Equal(word.Zip(context, (a, b) => a + b), model.Weights.Vectors(GloVeVectors.Sum));
        Assert.Equal("a", model.VectorsOf(GloVeVectors.Word).MostSimilar("a1")[0].Word[..1]);
        Assert.Same(model.Vectors, model.Vectors);
    }

    [Theory]
    [InlineData(1, 100)]
    [InlineData(40, 100)]
    [InlineData(5000, 100)]
    [InlineData(5000, 1000)]
    public void Blocks_AnyVocabulary_DealAllWordsEvenly(int words, int stride)
    {
        var blocks = new GloVeBlocks(words, stride, seed: 1);
        Assert.Equal(Enumerable.Range(0, words), blocks.Rows.Order());
        int[] sizes = new int[blocks.Count];
        foreach (byte b in blocks.OfWord) sizes[b]++;
        Assert.True(sizes.Max() - sizes.Min() <= 1);
        // The rows of a block lie together, and each block has about as many of the most frequent words.
        Assert.Equal(
            Enumerable.Range(0, words).OrderBy(i => blocks.Rows[i]).Select(i => blocks.OfWord[i]),
            blocks.OfWord.Order());
        Assert.Equal(blocks.Count, blocks.OfWord.Take(blocks.Count).Distinct().Count());
    }

    // ---- Progress and errors -------------------------------------------------------------------------------------

    [Fact]
    public void Train_Progress_EndsEveryEpoch()
    {
        var reports = new Reports();
        EncodedCorpus corpus = Encode(Topics());
        using Cooccurrences pairs = Cooccurrences.Count(corpus, small.Counting);
        var model = new GloVe(corpus.Vocabulary, small);
        model.Resume(pairs, reports);
        GloVeProgress[] ends = [.. reports.All.Where(r => r.IsEpochEnd)];
        Assert.Equal([1, 2, 3], ends.Select(r => r.Epoch));
        Assert.Equal(model.Costs, ends.Select(r => r.Cost));
        Assert.All(ends, r => Assert.Equal((pairs.PairCount, pairs.PairCount, 3), (r.Pairs, r.TotalPairs, r.Epochs)));
        Assert.True(ends[2].TimeLeft == TimeSpan.Zero && ends[2].PairsPerSecond > 0);
    }

    [Fact]
    public void TrainEpoch_Cancelled_ThrowsAndCountsNoEpoch()
    {
        EncodedCorpus corpus = Encode(Topics());
        using Cooccurrences pairs = Cooccurrences.Count(corpus, small.Counting);
        foreach (int threads in new[] { 1, 2 })
        {
            var model = new GloVe(corpus.Vocabulary, small with { Threads = threads });
            Assert.Throws<OperationCanceledException>(() => model.TrainEpoch(pairs, null, new CancellationToken(true)));
            Assert.Equal(0, model.Epoch);
            Assert.True(model.TrainEpoch(pairs));
        }
    }

    [Fact]
    public void Train_NoFrequentWord_SaysSo()
    {
        foreach (string line in new[] { "", "one two three" })
        {
            var e = Assert.Throws<TextFormatException>(
                () => GloVe.Train(TextSource.FromLines([line], "poem.txt"), tokenizer));
            Assert.Equal(
                "poem.txt: must have a word that comes at least 5 times (GloVeOptions.MinCount) but has none.",
                e.Message);
        }
    }

    [Fact]
    public void Train_NoTwoWordsInALine_SaysSo()
    {
        var e = Assert.Throws<TextFormatException>(() => GloVe.Train(Encode(["a", "b", "a"]), small));
        Assert.Equal("GloVe: the text must have two words beside each other but has no such pair.", e.Message);
    }

    [Fact]
    public void Train_OneWord_StaysFinite()
    {
        GloVe model = GloVe.Train(Encode(["a a a a a", "a"]), small with { LearningRate = 100, Epochs = 50 });
        Assert.All(Values(model), v => Assert.True(float.IsFinite(v)));
    }

    [Fact]
    public void Train_WrongOption_SaysWhich()
    {
        EncodedCorpus corpus = Encode(["a b"]);
        string Message(GloVeOptions options) =>
            Assert.Throws<ArgumentException>(() => GloVe.Train(corpus, options)).Message;
        Assert.Equal("GloVeOptions.Window must be in 1..1000 but was 0.", Message(new() { Window = 0 }));
        Assert.Equal(
            "GloVeOptions.XMax must be finite and greater than 0 but was NaN.", Message(new() { XMax = double.NaN }));
        Assert.Equal(
            "GloVeOptions.Alpha must be finite and 0 or greater but was NaN.", Message(new() { Alpha = double.NaN }));
        Assert.Equal(
            "GloVeOptions.LearningRate must be greater than 0 and at most 100 but was NaN.",
            Message(new() { LearningRate = double.NaN }));
        Assert.Equal("GloVeOptions.VectorSize must be in 1..65536 but was 0.", Message(new() { VectorSize = 0 }));
        Assert.Equal(
            "GloVeOptions.Output must be one of Sum, Word and Context but was 7.",
            Message(new() { Output = (GloVeVectors)7 }));
        Assert.Equal(
            "GloVeOptions.MemoryBudget must be at least 65536 bytes but was 0.", Message(new() { MemoryBudget = 0 }));
    }

    [Fact]
    public void TrainEpoch_OtherVocabulary_IsRefused()
    {
        var model = new GloVe(Encode(["a b"]).Vocabulary, small);
        using Cooccurrences pairs = Cooccurrences.Count(Encode(["a b c"]));
        var e = Assert.Throws<ArgumentException>(() => model.TrainEpoch(pairs));
        Assert.Equal(
            "GloVe: the pairs must be counted with the model's vocabulary of 2 words but have another one, of 3.",
            e.Message);
    }

    [Fact]
    public void Load_DamagedAnywhere_IsOneKindOfError()
    {
        using var folder = new TemporaryFolder();
        string path = folder["model"];
        new GloVe(Encode(["a b c d"]).Vocabulary, small).Save(path);
        byte[] good = File.ReadAllBytes(path);
        var random = new Random(1);
        for (int i = 0; i < 300; i++)
        {
            byte[] bad = [.. good];
            for (int k = 0; k < 3; k++) bad[random.Next(bad.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(path, i % 5 == 0 ? bad[..random.Next(bad.Length)] : bad);
            Exception? e = Record.Exception(() => GloVe.Load(path));
            Assert.True(e is null or Recur.IO.ModelFormatException, e?.ToString());
        }
    }

    // ---- Help ----------------------------------------------------------------------------------------------------

    private static EncodedCorpus Encode(string[] lines)
    {
        TextSource source = TextSource.FromLines(lines);
        return EncodedCorpus.Encode(source, tokenizer, Vocabulary.Build(source, tokenizer));
    }

    // Every tenth word is of the other topic: GloVe learns nothing from words that are never near each other.
    private static string[] Topics()
    {
        var random = new Random(11);
        return [.. Enumerable.Range(0, 3000).Select(i => string.Join(' ', Enumerable.Range(0, 9).Select(_ =>
            $"{(i % 2 == 0 == random.Next(10) > 0 ? 'a' : 'b')}{random.Next(80)}")))];
    }

    private static float[] Values(GloVe model) =>
        [.. model.Weights.Vectors(GloVeVectors.Word), .. model.Weights.Vectors(GloVeVectors.Context)];

    private static double Cosine(GloVe model, string a, string b)
    {
        float[] all = model.Weights.Vectors(GloVeVectors.Sum);
        float[] x = Row(a), y = Row(b);
        return Dot(x, y) / Math.Sqrt(Dot(x, x) * Dot(y, y));
        float[] Row(string word) => all.AsSpan(model.Vocabulary.IdOf(word) * 12, 12).ToArray();
        static double Dot(float[] p, float[] q) => p.Zip(q, (u, v) => (double)u * v).Sum();
    }

    private sealed class Reports : IProgress<GloVeProgress>
    {
        public List<GloVeProgress> All { get; } = [];

        public void Report(GloVeProgress value) => All.Add(value);
    }
}
