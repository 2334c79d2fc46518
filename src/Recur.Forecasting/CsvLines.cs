using System.Text;
using Sylvan.Data.Csv;

namespace Recur.Forecasting;

/// <summary>The records of a CSV file with the lines they start at, and Sylvan's errors turned into
/// sentences.</summary>
internal sealed class CsvLines : IDisposable
{
    private const int LargestRecord = 1 << 20; // characters; a longer "line" means that this is not a CSV file

    private readonly string path;
    private readonly StreamReader reader;
    private readonly CsvDataReader? csv;
    private int nextLine = 1;

    public CsvLines(string path, char delimiter, bool hasHeader)
    {
        this.path = path;
        reader = OpenText(path);
        var options = new CsvDataReaderOptions
        {
            Delimiter = delimiter,
            HasHeaders = false,
            Comment = '\0', // a header may start with "#"
            BufferSize = 1 << 14,
            MaxBufferSize = LargestRecord,
            ResultSetMode = ResultSetMode.SingleResult,
        };
        try
        {
            csv = CsvDataReader.Create(reader, options);
        }
        catch (Exception e) when (IsAboutTheFile(e))
        {
            reader.Dispose();
            throw Explain(e);
        }

        if (hasHeader) Read();
    }

    /// <summary>The line at which the current record starts, from 1.</summary>
    public int Line { get; private set; }

    public int Width => csv!.RowFieldCount;

    public string this[int column] => column < csv!.RowFieldCount ? csv.GetFieldSpan(column).Trim().ToString() : "";

    public ReadOnlySpan<char> Field(int column) => csv!.GetFieldSpan(column).Trim();

    /// <summary>Moves to the next record that is not blank.</summary>
    public bool Read()
    {
        try
        {
            while (csv!.Read())
            {
                ReadOnlySpan<char> record = csv.GetRawRecordSpan();
                Line = nextLine;
                nextLine += Math.Max(1, CountLines(record));
                if (!record.IsWhiteSpace()) return true;
            }

            return false;
        }
        catch (Exception e) when (IsAboutTheFile(e))
        {
            throw Explain(e);
        }
    }

    public void CheckWidth(int expected)
    {
        if (Width == expected) return;
        throw new CsvException(
            path, Line, null, $"{Count(expected)} expected but there {(Width == 1 ? "is" : "are")} {Width}.");
    }

    private static string Count(int fields) => fields == 1 ? "1 field was" : $"{fields} fields were";

    private static int CountLines(ReadOnlySpan<char> record)
    {
        int count = 0;
        for (int i = 0; i < record.Length; i++)
            if (record[i] == '\n' || (record[i] == '\r' && (i + 1 == record.Length || record[i + 1] != '\n'))) count++;
        return count;
    }

    private static bool IsAboutTheFile(Exception e) =>
        e is CsvFormatException or CsvRecordTooLargeException or DecoderFallbackException or IOException;

    private CsvException Explain(Exception error) => error switch
    {
        DecoderFallbackException => CsvText.NotUtf8(path, error),
        CsvRecordTooLargeException => new CsvException(path, nextLine, null,
            $"the line, or a quoted field that is never closed, is longer than {LargestRecord:N0} characters; " +
            "this does not look like a CSV file.", error),
        CsvFormatException => new CsvException(path, nextLine, null,
            "the quotes do not match; a quote inside a quoted field must be doubled.", error),
        _ => new CsvException(path, nextLine, null, $"the file cannot be read: {error.Message}", error),
    };

    internal static StreamReader OpenText(string path)
    {
        try
        {
            var utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
            return new StreamReader(path, utf8, detectEncodingFromByteOrderMarks: true);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CsvException(path, 0, null, "the file does not exist.", e);
        }
        catch (UnauthorizedAccessException e)
        {
            string problem = Directory.Exists(path)
                ? "this is a directory, not a CSV file."
                : "there is no permission to read the file.";
            throw new CsvException(path, 0, null, problem, e);
        }
        catch (Exception e) when (e is IOException or NotSupportedException or ArgumentException)
        {
            throw new CsvException(path, 0, null, $"the file cannot be opened: {e.Message}", e);
        }
    }

    public void Dispose()
    {
        csv?.Dispose();
        reader.Dispose();
    }
}
