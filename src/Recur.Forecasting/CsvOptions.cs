namespace Recur.Forecasting;

/// <summary>How <see cref="CsvSeries.Read"/> understands a file; everything that is not set is found out.</summary>
public sealed record CsvOptions
{
    /// <summary>Says in <see cref="DateColumn"/> that the file's dates, if any, are to be ignored.</summary>
    public const string NoDates = "none";

    /// <summary>The column of values, by its name (without a header by its number from 1); null takes the only numeric
    /// column.</summary>
    public string? ValueColumn { get; init; }

    /// <summary>The column of dates, by its name or number; null finds it, <see cref="NoDates"/> numbers the
    /// values.</summary>
    public string? DateColumn { get; init; }

    /// <summary>The character between fields; null finds it among comma, semicolon, tab and bar.</summary>
    public char? Delimiter { get; init; }

    /// <summary>Whether the first line holds names; null finds out.</summary>
    public bool? HasHeader { get; init; }

    /// <summary>What to do with missing values.</summary>
    public MissingValues Missing { get; init; } = MissingValues.Error;
}
