using Recur.Data;

namespace Recur.Forecasting;

/// <summary>A batch of windows of one series.</summary>
/// <param name="Inputs">[T, N, F]: what is known before each value, one column per lag. When running freely, values of
/// the horizon count as 0 here: the network adds its own predictions.</param>
/// <param name="Anchors">[T, N, 1]: the value a prediction starts from; likewise.</param>
/// <param name="Targets">[T, N, 1]: the values themselves.</param>
/// <param name="FreeRun">Whether the network shall run freely over the horizon.</param>
public readonly record struct WindowBatch(Tensor Inputs, Tensor Anchors, Tensor Targets, bool FreeRun);

/// <summary>Cuts a series into windows of context and horizon, and fills the same tensors with a random choice of them
/// batch after batch.</summary>
/// <remarks>
/// Window w has T = context + horizon - 1 steps. Its step t predicts value number w + Lead + 1 + t of the series from
/// the values lag steps before that one. The first context targets but one only warm the state up; the last horizon
/// ones are the forecast.
/// </remarks>
public sealed class Windows : IBatchSource<WindowBatch>
{
    private readonly float[] values;
    private readonly double[] sums; // sums[i] = values[0] + ... + values[i-1]
    private readonly Lag[] lags;
    private readonly int anchor;
    private readonly int levelLength;
    private readonly int batchSize;
    private readonly long freeRunningFrom;
    private readonly int[] starts;
    private readonly WindowBatch batch;
    private long firstBatch;

    /// <summary>Prepares windows over all of the values.</summary>
    /// <param name="values">The scaled series, oldest first.</param>
    /// <param name="lags">How far back the inputs lie from the value to be predicted, in steps; each at least
    /// 1.</param>
    /// <param name="anchor">How far back the anchor lies; at least 1.</param>
    /// <param name="context">Known values per window, at least 1.</param>
    /// <param name="horizon">Values to forecast per window, at least 1.</param>
    /// <param name="batchSize">Windows per batch.</param>
    /// <param name="batchCount">Batches per epoch.</param>
    /// <param name="levelLength">The number of last context values whose mean is taken off a window; 0 takes nothing
    /// off.</param>
    /// <param name="freeRunningFrom">The number of the batch, from 0 over all epochs, from which batches ask for free
    /// running.</param>
    /// <exception cref="ArgumentException">The series is shorter than one window.</exception>
    public Windows(
        ReadOnlySpan<float> values, ReadOnlySpan<Lag> lags, int anchor, int context, int horizon,
        int batchSize, int batchCount = 1, int levelLength = 0, long freeRunningFrom = long.MaxValue)
    {
        this.values = values.ToArray();
        sums = new double[values.Length + 1];
        for (int i = 0; i < values.Length; i++) sums[i + 1] = sums[i] + values[i];
        this.lags = lags.ToArray();
        this.anchor = anchor;
        this.levelLength = Math.Min(levelLength, context);
        this.batchSize = batchSize;
        this.freeRunningFrom = freeRunningFrom;
        Context = context;
        Horizon = horizon;
        Lead = LeadOf(lags, anchor);
        BatchCount = batchCount;
        Count = values.Length - Lead - context - horizon + 1;
        if (Count < 1)
            throw new ArgumentException(
                $"Windows: one window needs {Lead + context + horizon} values but the series has {values.Length}.");
        starts = new int[batchSize * batchCount];
        batch = NewBatch(context + horizon - 1, batchSize);
    }

    /// <summary>Known values per window.</summary>
    public int Context { get; }

    /// <summary>Forecast values per window.</summary>
    public int Horizon { get; }

    /// <summary>Values before a window's context that its lags reach back to.</summary>
    public int Lead { get; }

    /// <summary>The number of different windows.</summary>
    public int Count { get; }

    /// <summary>Batches per epoch.</summary>
    public int BatchCount { get; }

    internal static int LeadOf(ReadOnlySpan<Lag> lags, int anchor)
    {
        int longest = anchor;
        foreach (Lag lag in lags) longest = Math.Max(longest, lag.Last);
        return longest - 1;
    }

    /// <summary>Draws the windows of an epoch, each as likely as any other.</summary>
    public void BeginEpoch(int epoch, Rng rng)
    {
        ArgumentNullException.ThrowIfNull(rng);
        firstBatch = (long)epoch * BatchCount;
        for (int i = 0; i < starts.Length; i++) starts[i] = rng.NextInt(0, Count);
    }

    /// <summary>Fills the batch tensors.</summary>
    public WindowBatch GetBatch(int index)
    {
        WindowBatch filled = batch with { FreeRun = firstBatch + index >= freeRunningFrom };
        Fill(filled, starts.AsSpan(index * batchSize, batchSize));
        return filled;
    }

    /// <summary>Fills tensors with the windows that begin at <paramref name="windows"/>.</summary>
    internal void Fill(WindowBatch target, ReadOnlySpan<int> windows)
    {
        Span<float> inputs =
            target.Inputs.MutableSpan, anchors = target.Anchors.MutableSpan, targets = target.Targets.MutableSpan;
        int n = windows.Length, steps = Context + Horizon - 1;
        for (int w = 0; w < n; w++)
        {
            int first = windows[w] + Lead; // the first known value of the context
            int end = first + Context; // of what is known when running freely
            float level = Level(values, end, levelLength);
            int known = target.FreeRun ? end : values.Length;
            for (int t = 0; t < steps; t++)
            {
                int next = first + t + 1, at = t * n + w;
                for (int f = 0; f < lags.Length; f++)
                    inputs[at * lags.Length + f] = KnownMean(lags[f], next, known, level);
                anchors[at] = next - anchor < known ? values[next - anchor] - level : 0f;
                targets[at] = values[next] - level;
            }
        }
    }

    /// <summary>The share that known values have in the mean of a lag before position <paramref name="next"/>, relative
    /// to the level.</summary>
    private float KnownMean(Lag lag, int next, int known, float level)
    {
        int from = next - lag.Last, to = Math.Min(next - lag.First + 1, known);
        if (from >= to) return 0f;
        if (lag.Length == 1) return values[from] - level;
        return (float)((sums[to] - sums[from] - (to - from) * (double)level) / lag.Length);
    }

    internal WindowBatch NewBatch(int steps, int size) =>
        new(Tensor.Zeros([steps, size, lags.Length]), Tensor.Zeros([steps, size, 1]), Tensor.Zeros([steps, size, 1]),
            FreeRun: true);

    internal static float Level(ReadOnlySpan<float> series, int end, int length)
    {
        double sum = 0;
        foreach (float v in series.Slice(end - length, length)) sum += v;
        return length == 0 ? 0f : (float)(sum / length);
    }
}
