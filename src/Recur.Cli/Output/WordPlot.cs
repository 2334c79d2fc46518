using ScottPlot;

namespace Recur.Cli.Output;

/// <summary>The picture of <c>recur embed plot</c>: words as points.</summary>
internal static class WordPlot
{
    private const float PointSize = 9, WordSize = 17;

    /// <summary>Draws words.</summary>
    /// <param name="path">The PNG file.</param>
    /// <param name="words">The words.</param>
    /// <param name="points">Where they stand.</param>
    /// <param name="groups">The group of each; a group is a colour.</param>
    /// <param name="groupCount">How many groups there are.</param>
    /// <param name="shareX">The share of the variance that the horizontal axis shows.</param>
    /// <param name="shareY">That of the vertical axis.</param>
    public static void Save(
        string path, IReadOnlyList<string> words, IReadOnlyList<(double X, double Y)> points, IReadOnlyList<int> groups,
        int groupCount, double shareX, double shareY)
    {
        Plot plot = Plots.Create(
            $"{words.Count} words", $"first principal component ({100 * shareX:0} % of the variance)",
            $"second ({100 * shareY:0} %)");
        Color[] palette =
            [Plots.Blue, Plots.Vermilion, Plots.Green, Plots.Black, Plots.Purple, Plots.Orange, Plots.Sky, Plots.Grey];
        bool isColoured = groupCount > 1 && groups.Distinct().Count() < words.Count;
        for (int i = 0; i < words.Count; i++)
        {
            Color color = isColoured ? palette[groups[i] % palette.Length] : Plots.Blue;
            plot.Add.Marker(points[i].X, points[i].Y, MarkerShape.FilledCircle, PointSize, color);
            var text = plot.Add.Text(OneLine(words[i]), points[i].X, points[i].Y);
            text.LabelFontSize = WordSize;
            text.LabelFontColor = color;
            text.LabelAlignment = Alignment.LowerCenter;
            text.OffsetY = -PointSize / 2;
        }

        plot.Font.Set(Plots.SansSerif);
        plot.Axes.Margins(0.08, 0.1);
        Plots.Save(plot, path, Alignment.UpperLeft);
    }

    private static string OneLine(string word) =>
        string.Concat(word.Take(30).Select(c => char.IsControl(c) ? ' ' : c)) + (word.Length > 30 ? "..." : "");
}
