using System.Runtime.InteropServices;

namespace Recur.Forecasting;

/// <summary>Puts dated values onto an even grid of dates.</summary>
internal static class CalendarGrid
{
    /// <summary>Reports dates that fall back or stand still.</summary>
    public static void CheckRising(string path, string column, List<DateTime> dates, List<int> lines)
    {
        for (int i = 1; i < dates.Count; i++)
        {
            if (dates[i] > dates[i - 1]) continue;
            string problem = dates[i] == dates[i - 1]
                ? $"{Text(dates[i])} stands here for the second time; each date may stand only once."
                : $"{Text(dates[i])} comes after {Text(dates[i - 1])}; the dates must rise. Sort the file first.";
            throw new CsvException(path, lines[i], column, problem);
        }
    }

    /// <summary>Whether rising dates lie on an even grid without gaps.</summary>
    public static bool IsEven(List<DateTime> dates)
    {
        if (dates.Count == 0) return false;
        Frequency frequency = Frequency.Infer(CollectionsMarshal.AsSpan(dates));
        if (!frequency.IsCalendar) return false;
        for (int i = 0; i < dates.Count; i++)
            if (dates[i] != frequency.Add(dates[0], i)) return false;
        return true;
    }

    /// <summary>Finds the grid and inserts a NaN into <paramref name="values"/> for every date that the file leaves
    /// out.</summary>
    /// <returns>The spacing, with which value i has the date i steps after the first.</returns>
    public static Frequency Place(
        string path, string dateColumn, string valueColumn, MissingValues missing, List<DateTime> dates,
            List<double> values, List<int> lines)
    {
        CheckRising(path, dateColumn, dates, lines);
        Frequency frequency = Frequency.Infer(CollectionsMarshal.AsSpan(dates));
        var placed = new List<double>(values.Count) { values[0] };
        for (int i = 1; i < dates.Count; i++)
        {
            DateTime expected = frequency.Add(dates[0], placed.Count);
            bool isLate = dates[i] > expected && IsOnGrid(frequency, dates[0], dates[i], placed.Count);
            if (isLate && missing == MissingValues.Error)
            {
                throw new CsvException(path, lines[i], dateColumn,
                    $"{Text(expected)} is missing before {Text(dates[i])} (the series is {frequency}). Use " +
                    "--missing to choose what to do.");
            }

            // Each date left out costs one value; a grid finer than the file by far means that there is no grid.
            long limit = LargestStretch(values.Count);
            while (expected < dates[i] && placed.Count < limit)
            {
                placed.Add(double.NaN);
                expected = frequency.Add(dates[0], placed.Count);
            }

            if (expected != dates[i])
            {
                throw new CsvException(path, lines[i], dateColumn,
                    $"{Text(dates[i])} is not evenly spaced from {Text(dates[i - 1])} (the series is " +
                    $"{frequency}). Use --date-column none to number them instead.");
            }

            placed.Add(values[i]);
        }

        values.Clear();
        values.AddRange(placed);
        return frequency;
    }

    private static long LargestStretch(int count) => 1_000 + 100L * count;

    private static bool IsOnGrid(Frequency frequency, DateTime start, DateTime date, int from)
    {
        DateTime at = frequency.Add(start, from);
        for (int i = from; at < date && i < LargestStretch(from); i++) at = frequency.Add(start, i + 1L);
        return at == date;
    }

    private static string Text(DateTime date) =>
        date.ToString(date.TimeOfDay == TimeSpan.Zero ? "yyyy-MM-dd" : "yyyy-MM-dd HH:mm:ss");
}
