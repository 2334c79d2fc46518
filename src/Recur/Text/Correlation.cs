namespace Recur.Text;

/// <summary>Correlation of two series.</summary>
internal static class Correlation
{
    /// <summary>Σ (x - mean x)(y - mean y) / √(Σ (x - mean x)² Σ (y - mean y)²); NaN when one of them does not
    /// vary.</summary>
    public static double Pearson(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        if (x.Count < 2) return double.NaN;
        double meanX = x.Average(), meanY = y.Average(), xx = 0, yy = 0, xy = 0;
        for (int i = 0; i < x.Count; i++)
        {
            double dx = x[i] - meanX, dy = y[i] - meanY;
            xx += dx * dx;
            yy += dy * dy;
            xy += dx * dy;
        }

        return xy / Math.Sqrt(xx * yy);
    }

    /// <summary>Pearson's of the ranks; equal values share the mean of their ranks.</summary>
    public static double Spearman(IReadOnlyList<double> x, IReadOnlyList<double> y) => Pearson(Ranks(x), Ranks(y));

    private static double[] Ranks(IReadOnlyList<double> values)
    {
        int[] order = [.. Enumerable.Range(0, values.Count).OrderBy(i => values[i])];
        var ranks = new double[order.Length];
        for (int begin = 0; begin < order.Length;)
        {
            int end = begin + 1;
            while (end < order.Length && values[order[end]] == values[order[begin]]) end++;
            for (int i = begin; i < end; i++) ranks[order[i]] = (begin + end + 1) / 2.0;
            begin = end;
        }

        return ranks;
    }
}
