using Recur.Text;

namespace Recur.Tests.Text;

public sealed class EncodedCorpusTests
{
    [Fact]
    public void Encode_Lines_BecomeSentences()
    {
        EncodedCorpus corpus = Encode(["b a x", "", "x", "a b"], keep: "ab");
        Assert.Equal([1, 0, -1, 0, 1, -1], corpus.Chunk(0).ToArray());
        Assert.Equal((4, 2, 2, 1), (corpus.TokenCount, corpus.UnknownCount, corpus.SentenceCount, corpus.ChunkCount));
    }

    [Fact]
    public void Encode_UnknownToken_TakesThePlace()
    {
        Vocabulary v = Vocabulary.FromCounts([("a", 1)], new VocabularyOptions { Unknown = "<unk>" });
        EncodedCorpus corpus = EncodedCorpus.Encode(TextSource.FromLines(["a b a"]), new WhitespaceTokenizer(), v);
        Assert.Equal([1, 0, 1, -1], corpus.Chunk(0).ToArray());
        Assert.Equal(1, corpus.UnknownCount);
    }

    [Fact]
    public void Encode_LongSentence_IsCut() =>
        Assert.Equal(
            [0, 1, -1, 0, 1, -1, 0, -1],
            Encode(["a b a b a"], "ab", new EncodedCorpusOptions { MaxSentenceLength = 2 }).Chunk(0).ToArray());

    [Fact]
    public void Encode_NothingKnown_HasNoChunks() => Assert.Equal(0, Encode(["x y", "z"], keep: "ab").ChunkCount);

    [Theory]
    [InlineData(0)]                 // everything in the file
    [InlineData(5_000_000)]         // the first chunk in memory
    [InlineData(long.MaxValue)]
    public void Encode_MoreThanTheBudget_IsTheSame(long budget)
    {
        // 2.5 million ids in sentences of every length up to 999.
        string[] lines = [.. Enumerable.Range(0, 5000).Select(i => string.Join(' ', Enumerable.Range(i, i % 1000)
            .Select(k => (char)('a' + (k % 26)))))];
        const string letters = "abcdefghijklmnopqrstuvwxyz";
        EncodedCorpus corpus = Encode(lines, letters, new EncodedCorpusOptions { MemoryBudget = budget });
        Assert.Equal(3, corpus.ChunkCount);
        int sentence = 0, position = 0;
        for (int c = 0; c < corpus.ChunkCount; c++)
        {
            ReadOnlySpan<int> ids = corpus.Chunk(c);
            Assert.True(ids.Length <= EncodedCorpus.ChunkLength);
            Assert.Equal(EncodedCorpus.EndOfSentence, ids[^1]);
            foreach (int id in ids)
            {
                while (sentence % 1000 == 0) sentence++; // empty lines
                bool end = position == sentence % 1000;
                if (id != (end ? EncodedCorpus.EndOfSentence : (sentence + position) % 26))
                    Assert.Fail($"sentence {sentence}, token {position}: {id}");
                (sentence, position) = end ? (sentence + 1, 0) : (sentence, position + 1);
            }
        }

        Assert.Equal(5000, sentence);
    }

    [Fact]
    public void Chunk_OutOfRange_SaysTheRange()
    {
        var e = Assert.Throws<ArgumentOutOfRangeException>(() => Encode(["a"], "a").Chunk(1));
        Assert.StartsWith("EncodedCorpus.Chunk: index must be from 0 to 0 but was 1.", e.Message);
    }

    private static EncodedCorpus Encode(string[] lines, string keep, EncodedCorpusOptions? options = null)
    {
        Vocabulary v = Vocabulary.FromCounts(keep.Select(c => (c.ToString(), 1L)));
        return EncodedCorpus.Encode(TextSource.FromLines(lines), new WhitespaceTokenizer(), v, options);
    }
}
