namespace Recur.Forecasting;

/// <summary>Reads one column of a CSV file as a series.</summary>
public static class CsvSeries
{
    /// <summary>Reads a series; finds delimiter, header, date column and value column unless the options name
    /// them.</summary>
    /// <remarks>
    /// Dates are found in the usual spellings (2024-01, 2024-01-31, 2024-01-31 13:30, 31.01.2024, 1/31/2024, 2024Q1, a
    /// year, or columns year, month and day); they must rise with an even spacing. A gap is reported like a missing
    /// value and filled like one. Numbers use a decimal point; a decimal comma is understood where the delimiter is not
    /// a comma.
    /// </remarks>
    /// <param name="path">A UTF-8 (or, with a byte order mark, UTF-16) text file.</param>
    /// <param name="options">What is known about the file; null finds everything.</param>
    /// <returns>At least two values.</returns>
    /// <exception cref="CsvException">The file is no such series; the message says where and why, in one
    /// sentence.</exception>
    public static TimeSeries Read(string path, CsvOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new CsvOptions();
        CsvLayout layout = CsvLayout.Find(path, options);
        var values = new List<double>(); // NaN where missing
        var dates = layout.HasDates ? new List<DateTime>() : null;
        var lines = new List<int>();
        using (CsvLines csv = layout.Open(path))
        {
            while (csv.Read())
            {
                csv.CheckWidth(layout.Width);
                double value = layout.ReadValue(csv, options.Missing);
                if (dates is not null) dates.Add(layout.ReadDate(csv));
                values.Add(value);
                lines.Add(csv.Line);
            }
        }

        return Assemble(path, layout, options.Missing, values, dates, lines);
    }

    private static TimeSeries Assemble(string path, CsvLayout layout, MissingValues missing, List<double> values,
        List<DateTime>? dates, List<int> lines)
    {
        if (missing == MissingValues.Drop) dates = DropMissing(path, layout, values, dates, lines);
        Frequency frequency = Frequency.None;
        if (dates is not null)
        {
            CheckCount(path, layout.ValueName, values.Count);
            frequency = CalendarGrid.Place(path, layout.DateName, layout.ValueName, missing, dates, values, lines);
        }

        int first = values.FindIndex(v => !double.IsNaN(v));
        int last = values.FindLastIndex(v => !double.IsNaN(v));
        int known = first < 0 ? 0 : last - first + 1;
        CheckCount(path, layout.ValueName, known);
        double[] kept = [.. values[first..(last + 1)]];
        int filled = Fill(kept, missing);
        DateTime? start = dates is null ? null : frequency.Add(dates[0], first);
        return new TimeSeries(layout.ValueName, kept, start, frequency) { FilledValues = filled };
    }

    /// <summary>Removes the rows without a value.</summary>
    /// <returns>The remaining dates, or null when they are no longer evenly spaced.</returns>
    private static List<DateTime>? DropMissing(string path, CsvLayout layout, List<double> values,
        List<DateTime>? dates, List<int> lines)
    {
        int kept = 0;
        for (int i = 0; i < values.Count; i++)
        {
            if (double.IsNaN(values[i])) continue;
            values[kept] = values[i];
            lines[kept] = lines[i];
            if (dates is not null) dates[kept] = dates[i];
            kept++;
        }

        values.RemoveRange(kept, values.Count - kept);
        lines.RemoveRange(kept, lines.Count - kept);
        if (dates is null) return null;
        dates.RemoveRange(kept, dates.Count - kept);
        CalendarGrid.CheckRising(path, layout.DateName, dates, lines);
        return CalendarGrid.IsEven(dates) ? dates : null;
    }

    private static void CheckCount(string path, string column, int count)
    {
        if (count == 0) throw new CsvException(path, 0, column, "there are no values.");
        if (count == 1) throw new CsvException(path, 0, column, "there is only 1 value; a series needs at least 2.");
    }

    /// <summary>Replaces NaN between known values.</summary>
    private static int Fill(double[] values, MissingValues missing)
    {
        int filled = 0;
        for (int i = 1; i < values.Length; i++)
        {
            if (!double.IsNaN(values[i])) continue;
            int next = i;
            while (double.IsNaN(values[next])) next++;
            double left = values[i - 1], right = values[next];
            int gap = next - i + 1;
            for (int k = 1; i < next; i++, k++, filled++)
                values[i] = missing == MissingValues.Forward ? left : left + (right - left) * k / gap;
        }

        return filled;
    }
}
