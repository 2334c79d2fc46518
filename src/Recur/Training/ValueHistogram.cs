namespace Recur.Training;

/// <summary>Counts of values in buckets that widen with the magnitude: the limits TensorFlow and
/// torch.utils.tensorboard use.</summary>
/// <remarks><code>±1e-12 · 1.1^i below 1e20, 0 between, and the largest double at both ends</code>
/// Bucket i holds the values above limit i-1 and up to limit i. Values that are not finite are counted apart.</remarks>
internal sealed class ValueHistogram
{
    private static readonly double[] Limits = MakeLimits();
    private readonly int[] counts = new int[Limits.Length];

    public long Count { get; private set; }

    public long NotFinite { get; private set; }

    public double Min { get; private set; }

    public double Max { get; private set; }

    public double Sum { get; private set; }

    public double SumOfSquares { get; private set; }

    /// <summary>The buckets from the one before the first value to that of the last one, so that a drawing begins at
    /// 0.</summary>
    public int FirstBucket { get; private set; }

    public int BucketCount { get; private set; }

    public double Limit(int bucket) => Limits[FirstBucket + bucket];

    public int InBucket(int bucket) => counts[FirstBucket + bucket];

    /// <summary>Counts the values of one tensor anew.</summary>
    public void Fill(ReadOnlySpan<float> values)
    {
        Array.Clear(counts);
        Count = NotFinite = 0;
        Sum = SumOfSquares = 0;
        Min = double.PositiveInfinity;
        Max = double.NegativeInfinity;
        foreach (float value in values)
        {
            if (!float.IsFinite(value))
            {
                NotFinite++;
                continue;
            }

            int at = Array.BinarySearch(Limits, value);
            counts[at < 0 ? ~at : at]++;
            Count++;
            Sum += value;
            SumOfSquares += (double)value * value;
            Min = Math.Min(Min, value);
            Max = Math.Max(Max, value);
        }

        if (Count == 0) Min = Max = 0;
        int first = Array.FindIndex(counts, c => c > 0), last = Array.FindLastIndex(counts, c => c > 0);
        FirstBucket = Math.Max(0, first - 1);
        BucketCount = Count == 0 ? 0 : last - FirstBucket + 1;
    }

    private static double[] MakeLimits()
    {
        var positive = new List<double>();
        for (double v = 1e-12; v < 1e20; v *= 1.1) positive.Add(v);
        positive.Add(double.MaxValue);
        return [.. positive.AsEnumerable().Reverse().Select(v => -v), 0, .. positive];
    }
}
