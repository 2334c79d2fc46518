namespace Recur.Text;

/// <summary>Where text comes from: files that may be larger than memory, or lines at hand. It can be read any number of
/// times.</summary>
/// <remarks>Files are UTF-8, with or without a byte order mark; a byte that is not is an error that names file and
/// line. A line comes with its line end. Lines longer than 1 MiB come in pieces, cut after white space where there is
/// any, so memory stays bounded whatever the file holds.</remarks>
public sealed class TextSource
{
    /// <summary>The longest token there may be, in UTF-16 units: anything longer is not text.</summary>
    public const int MaxTokenLength = 1 << 16;

    private readonly IReadOnlyList<string> files;
    private readonly IEnumerable<string>? lines;

    private TextSource(string name, IReadOnlyList<string> files, IEnumerable<string>? lines)
    {
        Name = name;
        this.files = files;
        this.lines = lines;
    }

    /// <summary>The file's name, or what it is in words; error texts start with it.</summary>
    public string Name { get; }

    /// <summary>The size of all files together in bytes; null when the text is not in files.</summary>
    public long? ByteLength => lines is null ? files.Sum(file => new FileInfo(file).Length) : null;

    /// <summary>The text of one file.</summary>
    public static TextSource FromFile(string path) => FromFiles([path]);

    /// <summary>The text of several files, one after the other.</summary>
    /// <exception cref="ArgumentException">There is no file in the list.</exception>
    /// <exception cref="FileNotFoundException">One of them does not exist.</exception>
    public static TextSource FromFiles(IEnumerable<string> paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        string[] all = [.. paths];
        if (all.Length == 0) throw new ArgumentException("TextSource.FromFiles: paths must name at least one file.");
        foreach (string file in all)
        {
            if (Directory.Exists(file)) throw new FileNotFoundException($"{file}: is a directory, not a file.");
            if (!File.Exists(file)) throw new FileNotFoundException($"{file}: the file does not exist.");
        }

        return new TextSource(all.Length == 1 ? all[0] : $"{all[0]} and {all.Length - 1} more", all, null);
    }

    /// <summary>Lines at hand, or made while they are read.</summary>
    /// <param name="lines">Each becomes a line with <c>\n</c> at its end. They are enumerated once for each
    /// reading.</param>
    /// <param name="name">What error texts call it.</param>
    public static TextSource FromLines(IEnumerable<string> lines, string name = "text")
    {
        ArgumentNullException.ThrowIfNull(lines);
        return new TextSource(name, [], lines);
    }

    /// <summary>Reads the text, line by line.</summary>
    /// <param name="onLine">Gets each line, which it may overwrite; the span is valid during the call only.</param>
    /// <param name="bytesRead">Gets the bytes read so far, of all files, about once per MiB.</param>
    /// <param name="cancel">Stops the reading.</param>
    /// <exception cref="TextFormatException">A file is not UTF-8.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public void ReadLines(
        Action<Span<char>> onLine, IProgress<long>? bytesRead = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(onLine);
        Read((line, _, _) => onLine(line), bytesRead, cancel);
    }

    /// <summary>Reads the text as tokens.</summary>
    /// <param name="tokenizer">The rule.</param>
    /// <param name="onToken">Gets each token; the span is valid during the call only.</param>
    /// <param name="onLineEnd">Is called after the last token of each line, or piece of one; may be null.</param>
    /// <param name="bytesRead">Gets the bytes read so far, of all files, about once per MiB.</param>
    /// <param name="cancel">Stops the reading.</param>
    /// <exception cref="TextFormatException">A file is not UTF-8, or a token is longer than
    /// <see cref="MaxTokenLength"/>.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public void ReadTokens(
        ITokenizer tokenizer, Action<ReadOnlySpan<char>> onToken, Action? onLineEnd = null,
        IProgress<long>? bytesRead = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(onToken);
        string file = Name;
        long lineNumber = 0;
        Action<ReadOnlySpan<char>> guarded = token =>
        {
            if (token.Length > MaxTokenLength)
                throw new TextFormatException(
                    $"{file}({lineNumber}): a token must have at most {MaxTokenLength:#,0} characters but one has "
                    + $"{token.Length:#,0} or more.");
            onToken(token);
        };
        Read((line, name, number) =>
        {
            (file, lineNumber) = (name, number);
            tokenizer.Tokenize(line, guarded);
            onLineEnd?.Invoke();
        }, bytesRead, cancel);
    }

    private void Read(NamedLineAction onLine, IProgress<long>? bytesRead, CancellationToken cancel)
    {
        if (lines is not null)
        {
            long number = 0;
            char[] buffer = [];
            foreach (string line in lines)
            {
                cancel.ThrowIfCancellationRequested();
                if (buffer.Length <= line.Length) buffer = new char[Math.Max(line.Length + 1, 2 * buffer.Length)];
                line.CopyTo(buffer);
                buffer[line.Length] = '\n';
                onLine(buffer.AsSpan(0, line.Length + 1), Name, ++number);
            }

            return;
        }

        long before = 0;
        foreach (string file in files)
        {
            long size = 0;
            Utf8Lines.Read(file, (line, number) => onLine(line, file, number), bytes =>
            {
                size = bytes;
                bytesRead?.Report(before + bytes);
            }, cancel);
            before += size;
        }
    }

    private delegate void NamedLineAction(Span<char> line, string name, long number);
}
