namespace Recur.Forecasting;

/// <summary>A series of regularly spaced values, oldest first; immutable.</summary>
/// <remarks>With a <see cref="Start"/> and a calendar <see cref="Frequency"/> every position has a date, also positions
/// after the end; otherwise positions are numbered from 1.</remarks>
public sealed class TimeSeries
{
    private readonly double[] values;

    /// <summary>A numbered series.</summary>
    /// <param name="name">What the values are, such as a column's name.</param>
    /// <param name="values">Finite values, oldest first; copied.</param>
    public TimeSeries(string name, ReadOnlySpan<double> values) : this(name, values, null, Frequency.None) { }

    /// <summary>A series with dates.</summary>
    /// <param name="name">What the values are, such as a column's name.</param>
    /// <param name="values">Finite values, oldest first; copied.</param>
    /// <param name="start">The date of the first value.</param>
    /// <param name="frequency">The spacing of the dates.</param>
    /// <exception cref="ArgumentException">A value is not finite, or a date is given without a calendar or the
    /// reverse.</exception>
    public TimeSeries(string name, ReadOnlySpan<double> values, DateTime? start, Frequency frequency)
        : this(name, values.ToArray(), start, frequency, firstNumber: 1) { }

    internal TimeSeries(string name, double[] values, DateTime? start, Frequency frequency, int firstNumber)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (start.HasValue != frequency.IsCalendar)
            throw new ArgumentException(
                "TimeSeries: a start and a calendar frequency belong together; give both or neither.");
        if (frequency.Count < 1)
            throw new ArgumentException($"TimeSeries: Frequency.Count must be at least 1 but was {frequency.Count}.");
        for (int i = 0; i < values.Length; i++)
            if (!double.IsFinite(values[i]))
                throw new ArgumentException(
                    $"TimeSeries \"{name}\": value {i} is {values[i]}; every value must be finite.");
        Name = name;
        this.values = values;
        Start = start;
        Frequency = frequency;
        FirstNumber = firstNumber;
    }

    /// <summary>What the values are.</summary>
    public string Name { get; }

    /// <summary>The values, oldest first.</summary>
    public ReadOnlySpan<double> Values => values;

    /// <summary>The number of values.</summary>
    public int Length => values.Length;

    /// <summary>The date of the first value; null for a numbered series.</summary>
    public DateTime? Start { get; }

    /// <summary>The spacing of the dates.</summary>
    public Frequency Frequency { get; }

    /// <summary>The position that the first value of a numbered series has in the series it was cut from, from
    /// 1.</summary>
    internal int FirstNumber { get; }

    /// <summary>How many values were filled in while reading, because they were missing.</summary>
    public int FilledValues { get; init; }

    /// <summary>The value at <paramref name="index"/>, from 0.</summary>
    public double this[int index] => values[index];

    /// <summary>The date at <paramref name="index"/>, which may lie after the end; null for a numbered
    /// series.</summary>
    public DateTime? DateAt(int index) => Start is { } start ? Frequency.Add(start, index) : null;

    /// <summary>The date at <paramref name="index"/> as text in ISO order, or the position counted from 1.</summary>
    public string LabelAt(int index) => Start is { } start
        ? Frequency.Add(start, index).ToString(Frequency.DateFormat(start))
        : (FirstNumber + (long)index).ToString();

    /// <summary>The values from <paramref name="start"/> on, with their dates.</summary>
    /// <param name="start">The first position, from 0.</param>
    /// <param name="length">How many values.</param>
    public TimeSeries Slice(int start, int length)
    {
        if ((uint)start > (uint)Length || (uint)length > (uint)(Length - start))
            throw new ArgumentOutOfRangeException(nameof(start),
                $"TimeSeries.Slice: {length} values from position {start} were asked of a series of {Length}.");
        return new TimeSeries(Name, values[start..(start + length)], DateAt(start), Frequency, FirstNumber + start);
    }

    /// <summary>Splits off the last <paramref name="count"/> values.</summary>
    /// <returns>The values before them, and the last ones.</returns>
    public (TimeSeries Head, TimeSeries Tail) SplitLast(int count) =>
        (Slice(0, Length - count), Slice(Length - count, count));

    /// <summary>This series followed by further values, which take the following dates.</summary>
    public TimeSeries Append(ReadOnlySpan<double> further) =>
        new(Name, [.. values, .. further], Start, Frequency, FirstNumber);

    /// <summary>Whether all values are equal (or there are none).</summary>
    public bool IsConstant => !values.AsSpan().ContainsAnyExcept(values.Length == 0 ? 0 : values[0]);

    /// <summary>Name, length and dates, for people.</summary>
    public override string ToString() => Length == 0
        ? $"{Name}: no values"
        : $"{Name}: {Length} values, {Frequency}, {LabelAt(0)} to {LabelAt(Length - 1)}";
}
