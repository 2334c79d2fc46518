namespace Recur.Forecasting;

/// <summary>The unit in which a series advances.</summary>
public enum FrequencyUnit
{
    /// <summary>No calendar: values are numbered.</summary>
    Step,

    /// <summary>Seconds; a minute is 60, an hour 3,600.</summary>
    Second,

    /// <summary>Calendar days; a week is 7.</summary>
    Day,

    /// <summary>Monday to Friday.</summary>
    BusinessDay,

    /// <summary>Calendar months; a quarter is 3, a year 12.</summary>
    Month,

    /// <summary>Calendar months counted from a month's last day: 31 January, 28 February, 31 March.</summary>
    MonthEnd,
}

/// <summary>How far two neighbouring values of a series lie apart: a count of units, such as 3 months.</summary>
/// <param name="Unit">The unit.</param>
/// <param name="Count">How many units one step takes; at least 1.</param>
public readonly record struct Frequency(FrequencyUnit Unit, int Count)
{
    private const int SecondsPerMinute = 60;
    private const int SecondsPerHour = 3_600;
    private const int SecondsPerDay = 86_400;
    private const int DaysPerBusinessWeek = 5;

    /// <summary>Numbered values.</summary>
    public static Frequency None => new(FrequencyUnit.Step, 1);

    /// <summary>One value every half hour.</summary>
    public static Frequency HalfHourly => new(FrequencyUnit.Second, SecondsPerHour / 2);

    /// <summary>One value an hour.</summary>
    public static Frequency Hourly => new(FrequencyUnit.Second, SecondsPerHour);

    /// <summary>One value a day.</summary>
    public static Frequency Daily => new(FrequencyUnit.Day, 1);

    /// <summary>One value a week.</summary>
    public static Frequency Weekly => new(FrequencyUnit.Day, 7);

    /// <summary>One value a month.</summary>
    public static Frequency Monthly => new(FrequencyUnit.Month, 1);

    /// <summary>One value a quarter.</summary>
    public static Frequency Quarterly => new(FrequencyUnit.Month, 3);

    /// <summary>One value a year.</summary>
    public static Frequency Yearly => new(FrequencyUnit.Month, 12);

    /// <summary>Whether the values carry dates.</summary>
    public bool IsCalendar => Unit != FrequencyUnit.Step;

    /// <summary>The date <paramref name="steps"/> steps after <paramref name="start"/> (before it when
    /// negative).</summary>
    /// <remarks>Months are counted from the start, so 31 January continues with 28 February and 31 March.</remarks>
    /// <exception cref="InvalidOperationException">The frequency has no calendar.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The date lies outside the years 1 to 9999.</exception>
    public DateTime Add(DateTime start, long steps)
    {
        long units = checked(steps * Count);
        return Unit switch
        {
            FrequencyUnit.Second => start.AddTicks(checked(units * TimeSpan.TicksPerSecond)),
            FrequencyUnit.Day => start.AddDays(units),
            FrequencyUnit.BusinessDay => AddBusinessDays(start, units),
            FrequencyUnit.Month => start.AddMonths(checked((int)units)),
            FrequencyUnit.MonthEnd => LastDay(start.AddMonths(checked((int)units))),
            _ => throw new InvalidOperationException("Frequency.Add: numbered values have no dates."),
        };
    }

    private static DateTime AddBusinessDays(DateTime start, long days)
    {
        long weeks = Math.DivRem(days, DaysPerBusinessWeek, out long rest);
        if (rest < 0)
        {
            weeks--;
            rest += DaysPerBusinessWeek;
        }

        DateTime date = start.AddDays(weeks * 7);
        for (; rest > 0; rest--) date = date.AddDays(date.DayOfWeek == DayOfWeek.Friday ? 3 : 1);
        return date;
    }

    private static DateTime LastDay(DateTime date) =>
        date.AddDays(DateTime.DaysInMonth(date.Year, date.Month) - date.Day);

    internal static bool IsLastDay(DateTime date) => date.Day == DateTime.DaysInMonth(date.Year, date.Month);

    /// <summary>The spacing that most neighbours of rising dates have; a single date counts as daily.</summary>
    /// <remarks>Only proposes: the caller walks the dates and reports where they leave the grid.</remarks>
    internal static Frequency Infer(ReadOnlySpan<DateTime> dates)
    {
        if (dates.Length < 2) return Daily;
        bool sameDay = true, monthEnds = true, weekdays = true;
        foreach (DateTime d in dates)
        {
            sameDay &= d.Day == dates[0].Day && d.TimeOfDay == dates[0].TimeOfDay;
            monthEnds &= IsLastDay(d) && d.TimeOfDay == dates[0].TimeOfDay;
            weekdays &= d.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday);
        }

        var steps = new Dictionary<long, int>();
        bool months = sameDay || monthEnds;
        for (int i = 1; i < dates.Length; i++)
        {
            long step = months
                ? (dates[i].Year - dates[i - 1].Year) * 12 + dates[i].Month - dates[i - 1].Month
                : (dates[i] - dates[i - 1]).Ticks / TimeSpan.TicksPerSecond;
            steps[step] = steps.GetValueOrDefault(step) + 1;
        }

        long usual = steps.OrderByDescending(s => s.Value).ThenBy(s => s.Key).First().Key;
        if (usual <= 0 || usual > int.MaxValue) return None;
        if (sameDay) return new(FrequencyUnit.Month, (int)usual);
        if (monthEnds) return new(FrequencyUnit.MonthEnd, (int)usual);
        if (usual % SecondsPerDay != 0) return new(FrequencyUnit.Second, (int)usual);
        int days = (int)(usual / SecondsPerDay);
        bool skipsWeekends = days == 1 && weekdays && steps.ContainsKey(3L * SecondsPerDay);
        return skipsWeekends ? new(FrequencyUnit.BusinessDay, 1) : new(FrequencyUnit.Day, days);
    }

    /// <summary>The shortest format that keeps everything the dates of a series starting at <paramref name="start"/>
    /// say.</summary>
    internal string DateFormat(DateTime start) => Unit switch
    {
        FrequencyUnit.Month when start.Day == 1 && start.TimeOfDay == TimeSpan.Zero => "yyyy-MM",
        FrequencyUnit.Second when Count % SecondsPerMinute != 0 || start.Second != 0 => "yyyy-MM-dd HH:mm:ss",
        _ when Unit == FrequencyUnit.Second || start.TimeOfDay != TimeSpan.Zero => "yyyy-MM-dd HH:mm",
        _ => "yyyy-MM-dd",
    };

    /// <summary>Periods in which people's habits or the earth's course repeat, counted in steps, shortest
    /// first.</summary>
    /// <remarks>Daily: 7; monthly: 12; hourly: 24 and 168; half-hourly: 48 and 336. Empty without a calendar.</remarks>
    public IReadOnlyList<int> UsualPeriods => Unit switch
    {
        FrequencyUnit.Month or FrequencyUnit.MonthEnd => Divide(12),
        FrequencyUnit.Day => Divide(7, 365),
        FrequencyUnit.BusinessDay => [DaysPerBusinessWeek],
        FrequencyUnit.Second => Divide(SecondsPerDay, 7 * SecondsPerDay),
        _ => [],
    };

    private List<int> Divide(params ReadOnlySpan<int> cycles)
    {
        var periods = new List<int>();
        foreach (int cycle in cycles)
            if (cycle / Count > 1) periods.Add((int)Math.Round((double)cycle / Count));
        return periods;
    }

    /// <summary>What people call it: monthly, half-hourly, every 10 minutes.</summary>
    public override string ToString() => (Unit, Count) switch
    {
        (FrequencyUnit.Step, _) => "numbered",
        (FrequencyUnit.Second, SecondsPerMinute) => "every minute",
        (FrequencyUnit.Second, SecondsPerHour / 2) => "half-hourly",
        (FrequencyUnit.Second, SecondsPerHour) => "hourly",
        (FrequencyUnit.Second, var n) when n % SecondsPerHour == 0 => $"every {n / SecondsPerHour} hours",
        (FrequencyUnit.Second, var n) when n % SecondsPerMinute == 0 => $"every {n / SecondsPerMinute} minutes",
        (FrequencyUnit.Second, var n) => n == 1 ? "every second" : $"every {n} seconds",
        (FrequencyUnit.Day, 1) => "daily",
        (FrequencyUnit.Day, 7) => "weekly",
        (FrequencyUnit.Day, var n) => $"every {n} days",
        (FrequencyUnit.BusinessDay, _) => "every business day",
        (_, 1) => "monthly",
        (_, 3) => "quarterly",
        (_, 12) => "yearly",
        (_, var n) => $"every {n} months",
    };
}
