using System.Text;
using Recur.Text;

namespace Recur.Tests.Text;

public sealed class TextSourceTests : IDisposable
{
    private readonly string path = Path.Combine(Path.GetTempPath(), $"recur-text-{Guid.NewGuid():N}.txt");

    public void Dispose() => File.Delete(path);

    [Theory]
    [InlineData("", new string[0])]
    [InlineData("one", new[] { "one" })]
    [InlineData("one\ntwo\r\n\nend\n", new[] { "one\n", "two\r\n", "\n", "end\n" })]
    [InlineData("\uFEFFfirst\n", new[] { "first\n" })]
    public void ReadLines_File_GivesLinesWithTheirEnds(string text, string[] expected)
    {
        File.WriteAllBytes(path, Encoding.UTF8.GetBytes(text));
        Assert.Equal(expected, Lines(TextSource.FromFile(path)));
    }

    [Fact]
    public void ReadLines_LinesAcrossBuffers_AreWhole()
    {
        // Lines of all lengths, so that the buffer of 1 MiB ends at every place of a line and of a character.
        string[] lines = [.. Enumerable.Range(0, 3000).Select(i => new string('é', i % 1500) + i + "\n")];
        File.WriteAllText(path, string.Concat(lines));
        Assert.Equal(lines, Lines(TextSource.FromFile(path)));
    }

    [Fact]
    public void ReadLines_OneEndlessLine_IsCutAtWhiteSpace()
    {
        string text = string.Concat(Enumerable.Range(0, 400_000).Select(i => $"wört{i} "));
        File.WriteAllText(path, text);
        List<string> pieces = Lines(TextSource.FromFile(path));
        Assert.InRange(pieces.Count, 4, 8);
        Assert.All(pieces, piece => Assert.EndsWith(" ", piece));
        Assert.Equal(text, string.Concat(pieces));
    }

    [Fact]
    public void ReadLines_NoWhiteSpaceAtAll_CutsBetweenCharacters()
    {
        string text = "x" + string.Concat(Enumerable.Repeat("😀", 300_000));
        File.WriteAllText(path, text);
        Assert.Equal(text, string.Concat(Lines(TextSource.FromFile(path))));
    }

    [Theory]
    [InlineData(0xFF)]
    [InlineData(0xC3)] // the first of two bytes, and the second is missing
    [InlineData(0x80)]
    public void ReadLines_NotUtf8_NamesLineAndByte(byte bad)
    {
        File.WriteAllBytes(path, [.. "good\nalso "u8, bad, .. " not\n"u8]);
        var e = Assert.Throws<TextFormatException>(() => Lines(TextSource.FromFile(path)));
        Assert.Equal($"{path}(2): the text must be UTF-8 but byte 10 of the file, 0x{bad:X2}, does not belong to a "
            + "character.", e.Message);
    }

    [Fact]
    public void ReadLines_BadByteFarBehind_CountsFromTheFilesStart()
    {
        File.WriteAllBytes(path, [.. Enumerable.Repeat((byte)'\n', 3_000_000), 0xFE]);
        var e = Assert.Throws<TextFormatException>(() => Lines(TextSource.FromFile(path)));
        Assert.StartsWith($"{path}(3000001): the text must be UTF-8 but byte 3,000,000 of the file, 0xFE,", e.Message);
    }

    [Fact]
    public void ReadTokens_WordOfAMegabyte_IsAnErrorWithItsLine()
    {
        File.WriteAllText(path, "short\n" + new string('a', 3_000_000));
        var e = Assert.Throws<TextFormatException>(
            () => TextSource.FromFile(path).ReadTokens(new WordTokenizer(), _ => { }));
        Assert.Equal($"{path}(2): a token must have at most 65,536 characters but one has 1,048,575 or more.",
            e.Message);
    }

    [Fact]
    public void ReadTokens_SeveralFiles_AreOneText()
    {
        File.WriteAllText(path, "one two\nthree");
        var read = new List<string>();
        var bytes = new Last();
        TextSource source = TextSource.FromFiles([path, path]);
        source.ReadTokens(new WhitespaceTokenizer(), t => read.Add(t.ToString()), () => read.Add("."), bytes);
        Assert.Equal(["one", "two", ".", "three", ".", "one", "two", ".", "three", "."], read);
        Assert.Equal(source.ByteLength, bytes.Value);
    }

    [Fact]
    public void FromLines_Lines_CanBeReadTwice()
    {
        TextSource source = TextSource.FromLines(["ab", "", "c"]);
        Assert.Equal(["ab\n", "\n", "c\n"], Lines(source));
        Assert.Equal(["ab\n", "\n", "c\n"], Lines(source));
        Assert.Null(source.ByteLength);
    }

    [Fact]
    public void FromFile_NoSuchFile_SaysSo()
    {
        var e = Assert.Throws<FileNotFoundException>(() => TextSource.FromFile("no-such.txt"));
        Assert.Equal("no-such.txt: the file does not exist.", e.Message);
    }

    private static List<string> Lines(TextSource source)
    {
        var lines = new List<string>();
        source.ReadLines(line => lines.Add(line.ToString()));
        return lines;
    }

    private sealed class Last : IProgress<long>
    {
        public long Value { get; private set; }

        public void Report(long value) => Value = value;
    }
}
