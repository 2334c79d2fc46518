namespace Recur.Data;

/// <summary>Windows over series: some steps to read, and the steps behind them to predict.</summary>
/// <remarks>
/// Window w of a series begins at step w·stride:
/// <code>
/// input   x[begin .. begin + window]
/// target  x[begin + window + gap .. begin + window + gap + horizon]
/// </code>
/// Windows do not reach from one series into the next.
/// </remarks>
public sealed class WindowDataset : IDataset<Batch>
{
    private readonly Tensor[] series;
    private readonly int[] firsts; // [series + 1] the number of windows before each series
    private readonly int window, horizon, stride, gap, features;
    private readonly bool batchFirst;

    /// <summary>Prepares windows over one series.</summary>
    /// <inheritdoc cref="WindowDataset(IReadOnlyList{Tensor}, int, int, int, int, bool)"/>
    public WindowDataset(
        Tensor series, int window, int horizon = 1, int stride = 1, int gap = 0, bool batchFirst = false)
        : this([series], window, horizon, stride, gap, batchFirst) { }

    /// <summary>Prepares windows over several series.</summary>
    /// <param name="series">Each [steps, F]; not copied. One that is shorter than a window has none.</param>
    /// <param name="window">Steps to read, at least 1.</param>
    /// <param name="horizon">Steps to predict, at least 1.</param>
    /// <param name="stride">Steps from the beginning of a window to that of the next one, at least 1.</param>
    /// <param name="gap">Steps between what is read and what is predicted, 0 or more.</param>
    /// <param name="batchFirst">Whether batches are [N, T, F] instead of [T, N, F].</param>
    /// <exception cref="ArgumentException">A number is too small, or no series is as long as a window.</exception>
    /// <exception cref="ShapeException">A series is not [steps, F] with the F of the others.</exception>
    public WindowDataset(
        IReadOnlyList<Tensor> series, int window, int horizon = 1, int stride = 1, int gap = 0, bool batchFirst = false)
    {
        ArgumentNullException.ThrowIfNull(series);
        Require(series.Count, 1, "the number of series");
        Require(window, 1, nameof(window));
        Require(horizon, 1, nameof(horizon));
        Require(stride, 1, nameof(stride));
        Require(gap, 0, nameof(gap));
        this.series = [.. series];
        (this.window, this.horizon, this.stride, this.gap) = (window, horizon, stride, gap);
        this.batchFirst = batchFirst;
        features = series[0].Rank == 2 ? series[0].Shape[1] : -1;
        firsts = new int[series.Count + 1];
        int longest = 0, needed = checked(window + gap + horizon);
        for (int i = 0; i < series.Count; i++)
        {
            Shape shape = series[i].Shape;
            if (shape.Rank != 2 || shape[1] != features)
                ShapeException.Throw(
                    $"WindowDataset: series {i}",
                    i == 0 || features < 0 ? "[steps, F]" : $"[steps, {features}] (as series 0)", shape);
            longest = Math.Max(longest, shape[0]);
            firsts[i + 1] = checked(firsts[i] + (shape[0] < needed ? 0 : (shape[0] - needed) / stride + 1));
        }

        if (Count == 0)
            throw new ArgumentException(
                $"WindowDataset: one window needs {needed} steps but the longest series has {longest}.");
    }

    /// <summary>The number of windows.</summary>
    public int Count => firsts[^1];

    /// <summary>The steps to read: the same for all.</summary>
    public int LengthOf(int example) => window;

    /// <summary>Copies windows: input [window, N, F] and target [horizon, N, F], or with N first.</summary>
    public Batch Collate(ReadOnlySpan<int> examples, BatchMemory memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        int n = examples.Length;
        Tensor input = memory.Tensor(0, batchFirst ? [n, window, features] : [window, n, features]);
        Tensor target = memory.Tensor(1, batchFirst ? [n, horizon, features] : [horizon, n, features]);
        Span<float> x = input.MutableSpan, y = target.MutableSpan;
        for (int i = 0; i < n; i++)
        {
            (int index, int begin) = Find(examples[i]);
            ReadOnlySpan<float> values = series[index].Span;
            Copy(values, begin, window, i, n, x);
            Copy(values, begin + window + gap, horizon, i, n, y);
        }

        return new Batch(input, target);
    }

    /// <summary>Which series a window lies in, and its first step there.</summary>
    public (int Series, int Begin) Find(int example)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(example);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(example, Count);
        int at = Array.BinarySearch(firsts, example);
        int index = at < 0 ? ~at - 1 : at;
        while (firsts[index + 1] == example) index++; // series without a window
        return (index, (example - firsts[index]) * stride);
    }

    private void Copy(ReadOnlySpan<float> values, int begin, int steps, int i, int n, Span<float> to)
    {
        for (int t = 0; t < steps; t++)
            values.Slice((begin + t) * features, features)
                .CopyTo(to[((batchFirst ? i * steps + t : t * n + i) * features)..]);
    }

    private static void Require(int value, int least, string name)
    {
        if (value < least)
            throw new ArgumentException($"WindowDataset: {name} must be at least {least} but was {value}.");
    }
}
