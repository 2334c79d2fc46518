namespace Recur.Forecasting;

/// <summary>What to do with values that are missing: empty fields, NA, NaN, infinities, text in a number column, absent
/// dates.</summary>
public enum MissingValues
{
    /// <summary>Report the first one with line and column.</summary>
    Error,

    /// <summary>Draw a straight line between the neighbours. Missing values before the first and after the last known
    /// value are left out.</summary>
    Interpolate,

    /// <summary>Repeat the last known value. Missing values before the first and after the last known value are left
    /// out.</summary>
    Forward,

    /// <summary>Leave the rows out and number the values that remain, for the dates are then no longer evenly
    /// spaced.</summary>
    Drop,
}
