namespace Recur.Forecasting;

/// <summary>One input of the network: the mean of the values <paramref name="First"/> to <paramref name="Last"/> steps
/// before the value to be predicted.</summary>
/// <param name="First">The nearest value, at least 1 step back.</param>
/// <param name="Last">The farthest value; the same as First for a single value.</param>
public readonly record struct Lag(int First, int Last)
{
    /// <summary>A single value.</summary>
    /// <param name="steps">How far back it lies.</param>
    public static implicit operator Lag(int steps) => new(steps, steps);

    /// <summary>A single value.</summary>
    /// <param name="steps">How far back it lies.</param>
    public static Lag FromInt32(int steps) => steps;

    /// <summary>How many values the mean is taken of.</summary>
    public int Length => Last - First + 1;
}
