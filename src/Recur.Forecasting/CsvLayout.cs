namespace Recur.Forecasting;

/// <summary>What a CSV file's columns mean, found from its first rows and the options.</summary>
internal sealed class CsvLayout
{
    private const int SampleRows = 200;
    private const double MostOfSample = 0.8; // of the values that are there: a wrong one must not hide a column

    private static readonly HashSet<string> DateNames = new(StringComparer.OrdinalIgnoreCase)
    { "date", "time", "datetime", "date_time", "timestamp", "ds", "day", "month", "year", "quarter", "week", "period",
        "index" };

    private static readonly string[] YearNames = ["year"];
    private static readonly string[] MonthNames = ["month"];
    private static readonly string[] DayNames = ["day", "day_of_month", "date_of_month", "dayofmonth"];

    private readonly string path;
    private readonly char delimiter;
    private readonly bool hasHeader;
    private readonly bool decimalComma;
    private readonly int valueColumn;
    private readonly int dateColumn = -1;
    private readonly int[]? dateParts; // columns of year, month and day
    private readonly CsvDates? dates;

    private CsvLayout(string path, CsvOptions options)
    {
        this.path = path;
        if (options.Delimiter is '"' or '\r' or '\n')
            throw new ArgumentException("CsvOptions.Delimiter must not be a quote or a line break.");
        delimiter = options.Delimiter ?? CsvText.FindDelimiter(path);
        List<string[]> rows = Sample(path, delimiter);
        if (rows.Count == 0) throw new CsvException(path, 0, null, "the file is empty.");
        hasHeader = options.HasHeader ?? LooksLikeHeader(rows);
        string[] names = hasHeader ? rows[0] : [.. Enumerable.Range(1, rows[0].Length).Select(i => i.ToString())];
        if (hasHeader) rows.RemoveAt(0);
        if (rows.Count == 0) throw new CsvException(path, 0, null, "there are no rows below the header.");
        Width = names.Length;
        decimalComma = delimiter != ',' && UsesDecimalComma(rows);

        int named = options.ValueColumn is { } wanted ? IndexOf(names, wanted) : -1;
        if (options.DateColumn is { } dateName && dateName != CsvOptions.NoDates)
        {
            dateColumn = IndexOf(names, dateName);
            dates = FindDates(rows, dateColumn, numbersToo: true) ??
                throw new CsvException(path, 0, names[dateColumn],
                    $"{CsvText.Quote(rows[0].ElementAtOrDefault(dateColumn) ?? "")} is not a date.");
        }
        else if (options.DateColumn is null)
        {
            for (int c = 0; c < Width && dates is null; c++)
            {
                if (c == named) continue;
                dates = FindDates(rows, c, DateNames.Contains(names[c]) && Width > 1 && !HasParts(names));
                if (dates is not null) dateColumn = c;
            }

            if (dates is null) dateParts = FindParts(names, rows, named);
        }

        valueColumn = named >= 0 ? named : OnlyNumericColumn(names, rows);
        ValueName = hasHeader ? names[valueColumn] : $"column {valueColumn + 1}";
        DateName = dateColumn >= 0 ? names[dateColumn] : string.Join("-", (dateParts ?? []).Select(p => names[p]));
        if (valueColumn == dateColumn)
            throw new CsvException(path, 0, names[valueColumn], "the same column is named for values and for dates.");
        string[] present = [.. Fields(rows, valueColumn)];
        if (present.Length > 0 && !present.Any(f => CsvText.TryParse(f, decimalComma, out _)))
        {
            throw new CsvException(path, 0, ValueName,
                $"this is not a column of numbers; it holds texts such as {CsvText.Quote(present[0])}.");
        }
    }

    /// <summary>What a column holds, without missing values.</summary>
    private static IEnumerable<string> Fields(List<string[]> rows, int column) =>
        rows.Where(r => column < r.Length).Select(r => r[column]).Where(f => !CsvText.IsMissing(f));

    public static CsvLayout Find(string path, CsvOptions options) => new(path, options);

    /// <summary>The number of fields of every row.</summary>
    public int Width { get; }

    public string ValueName { get; }

    public string DateName { get; }

    public bool HasDates => dates is not null || dateParts is not null;

    public CsvLines Open(string path) => new(path, delimiter, hasHeader);

    /// <summary>The value of the current row; NaN when it is missing and that is not an error.</summary>
    public double ReadValue(CsvLines csv, MissingValues missing)
    {
        ReadOnlySpan<char> field = csv.Field(valueColumn);
        if (CsvText.TryParse(field, decimalComma, out double value)) return value;
        if (missing != MissingValues.Error) return double.NaN;
        string problem =
            field.IsEmpty ? "the value is missing." : $"{CsvText.Quote(field.ToString())} is not a number.";
        throw new CsvException(path, csv.Line, ValueName, problem + " Use --missing to choose what to do.");
    }

    public DateTime ReadDate(CsvLines csv)
    {
        if (dateParts is not null)
        {
            string day = dateParts.Length > 2 ? csv[dateParts[2]] : "1";
            if (TryParts(csv[dateParts[0]], csv[dateParts[1]], day, out DateTime date)) return date;
            throw new CsvException(path, csv.Line, DateName,
                $"{CsvText.Quote(string.Join("-", dateParts.Select(p => csv[p])))} is not a date.");
        }

        if (dates!.TryParse(csv.Field(dateColumn), out DateTime parsed)) return parsed;
        string problem = csv.Field(dateColumn).IsEmpty
            ? "the date is missing."
            : $"{CsvText.Quote(csv[dateColumn])} is not a date written like the others.";
        throw new CsvException(path, csv.Line, DateName, problem);
    }

    private static List<string[]> Sample(string path, char delimiter)
    {
        var rows = new List<string[]>();
        using var csv = new CsvLines(path, delimiter, hasHeader: false);
        while (rows.Count <= SampleRows && csv.Read())
        {
            var row = new string[csv.Width];
            for (int c = 0; c < row.Length; c++) row[c] = csv[c];
            rows.Add(row);
        }

        return rows;
    }

    /// <summary>A first row is a header when some field in it is text above numbers or dates, or when it holds text
    /// only.</summary>
    private bool LooksLikeHeader(List<string[]> rows)
    {
        bool comma = delimiter != ',';
        bool IsData(string field) =>
            CsvText.TryParse(field, false, out _) ||
            (comma && CsvText.TryParse(field, true, out _)) ||
            CsvDates.All.Any(d => d.TryParse(field, out _));
        string[] first = rows[0];
        if (rows.Count > 1)
            for (int c = 0; c < Math.Min(first.Length, rows[1].Length); c++)
                if (!CsvText.IsMissing(first[c]) && !IsData(first[c]) && IsData(rows[1][c])) return true;
        return !first.Any(IsData);
    }

    private static bool UsesDecimalComma(List<string[]> rows)
    {
        bool found = false;
        foreach (string field in rows.SelectMany(r => r))
        {
            if (CsvText.TryParse(field, false, out _) && field.Contains('.')) return false;
            found |= field.Contains(',') && CsvText.TryParse(field, true, out _);
        }

        return found;
    }

    private int IndexOf(string[] names, string wanted)
    {
        IEnumerable<int> all = Enumerable.Range(0, names.Length);
        int[] exact = [.. all.Where(i => names[i] == wanted)];
        if (exact.Length == 0)
            exact = [.. all.Where(i => names[i].Equals(wanted, StringComparison.OrdinalIgnoreCase))];
        if (exact.Length == 1) return exact[0];
        string problem = exact.Length > 1
            ? $"{exact.Length} columns are called {CsvText.Quote(wanted)}."
            : $"there is no column {CsvText.Quote(wanted)}; the columns are {List(names)}.";
        throw new CsvException(path, 0, null, problem);
    }

    private static string List(IEnumerable<string> names)
    {
        const int shown = 20;
        string[] all = [.. names.Select(CsvText.Quote)];
        return string.Join(", ", all.Take(shown)) + (all.Length > shown ? $" and {all.Length - shown} more" : "");
    }

    /// <summary>The way a column's dates are written; of several that fit the sample, the first with even spacing
    /// (1/2/2024 is ambiguous).</summary>
    private static CsvDates? FindDates(List<string[]> rows, int column, bool numbersToo)
    {
        string[] fields = [.. Fields(rows, column)];
        CsvDates? best = null;
        int bestFits = 0;
        foreach (CsvDates way in CsvDates.All)
        {
            if (way.LooksLikeNumber && !numbersToo) continue;
            var parsed = new List<DateTime>();
            foreach (string field in fields)
                if (way.TryParse(field, out DateTime date)) parsed.Add(date);
            if (parsed.Count == 0 || parsed.Count < MostOfSample * fields.Length || parsed.Count < bestFits) continue;
            if (parsed.Count == bestFits && !CalendarGrid.IsEven(parsed)) continue;
            best = way;
            bestFits = parsed.Count;
        }

        return best;
    }

    private static bool HasParts(string[] names) =>
        IndexOfAny(names, YearNames) >= 0 && IndexOfAny(names, MonthNames) >= 0;

    private static int IndexOfAny(string[] names, string[] wanted) =>
        Array.FindIndex(names, n => wanted.Contains(n, StringComparer.OrdinalIgnoreCase));

    private static int[]? FindParts(string[] names, List<string[]> rows, int valueColumn)
    {
        int year = IndexOfAny(names, YearNames);
        int month = IndexOfAny(names, MonthNames);
        int day = IndexOfAny(names, DayNames);
        if (year < 0 || month < 0 || year == valueColumn || month == valueColumn || day == valueColumn) return null;
        int[] parts = day < 0 ? [year, month] : [year, month, day];
        bool fits = rows.TrueForAll(r =>
            parts.Max() < r.Length && TryParts(r[year], r[month], day < 0 ? "1" : r[day], out _));
        return fits ? parts : null;
    }

    private static bool TryParts(string year, string month, string day, out DateTime date)
    {
        date = default;
        if (!int.TryParse(year, out int y) || !int.TryParse(month, out int m) || !int.TryParse(day, out int d))
            return false;
        if (y is < 1 or > 9999 || m is < 1 or > 12 || d < 1 || d > DateTime.DaysInMonth(y, m)) return false;
        date = new DateTime(y, m, d);
        return true;
    }

    private int OnlyNumericColumn(string[] names, List<string[]> rows)
    {
        var numeric = new List<int>();
        for (int c = 0; c < names.Length; c++)
        {
            if (c == dateColumn || dateParts?.Contains(c) == true) continue;
            int present = 0, numbers = 0;
            foreach (string[] row in rows)
            {
                if (c >= row.Length || CsvText.IsMissing(row[c])) continue;
                present++;
                if (CsvText.TryParse(row[c], decimalComma, out _)) numbers++;
            }

            // Row numbers without a name, as some programs write them in front, are not values.
            bool rowNumbers = hasHeader && names[c].Length == 0 && names.Length > 1;
            if (numbers > 0 && numbers >= MostOfSample / 2 * present && !rowNumbers) numeric.Add(c);
        }

        if (numeric.Count == 1) return numeric[0];
        string problem = numeric.Count > 1
            ? $"{numeric.Count} columns hold numbers ({List(numeric.Select(c => names[c]))}); name one with --column."
            : $"no column holds numbers; the columns are {List(names)}.";
        throw new CsvException(path, 0, null, problem);
    }
}
