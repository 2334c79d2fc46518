using Recur.Data;

namespace Recur.Text;

/// <summary>One batch of a text that is read as N streams side by side.</summary>
internal sealed class TokenBatch
{
    /// <summary>Its place in the epoch: the streams begin at 0.</summary>
    public int Index { get; set; }

    /// <summary>[T, N].</summary>
    public required int[] Inputs { get; init; }

    /// <summary>[T, N]: the token after each.</summary>
    public required int[] Targets { get; init; }
}

/// <summary>Cuts a text into N streams of equal length and hands them out T steps at a time, so that a state carried from
/// batch to batch belongs to the text before.</summary>
/// <remarks>Every epoch begins at another offset, so that the cuts, where back-propagation ends, fall elsewhere; what is
/// less than T steps at the ends is left out of that epoch.</remarks>
internal sealed class TokenBatches : IBatchSource<TokenBatch>
{
    private readonly int[] ids;
    private readonly int streams, steps, streamLength;
    private readonly TokenBatch batch;
    private int offset;

    /// <exception cref="TextFormatException">The text is too short.</exception>
    public TokenBatches(string name, int[] ids, int streams, int steps)
    {
        streamLength = (ids.Length - 1) / streams;
        if (streamLength < steps)
            throw new TextFormatException(
                $"{name}: the text to train on must have more than {(long)streams * steps:#,0} tokens (batch size "
                + $"{streams} times {steps} steps) but has {ids.Length:#,0}.");
        this.ids = ids;
        this.streams = streams;
        this.steps = steps;
        batch = new TokenBatch { Inputs = new int[streams * steps], Targets = new int[streams * steps] };
    }

    public int BatchCount => (streamLength - offset) / steps;

    /// <summary>Batches of all epochs but the longest may be one fewer.</summary>
    public int MostBatches => streamLength / steps;

    public void BeginEpoch(int epoch, Rng rng) => offset = rng.NextInt(0, Math.Min(steps, streamLength - steps + 1));

    public TokenBatch GetBatch(int index)
    {
        batch.Index = index;
        int start = offset + index * steps;
        for (int n = 0; n < streams; n++)
        {
            int from = n * streamLength + start;
            for (int t = 0; t < steps; t++)
            {
                batch.Inputs[t * streams + n] = ids[from + t];
                batch.Targets[t * streams + n] = ids[from + t + 1];
            }
        }

        return batch;
    }
}
