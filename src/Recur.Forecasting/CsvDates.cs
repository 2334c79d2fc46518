using System.Globalization;

namespace Recur.Forecasting;

/// <summary>One way to write dates: several spellings that may stand in one column (with and without seconds,
/// say).</summary>
internal sealed class CsvDates
{
    private static readonly string[] Times =
        ["", " HH:mm", " HH:mm:ss", " HH:mm:ss.FFFFFFF", " H:mm", " H:mm:ss", " h:mm tt", " h:mm:ss tt"];
    private static readonly string[] IsoTimes =
        ["", " HH:mm", " HH:mm:ss.FFFFFFF", "'T'HH:mm", "'T'HH:mm:ss.FFFFFFF", " HH:mmK", " HH:mm:ss.FFFFFFFK",
            "'T'HH:mmK", "'T'HH:mm:ss.FFFFFFFK", " H:mm", " H:mm:ss"];

    /// <summary>All ways, those that leave no doubt first.</summary>
    public static IReadOnlyList<CsvDates> All { get; } =
    [
        new(looksLikeNumber: false, With("yyyy-M-d", IsoTimes)),
        new(looksLikeNumber: false, With("yyyy/M/d", IsoTimes)),
        new(looksLikeNumber: false, "yyyy-MM", "yyyy-M", "yyyy/MM", "yyyy/M"),
        new(looksLikeNumber: false, With("d.M.yyyy", Times)),
        new(looksLikeNumber: false, With("M/d/yyyy", Times)),
        new(looksLikeNumber: false, With("d/M/yyyy", Times)),
        new(looksLikeNumber: false, With("d-M-yyyy", Times)),
        new(looksLikeNumber: false, "d MMM yyyy", "d-MMM-yyyy", "d MMMM yyyy", "MMM d, yyyy", "MMMM d, yyyy"),
        new(looksLikeNumber: false, "MMM yyyy", "MMM-yyyy", "MMMM yyyy", "MMM-yy", "yyyy MMM", "yyyy'M'M"),
        new(looksLikeNumber: false) { quarters = true },
        new(looksLikeNumber: true, "yyyyMMdd"),
        new(looksLikeNumber: true, "yyyy"),
    ];

    private readonly string[] formats;
    private bool quarters;

    private CsvDates(bool looksLikeNumber, params string[] formats)
    {
        LooksLikeNumber = looksLikeNumber;
        this.formats = formats;
    }

    /// <summary>Whether such a date could also be a number, so that the column's name has to decide.</summary>
    public bool LooksLikeNumber { get; }

    private static string[] With(string date, string[] times) => [.. times.Select(t => date + t)];

    public bool TryParse(ReadOnlySpan<char> text, out DateTime date)
    {
        if (quarters) return TryParseQuarter(text, out date);
        const DateTimeStyles style = DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal;
        bool parsed = DateTime.TryParseExact(text, formats, CultureInfo.InvariantCulture, style, out date);
        date = DateTime.SpecifyKind(date, DateTimeKind.Unspecified);
        return parsed;
    }

    // 1960Q1, 1960-Q1, 1960 Q1, Q1 1960, Q1-1960: the first day of the quarter.
    private static bool TryParseQuarter(ReadOnlySpan<char> text, out DateTime date)
    {
        date = default;
        int q = text.IndexOfAny('Q', 'q');
        if (q < 0 || q + 1 >= text.Length || text[q + 1] is < '1' or > '4') return false;
        ReadOnlySpan<char> year =
            q == 0 ? text[2..].TrimStart(" -") : q + 2 == text.Length ? text[..q].TrimEnd(" -") : [];
        const int yearDigits = 4;
        bool parsed = int.TryParse(year, NumberStyles.None, CultureInfo.InvariantCulture, out int y);
        if (!parsed || year.Length != yearDigits || y == 0) return false;
        date = new DateTime(y, (text[q + 1] - '1') * 3 + 1, 1);
        return true;
    }
}
