using Recur.IO;
using ScottPlot;

namespace Recur.Cli.Output;

/// <summary>What all pictures share: size, fonts, colours, and that a file appears whole or not at all.</summary>
/// <remarks>Only the plot classes name ScottPlot's types: a verb without a picture does not load it.</remarks>
internal static class Plots
{
    private const int Width = 1400, Height = 700;
    private const float LeftPanel = 96, RightPanel = 28, EdgeGap = 8; // labels and the last tick stay off the edge
    private const float GridTickSize = 13, GridLabelSize = 16, GridRightPanel = 14;
    private const float TitleSize = 26, LabelSize = 20, TickSize = 17, LegendSize = 19;

    /// <summary>Okabe and Ito's palette, which readers with colour-blindness can tell apart.</summary>
    public static Color Black { get; } = Color.FromHex("#222222");

    public static Color Blue { get; } = Color.FromHex("#0072B2");

    public static Color Vermilion { get; } = Color.FromHex("#D55E00");

    public static Color Green { get; } = Color.FromHex("#009E73");

    public static Color Purple { get; } = Color.FromHex("#CC79A7");

    public static Color Orange { get; } = Color.FromHex("#E69F00");

    public static Color Sky { get; } = Color.FromHex("#56B4E9");

    public static Color Grey { get; } = Color.FromHex("#8A8A8A");

    /// <summary>The font that comes with the tool: a bare machine has none, and would draw pictures without any
    /// text.</summary>
    public static string SansSerif { get; } = BundledFont();

    private static string BundledFont()
    {
        const string name = "DejaVu Sans";
        Fonts.AddFontFile(
            name, Path.Combine(AppContext.BaseDirectory, "Fonts", "DejaVuSans.ttf"), bold: false, italic: false);
        return name;
    }

    /// <summary>A plot with title and axis labels in sizes that can be read in a report.</summary>
    public static Plot Create(string title, string xLabel, string yLabel)
    {
        var plot = new Plot();
        plot.Title(title, TitleSize);
        plot.XLabel(xLabel, LabelSize);
        plot.YLabel(yLabel, LabelSize);
        plot.Axes.Title.Label.Bold = false;
        plot.Axes.Bottom.Label.Bold = false;
        plot.Axes.Left.Label.Bold = false;
        plot.Font.Set(SansSerif);
        plot.Legend.FontSize = LegendSize;
        return plot;
    }

    /// <summary>Makes the horizontal axis one of dates in ISO order.</summary>
    public static void UseDates(Plot plot, string label, string format)
    {
        var axis = plot.Axes.DateTimeTicksBottom(); // a new axis, without the label
        axis.TickGenerator =
            new ScottPlot.TickGenerators.DateTimeAutomatic { LabelFormatter = date => date.ToString(format) };
        plot.XLabel(label, LabelSize);
        plot.Axes.Bottom.Label.Bold = false;
    }

    /// <summary>Writes several plots as one picture, row by row.</summary>
    public static void SaveGrid(IReadOnlyList<Plot> plots, int columns, string path)
    {
        var grid = new Multiplot();
        grid.RemovePlot(grid.GetPlot(0)); // it begins with an empty one
        foreach (Plot plot in plots)
        {
            plot.Axes.Title.Label.FontSize = LabelSize;
            foreach (IAxis axis in (IAxis[])[plot.Axes.Bottom, plot.Axes.Left]) axis.TickLabelStyle.FontSize = GridTickSize;
            plot.Axes.Bottom.Label.FontSize = plot.Axes.Left.Label.FontSize = GridLabelSize;
            plot.Legend.FontSize = GridLabelSize;
            plot.Axes.Right.MinimumSize = GridRightPanel;
            grid.AddPlot(plot);
        }

        grid.Layout = new ScottPlot.MultiplotLayouts.Grid(rows: (plots.Count + columns - 1) / columns, columns);
        byte[] png = grid.Render(Width, Height).GetImageBytes(ImageFormat.Png);
        AtomicFile.Write(path, stream => stream.Write(png));
    }

    /// <summary>Sets what depends on the kind of axis, and writes the picture.</summary>
    public static void Save(Plot plot, string path, Alignment legend)
    {
        plot.Axes.Bottom.TickLabelStyle.FontSize = TickSize;
        plot.Axes.Left.TickLabelStyle.FontSize = TickSize;
        plot.Axes.Left.MinimumSize = LeftPanel;
        plot.Axes.Left.Label.OffsetX = EdgeGap;
        plot.Axes.Right.MinimumSize = RightPanel;
        plot.ShowLegend(legend);
        byte[] png = plot.GetImage(Width, Height).GetImageBytes(ImageFormat.Png);
        AtomicFile.Write(path, stream => stream.Write(png));
    }
}
