using System.Text;
using System.Text.Json;
using Recur.IO;
using Recur.Text;

namespace Recur.Tests.Text;

public sealed class WordVectorFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static (WordVectors Vectors, byte[] Text, byte[] Binary) Gensim()
    {
        using JsonDocument fixture = Fixture.Open("word_vectors.json");
        JsonElement root = fixture.RootElement;
        return (
            new WordVectors(
                [.. root.GetProperty("words").EnumerateArray().Select(x => x.GetString()!)],
                [.. root.GetProperty("values").EnumerateArray().Select(x => x.GetSingle())], 7),
            root.GetProperty("text").GetBytesFromBase64(), root.GetProperty("binary").GetBytesFromBase64());
    }

    private string Write(string name, byte[] content)
    {
        File.WriteAllBytes(folder[name], content);
        return folder[name];
    }

    private string Write(string name, string content) => Write(name, Encoding.UTF8.GetBytes(content));

    private static void AssertSame(WordVectors expected, WordVectors actual)
    {
        Assert.Equal(expected.Words, actual.Words);
        Assert.Equal(
            expected.ToTensor().ToArray().Select(BitConverter.SingleToInt32Bits),
            actual.ToTensor().ToArray().Select(BitConverter.SingleToInt32Bits));
        for (int r = 0; r < expected.Count; r++) Assert.Equal(expected.CountOf(r), actual.CountOf(r));
    }

    // ---- Formats -------------------------------------------------------------------------------------------------

    [Fact]
    public void Load_FilesOfGensim_AreReadBitForBit()
    {
        var (vectors, text, binary) = Gensim();
        AssertSame(vectors, WordVectors.Load(Write("v.txt", text)));
        AssertSame(vectors, WordVectors.Load(Write("v.bin", binary)));
    }

    [Fact]
    public void Save_TextAndBinary_AreTheBytesOfGensim()
    {
        var (vectors, text, binary) = Gensim();
        vectors.Save(folder["v.txt"]);
        vectors.Save(folder["v.bin"]);
        Assert.Equal(text, File.ReadAllBytes(folder["v.txt"]));
        Assert.Equal(binary, File.ReadAllBytes(folder["v.bin"]));
    }

    [Theory]
    [InlineData("v.txt")]
    [InlineData("v.vec")]
    [InlineData("v.bin")]
    [InlineData("v.glove")]
    [InlineData("v.safetensors")]
    [InlineData("v.npz")]
    public void SaveAndLoad_EveryFormat_IsTheSame(string name)
    {
        WordVectors vectors = Gensim().Vectors;
        vectors.Save(folder[name]);
        AssertSame(vectors, WordVectors.Load(folder[name]));
        Assert.Equal([name], folder.Files());
        WordVectors some = WordVectors.Load(folder[name], new WordVectorOptions { MaxWords = 3 });
        Assert.Equal(vectors.Words.Take(3), some.Words);
        Assert.Equal(vectors["queen"].ToArray(), some["queen"].ToArray());
        Assert.False(some.Contains("man"));
    }

    [Theory]
    [InlineData("v.safetensors")]
    [InlineData("v.npz")]
    public void SaveAndLoad_CountsAndAnyWord_AreKept(string name)
    {
        var vectors = new WordVectors([" ", "\n", "", "a b"], [1, 2, 3, 4, 5, 6, 7, 8], 2, [40, 30, 20, 10]);
        vectors.Save(folder[name]);
        WordVectors loaded = WordVectors.Load(folder[name]);
        AssertSame(vectors, loaded);
        Assert.True(loaded.HasCounts);
    }

    [Fact]
    public void Open_Safetensors_AnswersFromTheMappedFile()
    {
        WordVectors vectors = Gensim().Vectors;
        vectors.Save(folder["v.safetensors"]);
        WordVectors opened = WordVectors.Open(folder["v.safetensors"]);
        AssertSame(vectors, opened);
        Assert.Equal(vectors.MostSimilar("man"), opened.MostSimilar("man"));
        Assert.Equal(vectors["Rome"].ToArray(), opened["Rome"].ToArray());
        vectors.Save(folder["v.bin"]);
        var e = Assert.Throws<ModelFormatException>(() => WordVectors.Open(folder["v.bin"]));
        Assert.Equal("v.bin: only a safetensors file can be mapped; load it and save it as one.", e.Message);
    }

    [Fact]
    public void Open_NumbersNotFinite_SaysSoWhenAsked()
    {
        new WordVectors(["a", "b"], [1, 2], 1).Save(folder["v.safetensors"]);
        byte[] bytes = File.ReadAllBytes(folder["v.safetensors"]);
        int at = bytes.AsSpan().IndexOf(BitConverter.GetBytes(2f));
        BitConverter.GetBytes(float.NaN).CopyTo(bytes, at);
        WordVectors opened = WordVectors.Open(Write("nan.safetensors", bytes));
        var e = Assert.Throws<ModelFormatException>(() => opened.MostSimilar("a"));
        Assert.Equal(
            "nan.safetensors: the vector of word 2, \"b\", must have finite numbers but number 1 is NaN.", e.Message);
        Assert.Equal(e.Message, Assert.Throws<ModelFormatException>(() => WordVectors.Load(folder["nan.safetensors"])).Message);
    }

    [Theory]
    [InlineData("a 1 2\nb 3 4\n")]                 // GloVe
    [InlineData("2 2\na 1 2\nb 3 4")]              // no line end
    [InlineData("2 2\r\na 1 2\r\nb 3 4\r\n")]
    [InlineData("2 2\na 1 2 \nb 3 4 \n")]          // the original word2vec
    [InlineData("\uFEFFa 1 2\nb 3 4\n\n \n")]
    [InlineData("3 2\na 1 2\nb 3 4\na 9 9\n")]     // the first stays
    public void Load_TextAsOthersWriteIt_IsRead(string text)
    {
        WordVectors vectors = WordVectors.Load(Write("v.txt", text));
        Assert.Equal(["a", "b"], vectors.Words);
        Assert.Equal([1, 2, 3, 4], vectors.ToTensor().ToArray());
        Assert.Equal(text.Contains('9') ? 1 : 0, vectors.Repeated);
    }

    [Fact]
    public void Load_WordsWithSpaces_NumbersAreTheLastFields()
    {
        WordVectors vectors = WordVectors.Load(Write("v.txt", "a 1 2\n. . . 3 4\nat name@domain.com -5 6e1\n"));
        Assert.Equal(["a", ". . .", "at name@domain.com"], vectors.Words);
        Assert.Equal([1, 2, 3, 4, -5, 60], vectors.ToTensor().ToArray());
    }

    [Fact]
    public void Load_BinaryOfTheOriginal_HasLineFeedsAfterEach()
    {
        byte[] content = [.. "2 2\na "u8, .. Bytes(1), .. Bytes(2), .. "\nb "u8, .. Bytes(3), .. Bytes(4), .. "\n"u8];
        WordVectors vectors = WordVectors.Load(Write("v.bin", content));
        Assert.Equal(["a", "b"], vectors.Words);
        Assert.Equal([1, 2, 3, 4], vectors.ToTensor().ToArray());
    }

    // More than one piece is read at a time: 4 MiB.
    [Fact]
    public void Load_TextOfSeveralPieces_IsWhole()
    {
        var random = new Random(1);
        const int count = 60_000, size = 20;
        float[] values = [.. Enumerable.Range(0, count * size).Select(_ => random.NextSingle() - 0.5f)];
        var vectors = new WordVectors([.. Enumerable.Range(0, count).Select(i => $"w{i}")], values, size);
        vectors.Save(folder["v.txt"]);
        Assert.True(new FileInfo(folder["v.txt"]).Length > 3 * (4 << 20));
        AssertSame(vectors, WordVectors.Load(folder["v.txt"]));
        WordVectors some = WordVectors.Load(folder["v.txt"], new WordVectorOptions { MaxWords = 40_000 });
        Assert.Equal((40_000, "w39999"), (some.Count, some.Words[39_999]));
        Assert.Equal(values[(39_999 * size)..(40_000 * size)], some["w39999"].ToArray());

        string[] lines = File.ReadAllLines(folder["v.txt"]);
        lines[50_000] = lines[50_000].Replace(" 0.", " O.");
        lines[59_000] = "x";
        File.WriteAllLines(folder["v.txt"], lines);
        string message = Assert.Throws<ModelFormatException>(() => WordVectors.Load(folder["v.txt"])).Message;
        Assert.StartsWith("v.txt(50001): the line must have finite numbers but number ", message);
    }

    // ---- Broken files --------------------------------------------------------------------------------------------

    [Theory]
    [InlineData("", ": must have word vectors but is empty.")]
    [InlineData("\n\n", "(1): the line must have a word and at least one number, separated by spaces.")]
    [InlineData("word", "(1): the line must have a word and at least one number, separated by spaces.")]
    [InlineData("a 1 2\nb 1\n", "(2): the line must have a word and 2 numbers but has 1 numbers.")]
    [InlineData("a 1 2\nb 1 2 3\n", "(2): the line must have a word and 2 numbers but has 3 numbers.")]
    [InlineData("a 1 2\n\nb 1 2\n", "(2): the line must have a word and 2 numbers but has 0 numbers.")]
    [InlineData("a 1 2\nb nan 2\n", "(2): the line must have finite numbers but number 1 is \"nan\".")]
    [InlineData("a 1 2\nb 1 inf\n", "(2): the line must have finite numbers but number 2 is \"inf\".")]
    [InlineData("a 1 2\nb 1 1e39\n", "(2): the line must have finite numbers but number 2 is \"1e39\".")]
    [InlineData("a 1 2\nb 1 2x\n", "(2): the line must have finite numbers but number 2 is \"2x\".")]
    [InlineData("a 1 2\nb  1 2\n", "(2): the line must have finite numbers but number 1 is \"\".")]
    [InlineData("a 1 2\n 1 2\n", "(2): the line must begin with a word but begins with a space.")]
    [InlineData("3 2\nabcdefgh 1 2\nb 1 2\n", "(1): promises 3 words but 2 lines follow.")]
    [InlineData("1 2\na 1 2\nb 1 2\n", "(3): the line must be the end of the file, which promised 1 words, but more follows.")]
    [InlineData("0 2\na 1 2\n", "(1): the line must promise at least one word and one number for each but says 0 2.")]
    [InlineData("9000000000 2\na 1 2\n", "(1): promises 9,000,000,000 words with 2 numbers but the file has only 19 bytes.")]
    [InlineData("2 900000000\na 1 2\n", "(1): promises 2 words with 900,000,000 numbers but the file has only 18 bytes.")]
    public void Load_BrokenText_SaysWhereAndWhat(string content, string message) => Assert.Equal(
        "v.txt" + message,
        Assert.Throws<ModelFormatException>(() => WordVectors.Load(Write("v.txt", content))).Message);

    [Fact]
    public void Load_LinesThatCannotHaveTheNumbers_TakesNoMemoryForThem()
    {
        string content = "a" + string.Concat(Enumerable.Repeat(" 1", 100_000)) + "\n" + string.Concat(Enumerable.Repeat("b 1\n", 100_000));
        string path = Write("v.txt", content); // 100,001 x 100,000 numbers would be 40 GB
        long before = GC.GetTotalAllocatedBytes();
        Assert.Equal(
            "v.txt(2): the line must have a word and 100,000 numbers but has 1 numbers.",
            Assert.Throws<ModelFormatException>(() => WordVectors.Load(path)).Message);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 64 << 20);
    }

    [Fact]
    public void Load_WordsOfAMegabyteOrNotUtf8_SaysWhere()
    {
        string path = Write("v.txt", "a 1 2\n" + new string('x', 1 << 20) + " 1 2\n");
        Assert.Equal(
            "v.txt(2): the line must have a word of at most 65,536 bytes but it has 1,048,576.",
            Assert.Throws<ModelFormatException>(() => WordVectors.Load(path)).Message);
        Assert.Equal(2, WordVectors.Load(path, new WordVectorOptions { MaxWordBytes = 1 << 21 }).Count);
        Write("v.txt", [.. "a 1 2\nb"u8, 0xC3, .. " 1 2\n"u8]);
        Assert.Equal(
            "v.txt(2): the line must have a word in UTF-8 but it has bytes that belong to no character.",
            Assert.Throws<ModelFormatException>(() => WordVectors.Load(path)).Message);
    }

    public static TheoryData<byte[], string> BrokenBinaries() => new()
    {
        { [.. "2 1\nabcdefg "u8, .. Bytes(1), .. "b"u8], "word 2 at byte 16 must have a space after it, but the file ends." },
        { [.. "2 1\nabcdefg "u8, .. Bytes(1), .. "b "u8, 1, 2], "word 2 at byte 20 must have 1 numbers, but the file of 2 words ends." },
        { [.. "2 1\nabcdefgh "u8, .. Bytes(1)], "word 2 at byte 17 is missing: the file promises 2 words but ends." },
        { [.. "900 1\na "u8, .. Bytes(1)], "promises 900 words with 1 numbers but has only 12 bytes." },
        { [.. "1 9000000000000000000\na "u8, .. Bytes(1)], "promises 1 words with 9,000,000,000,000,000,000 numbers but has only 28 bytes." },
        { [.. "1 1\na "u8, .. Bytes(1), .. "more"u8], "must end after the 1 words that it promises, at byte 10, but has 14 bytes." },
        { [.. "1 1\n "u8, .. Bytes(1), .. "\n\n"u8], "word 1 at byte 4 must not be empty." },
        { [.. "1 1\n\xC3 "u8[..4], 0xC3, (byte)' ', .. Bytes(1)], "word 1 at byte 4 must be UTF-8 but has bytes that belong to no character." },
        { [.. "2 1\na "u8, .. Bytes(1), .. "b "u8, .. Bytes(float.NaN)], "the vector of word 2, \"b\", must have finite numbers but number 1 is NaN." },
    };

    [Theory]
    [MemberData(nameof(BrokenBinaries))]
    public void Load_BrokenBinary_SaysWhereAndWhat(byte[] content, string message)
    {
        string path = Write("v.bin", content);
        var options = new WordVectorOptions { Format = WordVectorFormat.Word2VecBinary };
        Assert.Equal("v.bin: " + message, Assert.Throws<ModelFormatException>(() => WordVectors.Load(path, options)).Message);
    }

    [Fact]
    public void Load_BinaryWithAnEndlessWord_SaysSo()
    {
        byte[] content = [.. "2 1\n"u8, .. Enumerable.Repeat((byte)'x', 100_000)];
        var options = new WordVectorOptions { Format = WordVectorFormat.Word2VecBinary };
        Assert.Equal(
            "v.bin: word 1 at byte 4 must have at most 65,536 bytes and a space after it.",
            Assert.Throws<ModelFormatException>(() => WordVectors.Load(Write("v.bin", content), options)).Message);
    }

    [Fact]
    public void Load_OtherFiles_SaysWhatIsMissing()
    {
        Safetensors.Save(folder["m.safetensors"], [("w", Tensor.Zeros([2, 2]))]);
        Assert.Equal(
            "m.safetensors: must have word vectors but has no tensor \"vectors\".",
            Assert.Throws<ModelFormatException>(() => WordVectors.Load(folder["m.safetensors"])).Message);
        Assert.Equal(
            "v.gz: is compressed by gzip; unpack it first.",
            Assert.Throws<ModelFormatException>(() => WordVectors.Load(Write("v.gz", [0x1F, 0x8B, 8, 0, 0]))).Message);
        Assert.Throws<FileNotFoundException>(() => WordVectors.Load(folder["none"]));
    }

    // Every beginning of a good file, and a good file with any one byte changed, is read or refused: never a crash.
    [Theory]
    [InlineData("v.txt")]
    [InlineData("v.bin")]
    [InlineData("v.safetensors")]
    [InlineData("v.npz")]
    public void Load_DamagedFiles_AreReadOrRefused(string name)
    {
        var vectors = new WordVectors(["ab", "c", "déf"], [1, -2.5f, 3e-5f, 4, 5, 6], 2, [7, 6, 5]);
        vectors.Save(folder[name]);
        byte[] good = File.ReadAllBytes(folder[name]);
        var random = new Random(2);
        for (int i = 0; i < 2 * good.Length; i++)
        {
            byte[] bad = i < good.Length ? good[..i] : [.. good];
            if (i >= good.Length) bad[i - good.Length] ^= (byte)random.Next(1, 256);
            try
            {
                WordVectors.Load(Write("bad", bad));
            }
            catch (ModelFormatException e)
            {
                Assert.StartsWith("bad", e.Message);
                Assert.EndsWith(".", e.Message);
            }
        }
    }

    // ---- Saving --------------------------------------------------------------------------------------------------

    [Fact]
    public void Save_WordWithASpace_IsRefusedInText()
    {
        var vectors = new WordVectors(["a", "b c"], [1, 2], 1);
        foreach (string name in new[] { "v.txt", "v.bin", "v.glove" })
            Assert.Equal(
                "WordVectors.Save: words must have no white space in this format but word 2 is \"b c\"; safetensors and "
                + ".npz can hold it.",
                Assert.Throws<ArgumentException>(() => vectors.Save(folder[name])).Message);
        Assert.Equal(
            "v.doc: the extension must be .txt, .vec, .bin, .glove, .safetensors or .npz, or the format be given.",
            Assert.Throws<ArgumentException>(() => vectors.Save("v.doc")).Message);
        Assert.Empty(folder.Files());
    }

    private static byte[] Bytes(float value) => BitConverter.GetBytes(value);
}
