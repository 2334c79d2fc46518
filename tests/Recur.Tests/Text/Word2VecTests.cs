using Recur.Text;

namespace Recur.Tests.Text;

public sealed unsafe class Word2VecTests
{
    private static readonly WhitespaceTokenizer tokenizer = new();

    private static readonly Word2VecOptions small = new()
    {
        MinCount = 1,
        VectorSize = 12,
        Sample = 0,
        Threads = 1,
        Epochs = 2,
        Window = 3,
        SkipGram = true,
    };

    // ---- Against the formulas ------------------------------------------------------------------------------------

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void TrainEpoch_HierarchicalSoftmax_IsThePlainProgramInDouble(bool skipGram, bool mean)
    {
        var random = new Random(3);
        string[] lines = [.. Enumerable.Range(0, 30).Select(_ => string.Join(' ',
            Enumerable.Range(0, 40).Select(w => $"w{w}").OrderBy(_ => random.Next()).Take(random.Next(1, 9))))];
        Word2VecOptions options = small with
        {
            SkipGram = skipGram,
            CbowMean = mean,
            HierarchicalSoftmax = true,
            Negative = 0,
            ShrinkWindows = false,
            Epochs = 1,
            Alpha = 0.5,
            MinAlpha = 0.1,
        };
        EncodedCorpus corpus = Encode(lines);
        var model = new Word2Vec(corpus.Vocabulary, options);
        Word2VecWeights w = model.Weights;
        var plain = new PlainTree(w.Copy(w.Input, w.Words), options, corpus.Vocabulary);
        double loss = plain.Train(corpus.Chunk(0));
        Assert.True(model.TrainEpoch(corpus));
        Assert.Equal(loss, model.Losses[0], 1e-5);
        AssertClose(plain.Input, w.Copy(w.Input, w.Words));
        AssertClose(plain.Nodes, w.Copy(w.Tree, w.Nodes));

        // The sums of products of a few numbers in float, after some 150 steps of 0.5 and less.
        static void AssertClose(double[] expected, float[] actual)
        {
            Assert.Equal(expected.Length, actual.Length);
            for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 2e-5);
        }
    }

    [Fact]
    public void TrainEpoch_NothingLearntYet_LossIsLogTwoForEachOutput()
    {
        // Ten words, drawn alike: of five negatives 4.5 are other words than the true one.
        string[] lines =
            [.. Enumerable.Range(0, 500).Select(i => $"w{i % 10} w{(i * 7 + 3) % 10} w{(i * 3 + 1) % 10}")];
        EncodedCorpus corpus = Encode(lines);
        var still = small with { Alpha = 0, MinAlpha = 0, NsExponent = 0 };
        Assert.Equal(5.5 * Math.Log(2), Word2Vec.Train(corpus, still).Losses[0], 0.03);
        Word2VecOptions tree = still with { HierarchicalSoftmax = true, Negative = 0, SkipGram = false };
        HuffmanTree huffman = HuffmanTree.Build([.. Enumerable.Range(0, 10).Select(corpus.Vocabulary.CountOf)]);
        double length = Enumerable.Range(0, 10).Sum(i =>
            (double)corpus.Vocabulary.CountOf(i) * (huffman.Starts[i + 1] - huffman.Starts[i])) / corpus.TokenCount;
        Assert.Equal(length * Math.Log(2), Word2Vec.Train(corpus, tree).Losses[0], 1e-4);
    }

    [Fact]
    public void New_AnySeed_BeginsAsGensim()
    {
        var model = new Word2Vec(Encode(Topics()).Vocabulary, small);
        Word2VecWeights w = model.Weights;
        float[] values = w.Copy(w.Input, w.Words);
        Assert.All(values, v => Assert.InRange(v, -1f / 12, 1f / 12)); // gensim 4: prep_vectors
        Assert.True(values.Max() > 0.8f / 12 && values.Min() < -0.8f / 12);
        Assert.All(w.Copy(w.Output, w.Words), v => Assert.Equal(0f, v));
    }

    // ---- Learning ------------------------------------------------------------------------------------------------

    public static TheoryData<bool, bool, int, int> Kinds => new()
    {
        { true, false, 5, 1 }, { false, false, 5, 1 }, { true, true, 0, 1 }, { false, true, 0, 1 },
        { true, true, 12, 1 }, { true, false, 1, 2 }, { false, false, 7, 2 },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Train_TwoTopics_WordsOfATopicAreNear(bool skipGram, bool tree, int negative, int threads)
    {
        Word2Vec model = Word2Vec.Train(TextSource.FromLines(Topics()), tokenizer, small with
        {
            SkipGram = skipGram,
            HierarchicalSoftmax = tree,
            Negative = negative,
            Threads = threads,
            Epochs = 12,
            Alpha = 0.05,
            Sample = 0.05,
        });
        double within = 0, across = 0;
        for (int i = 0; i < 8; i++)
        {
            within += Cosine(model, $"a{i}", $"a{(i + 1) % 8}") + Cosine(model, $"b{i}", $"b{(i + 3) % 8}");
            across += 2 * Cosine(model, $"a{i}", $"b{i}");
        }

        Assert.True(within / 16 > across / 16 + 0.5, $"within {within / 16}, across {across / 16}");
        Assert.True(model.Losses[^1] < model.Losses[0]);
    }

    [Fact]
    public void Train_OneThread_SeedDecidesEveryBit()
    {
        EncodedCorpus corpus = Encode(Topics());
        float[] first = Values(Word2Vec.Train(corpus, small));
        Assert.Equal(first, Values(Word2Vec.Train(corpus, small)));
        Assert.NotEqual(first, Values(Word2Vec.Train(corpus, small with { Seed = 2 })));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void Resume_SavedBetweenEpochs_IsTheUninterruptedRun(int negative)
    {
        using var folder = new TemporaryFolder();
        EncodedCorpus corpus = Encode(Topics());
        Word2VecOptions options = small with
        {
            Epochs = 3,
            HierarchicalSoftmax = true,
            Negative = negative,
            Sample = 0.03,
            NsExponent = -0.25,
            Seed = ulong.MaxValue,
        };
        var whole = new Word2Vec(corpus.Vocabulary, options);
        whole.Resume(corpus);
        whole.TrainMore(corpus, epochs: 2, alpha: 0.01);

        var part = new Word2Vec(corpus.Vocabulary, options);
        Assert.True(part.TrainEpoch(corpus));
        part.Save(folder["model"]);
        part = Word2Vec.Load(folder["model"]);
        Assert.Equal((1, 3, options), (part.Epoch, part.Epochs, part.Options));
        part.Resume(corpus);
        Assert.False(part.TrainEpoch(corpus));
        part.Save(folder["model"]);
        part = Word2Vec.Load(folder["model"]);
        part.TrainMore(corpus, epochs: 2, alpha: 0.01);
        Assert.Equal(whole.Losses, part.Losses);
        Assert.Equal(Values(whole), Values(part));
    }

    [Fact]
    public void UpdateVocabulary_MoreText_OldWordsKeepTheirRows()
    {
        Word2VecOptions options = small with { MinCount = 2, HierarchicalSoftmax = true };
        TextSource text = TextSource.FromLines(["a a a b b c"]);
        var model = new Word2Vec(Word2Vec.BuildVocabulary(text, tokenizer, options), options);
        Assert.Equal(["a", "b"], model.Vocabulary.Tokens);
        float[] a = Row(model, "a"), b = Row(model, "b");
        TextSource more = TextSource.FromLines(["d d d d d d b b b b c e e a"]);
        Assert.Equal(2, model.UpdateVocabulary(more, tokenizer));
        Assert.Equal(["b", "d", "a", "e"], model.Vocabulary.Tokens);
        Assert.Equal([6, 6, 4, 2], Enumerable.Range(0, 4).Select(model.Vocabulary.CountOf));
        Assert.Equal(a, Row(model, "a"));
        Assert.Equal(b, Row(model, "b"));
        Assert.Equal(4, new[] { "a", "b", "d", "e" }.Select(w => Row(model, w)[0]).Distinct().Count());
        model.TrainMore(EncodedCorpus.Encode(more, tokenizer, model.Vocabulary), epochs: 1);
        Assert.NotEqual(a, Row(model, "a"));
    }

    // ---- Progress and errors -------------------------------------------------------------------------------------

    [Fact]
    public void Train_Progress_EndsEveryEpoch()
    {
        var reports = new Reports();
        EncodedCorpus corpus = Encode(Topics());
        Word2Vec model = Word2Vec.Train(corpus, small, reports);
        Word2VecProgress[] ends = [.. reports.All.Where(r => r.IsEpochEnd)];
        Assert.Equal([1, 2], ends.Select(r => r.Epoch));
        Assert.Equal(model.Losses, ends.Select(r => r.Loss));
        Assert.All(ends, r => Assert.Equal((corpus.TokenCount, 2), (r.Words, r.Epochs)));
        Assert.Equal(1e-4, ends[1].Alpha, 1e-9);
        Assert.True(ends[1].TimeLeft == TimeSpan.Zero && ends[1].WordsPerSecond > 0);
    }

    [Fact]
    public void Train_Cancelled_ThrowsAndCountsNoEpoch()
    {
        EncodedCorpus corpus = Encode(Topics());
        var model = new Word2Vec(corpus.Vocabulary, small);
        Assert.Throws<OperationCanceledException>(() => model.TrainEpoch(corpus, null, new CancellationToken(true)));
        Assert.Equal(0, model.Epoch);
    }

    [Theory]
    [InlineData("")]
    [InlineData("one two three")]
    public void Train_NoFrequentWord_SaysSo(string line)
    {
        var e = Assert.Throws<TextFormatException>(
            () => Word2Vec.Train(TextSource.FromLines([line], "poem.txt"), tokenizer));
        Assert.Equal(
            "poem.txt: must have a word that comes at least 5 times (Word2VecOptions.MinCount) but has none.", e.Message);
    }

    [Fact]
    public void Train_OneWord_HasNothingToTellApart()
    {
        Word2Vec model = Word2Vec.Train(
            TextSource.FromLines(["a a a a a", "a"]), tokenizer, small with { HierarchicalSoftmax = true });
        Assert.All(Values(model), v => Assert.True(float.IsFinite(v)));
    }

    [Fact]
    public void Train_AbsurdAlpha_SaysThatTheLossIsNoNumber()
    {
        var e = Assert.Throws<InvalidOperationException>(
            () => Word2Vec.Train(Encode(Topics()), small with { Alpha = 1e30, MinAlpha = 1e30, Epochs = 30 }));
        Assert.StartsWith("Word2Vec: the loss of epoch ", e.Message);
        Assert.EndsWith("is no number any more; take a smaller Alpha (it was 1E+30).", e.Message);
    }

    [Fact]
    public void Train_WrongOption_SaysWhich()
    {
        EncodedCorpus corpus = Encode(["a b"]);
        string Message(Word2VecOptions options) =>
            Assert.Throws<ArgumentException>(() => Word2Vec.Train(corpus, options)).Message;
        Assert.Equal("Word2VecOptions.Window must be in 1..1000 but was 0.", Message(new() { Window = 0 }));
        Assert.Equal(
            "Word2VecOptions.Alpha must be finite and 0 or greater but was NaN.", Message(new() { Alpha = double.NaN }));
        Assert.Equal(
            "Word2VecOptions: Negative must be at least 1, or HierarchicalSoftmax true, otherwise nothing is learnt.",
            Message(new() { Negative = 0 }));
    }

    [Fact]
    public void TrainEpoch_OtherVocabulary_IsRefused()
    {
        var model = new Word2Vec(Encode(["a b"]).Vocabulary, small);
        var e = Assert.Throws<ArgumentException>(() => model.TrainEpoch(Encode(["a b c"])));
        Assert.Equal(
            "Word2Vec: the corpus must be encoded with the model's vocabulary of 2 words but has another one, of 3.",
            e.Message);
    }

    [Fact]
    public void Load_DamagedAnywhere_IsOneKindOfError()
    {
        using var folder = new TemporaryFolder();
        string path = folder["model"];
        new Word2Vec(Encode(["a b c d"]).Vocabulary, small).Save(path);
        byte[] good = File.ReadAllBytes(path);
        var random = new Random(1);
        for (int i = 0; i < 300; i++)
        {
            byte[] bad = [.. good];
            for (int k = 0; k < 3; k++) bad[random.Next(bad.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(path, i % 5 == 0 ? bad[..random.Next(bad.Length)] : bad);
            Exception? e = Record.Exception(() => Word2Vec.Load(path));
            Assert.True(e is null or Recur.IO.ModelFormatException, e?.ToString());
        }
    }

    // ---- Help ----------------------------------------------------------------------------------------------------

    private static EncodedCorpus Encode(string[] lines)
    {
        TextSource source = TextSource.FromLines(lines);
        return EncodedCorpus.Encode(source, tokenizer, Vocabulary.Build(source, tokenizer));
    }

    private static string[] Topics()
    {
        var random = new Random(11);
        return [.. Enumerable.Range(0, 600).Select(i =>
            string.Join(' ', Enumerable.Range(0, 9).Select(_ => $"{(i % 2 == 0 ? 'a' : 'b')}{random.Next(8)}")))];
    }

    private static float[] Values(Word2Vec model) => model.Weights.Copy(model.Weights.Input, model.Weights.Words);

    private static float[] Row(Word2Vec model, string word) =>
        model.Weights.Row(model.Weights.Input, model.Vocabulary.IdOf(word)).ToArray();

    private static double Cosine(Word2Vec model, string a, string b)
    {
        float[] x = Row(model, a), y = Row(model, b);
        return Dot(x, y) / Math.Sqrt(Dot(x, x) * Dot(y, y));
        static double Dot(float[] p, float[] q) => p.Zip(q, (u, v) => (double)u * v).Sum();
    }

    private sealed class Reports : IProgress<Word2VecProgress>
    {
        public List<Word2VecProgress> All { get; } = [];

        public void Report(Word2VecProgress value) => All.Add(value);
    }
}
