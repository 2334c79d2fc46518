namespace Recur.Forecasting;

/// <summary>A CSV file cannot be read as a series. The message is one sentence that names the file and, where it is
/// known, line and column.</summary>
public sealed class CsvException : IOException
{
    /// <summary>An error without details.</summary>
    public CsvException() : this("The CSV file cannot be read as a series.") { }

    /// <summary>An error with a text of its own.</summary>
    public CsvException(string message) : base(message) { }

    /// <summary>An error with a text of its own and its cause.</summary>
    public CsvException(string message, Exception innerException) : base(message, innerException) { }

    internal CsvException(string path, int line, string? column, string problem, Exception? cause = null)
        : base(Where(path, line, column) + ": " + problem, cause)
    {
        Path = path;
        Line = line > 0 ? line : null;
        Column = column;
    }

    /// <summary>The file, as the caller named it.</summary>
    public string? Path { get; }

    /// <summary>The line in the file, from 1; null when the error is about the whole file.</summary>
    public int? Line { get; }

    /// <summary>The column's name; null when the error is not about one column.</summary>
    public string? Column { get; }

    private static string Where(string path, int line, string? column) =>
        path + (line > 0 ? $", line {line}" : "") + (column is null ? "" : $", column \"{column}\"");
}
