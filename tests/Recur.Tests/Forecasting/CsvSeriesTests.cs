using System.Text;
using Recur.Forecasting;

namespace Recur.Tests.Forecasting;

public sealed class CsvSeriesTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("recur-csv-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string Write(string text) => Write(Encoding.UTF8.GetBytes(text));

    private string Write(byte[] bytes)
    {
        string path = Path.Combine(folder, "load.csv");
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private TimeSeries Read(string text, CsvOptions? options = null) => CsvSeries.Read(Write(text), options);

    private string Error(string text, CsvOptions? options = null)
    {
        string path = Write(text);
        return Assert.Throws<CsvException>(() => CsvSeries.Read(path, options)).Message.Replace(path, "load.csv");
    }

    [Theory]
    [InlineData("air_passengers.csv", null, 144, 112, 432, "1949-01", "1960-12", "1961-01")]
    [InlineData("sunspots_monthly.csv", null, 2820, 58, 33.4, "1749-01", "1983-12", "1984-01")]
    [InlineData("us_births.csv", "births", 7305, 8486, 9133, "1969-01-01", "1988-12-31", "1989-01-01")]
    [InlineData("electricity_demand_half_hourly.csv", null, 4032, 22262, 23132, "1", "4032", "4033")]
    public void Read_RealFile_FindsColumnAndDates(
        string file, string? column, int length, double first, double last, string start, string end, string next)
    {
        TimeSeries series = CsvSeries.Read(TestData.PathOf(file), new CsvOptions { ValueColumn = column });
        Assert.Equal((length, first, last), (series.Length, series[0], series[length - 1]));
        Assert.Equal([start, end, next], [series.LabelAt(0), series.LabelAt(length - 1), series.LabelAt(length)]);
    }

    [Theory]
    [InlineData("t,y\n1,2.5\n2,3.5\n", "y")]
    [InlineData("\"t\",\"y\"\r\n\"1\",\"2.5\"\r\n\"2\",\"3.5\"", "y")]
    [InlineData("\uFEFFy\n2.5\n3.5", "y")]
    [InlineData("y;note\n2.5;\"a;b\"\n3.5;\"two\nlines\"\n", "y")]
    [InlineData("note\ty\nx\t2.5\nz\t3.5\n\n", "y")]
    [InlineData("datum;y\n1.2.2024;2,5\n2.2.2024;3,5\n", "y")]
    [InlineData("2.5\n3.5\n", "column 1")]
    [InlineData("\"#y\"\n 2.5 \n+3.5\n", "#y")]
    [InlineData(",y\n0,2.5\n1,3.5\n", "y")]
    [InlineData("date,y\n2024-01-01,2.5\n2024-01-02,3.5\n", "y")]
    public void Read_ManySpellings_GivesTheSameValues(string text, string name)
    {
        TimeSeries series =
            Read(text, text.StartsWith('t') || text.StartsWith("\"t") ? new CsvOptions { ValueColumn = "y" } : null);
        Assert.Equal(name, series.Name);
        Assert.Equal([2.5, 3.5], series.Values.ToArray());
    }

    [Fact]
    public void Read_Utf16WithByteOrderMark_IsUnderstood()
    {
        string path = Write([.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes("y\n1\n2\n")]);
        Assert.Equal([1.0, 2.0], CsvSeries.Read(path).Values.ToArray());
    }

    [Theory]
    [InlineData("2024-01-31,2024-02-29,2024-03-31", "2024-04-30", "monthly")]
    [InlineData("2024-01-15,2024-02-15,2024-03-15", "2024-04-15", "monthly")]
    [InlineData("2024-01,2024-04,2024-07", "2024-10", "quarterly")]
    [InlineData("2024Q1,2024Q2,2024Q3", "2024-10", "quarterly")]
    [InlineData("2001,2002,2003", "2004-01", "yearly")]
    [InlineData("20240101,20240102,20240103", "2024-01-04", "daily")]
    [InlineData("1/1/2024,1/8/2024,1/15/2024", "2024-01-22", "weekly")]
    [InlineData("01/02/2024,01/03/2024,01/04/2024", "2024-05", "monthly")]
    [InlineData("2024-01-05,2024-01-08,2024-01-09,2024-01-10", "2024-01-11", "every business day")]
    [InlineData("2024-01-01 00:00,2024-01-01 00:30,2024-01-01 01:00", "2024-01-01 01:30", "half-hourly")]
    [InlineData("2024-01-01T22:00:00Z,2024-01-01T23:00:00Z", "2024-01-02 00:00", "hourly")]
    [InlineData("Jan 2024,Feb 2024,Mar 2024", "2024-04", "monthly")]
    public void Read_Dates_InfersFrequencyAndContinues(string dates, string next, string frequency)
    {
        string[] all = dates.Split(',');
        TimeSeries series = Read("date,y\n" + string.Concat(all.Select((d, i) => $"{d},{i * i}\n")));
        Assert.Equal((frequency, next), (series.Frequency.ToString(), series.LabelAt(series.Length)));
    }

    [Fact]
    public void Read_DatesIgnored_NumbersTheValues()
    {
        TimeSeries series =
            Read("date,y\n2024-01-01,1\n2024-05-07,2\n2024-05-08,3\n", new CsvOptions
            {
                DateColumn = CsvOptions.NoDates
            });
        Assert.Equal(["1", "3", "4"], [series.LabelAt(0), series.LabelAt(2), series.LabelAt(3)]);
    }

    [Theory]
    [InlineData(MissingValues.Interpolate, new double[] { 2, 3, 4, 8 }, 1)]
    [InlineData(MissingValues.Forward, new double[] { 2, 2, 4, 8 }, 1)]
    [InlineData(MissingValues.Drop, new double[] { 2, 4, 8 }, 0)]
    public void Read_MissingValues_AreFilledOnRequest(MissingValues missing, double[] expected, int filled)
    {
        TimeSeries series = Read("y\nNA\n2\ninf\n4\n8\nNaN\n", new CsvOptions { Missing = missing });
        Assert.Equal(expected, series.Values.ToArray());
        Assert.Equal(filled, series.FilledValues);
    }

    [Fact]
    public void Read_GapInDates_IsFilledOnRequest()
    {
        TimeSeries series =
            Read("date,y\n2024-01,1\n2024-02,2\n2024-05,8\n2024-06,9\n", new CsvOptions
            {
                Missing = MissingValues.Interpolate
            });
        Assert.Equal([1.0, 2, 4, 6, 8, 9], series.Values.ToArray());
        Assert.Equal(("2024-06", 2), (series.LabelAt(5), series.FilledValues));
    }

    [Fact]
    public void Read_LeadingValuesMissing_StartsLater() =>
        Assert.Equal(
            "2024-02", Read("date,y\n2024-01,\n2024-02,2\n2024-03,3\n",
            new CsvOptions { Missing = MissingValues.Forward }).LabelAt(0));

    [Fact]
    public void Read_DroppedRows_LoseTheirDatesOnlyWhenUneven()
    {
        var drop = new CsvOptions { Missing = MissingValues.Drop };
        Assert.Null(Read("date,y\n2024-01,1\n2024-02,\n2024-03,3\n2024-04,4\n", drop).Start);
        Assert.Equal("2024-02", Read("date,y\n2024-01,\n2024-02,2\n2024-03,3\n", drop).LabelAt(0));
    }

    [Theory]
    [InlineData("y\n1\n2\nn/a\n",
        "load.csv, line 4, column \"y\": \"n/a\" is not a number. Use --missing to choose what to do.")]
    [InlineData("t,y\na,1\nb,\n",
        "load.csv, line 3, column \"y\": the value is missing. Use --missing to choose what to do.")]
    [InlineData("t,y\n\"a\nb\",1\n\nb,1x\n",
        "load.csv, line 5, column \"y\": \"1x\" is not a number. Use --missing to choose what to do.")]
    [InlineData("y\n1\n1e999\n",
        "load.csv, line 3, column \"y\": \"1e999\" is not a number. Use --missing to choose what to do.")]
    [InlineData("y\n1\nNaN\n",
        "load.csv, line 3, column \"y\": \"NaN\" is not a number. Use --missing to choose what to do.")]
    [InlineData("", "load.csv: the file is empty.")]
    [InlineData(" \n\n", "load.csv: the file is empty.")]
    [InlineData("date,y\n", "load.csv: there are no rows below the header.")]
    [InlineData("date,y\n2024-01,5\n", "load.csv, column \"y\": there is only 1 value; a series needs at least 2.")]
    [InlineData("a,b\nx,y\nz,u\n", "load.csv: no column holds numbers; the columns are \"a\", \"b\".")]
    [InlineData("a,b,c\n1,2,x\n3,4,y\n", "load.csv: 2 columns hold numbers (\"a\", \"b\"); name one with --column.")]
    [InlineData("a,b\nx,2\ny\n", "load.csv, line 3: 2 fields were expected but there is 1.")]
    [InlineData("a,b\nx,2\ny,3,4\n", "load.csv, line 3: 2 fields were expected but there are 3.")]
    [InlineData("date,y\n2024-01,1\n2024-03,2\n2024-02,3\n",
        "load.csv, line 4, column \"date\": 2024-02-01 comes after 2024-03-01; the dates must rise. Sort the file " +
        "first.")]
    [InlineData("date,y\n2024-01,1\n2024-02,2\n2024-02,3\n",
        "load.csv, line 4, column \"date\": 2024-02-01 stands here for the second time; each date may stand only " +
        "once.")]
    [InlineData("date,y\n2024-01,1\n2024-02,2\n2024-04,3\n",
        "load.csv, line 4, column \"date\": 2024-03-01 is missing before 2024-04-01 (the series is monthly). Use " +
        "--missing to choose what to do.")]
    [InlineData("date,y\n2024-01-01,1\n2024-01-03,2\n2024-01-05,3\n2024-01-06,3\n",
        "load.csv, line 5, column \"date\": 2024-01-06 is not evenly spaced from 2024-01-05 (the series is every " +
        "2 days). Use --date-column none to number them instead.")]
    [InlineData("date,y\n2024-01,1\n2024-02,2\n2024-03,3\n2024-04,3\nMay,3\n",
        "load.csv, line 6, column \"date\": \"May\" is not a date written like the others.")]
    [InlineData("date,y\n2024-01,1\n2024-02,2\n2024-03,3\n2024-04,3\n,3\n",
        "load.csv, line 6, column \"date\": the date is missing.")]
    [InlineData("y\n1\n2\n\"3\n4\n",
        "load.csv, line 4: the quotes do not match; a quote inside a quoted field must be doubled.")]
    public void Read_BadText_SaysWhatAndWhere(string text, string message) => Assert.Equal(message, Error(text));

    [Theory]
    [InlineData("z", null, "load.csv: there is no column \"z\"; the columns are \"date\", \"city\", \"y\".")]
    [InlineData("city", null,
        "load.csv, column \"city\": this is not a column of numbers; it holds texts such as \"Rome\".")]
    [InlineData("y", "city", "load.csv, column \"city\": \"Rome\" is not a date.")]
    [InlineData("y", "z", "load.csv: there is no column \"z\"; the columns are \"date\", \"city\", \"y\".")]
    public void Read_NamedColumnDoesNotFit_SaysSo(string value, string? date, string message) =>
        Assert.Equal(
            message, Error("date,city,y\n2024-01,Rome,1\n2024-02,Oslo,2\n", new CsvOptions
            {
                ValueColumn = value,
                DateColumn = date
            }));

    [Fact]
    public void Read_FileMissing_SaysSo() =>
        Assert.Equal(
            "no/such.csv: the file does not exist.",
            Assert.Throws<CsvException>(() => CsvSeries.Read("no/such.csv")).Message);

    [Fact]
    public void Read_Directory_SaysSo() =>
        Assert.Equal(
            $"{folder}: this is a directory, not a CSV file.",
            Assert.Throws<CsvException>(() => CsvSeries.Read(folder)).Message);

    [Fact]
    public void Read_BytesThatAreNoText_SaysWhichLine()
    {
        string path = Write([.. "y\n1\n2\n"u8, 0xFF, 0xFE, .. "\n"u8]);
        Assert.Equal(
            $"{path}, line 4: there are bytes that are not UTF-8 text; save the file as UTF-8.",
            Assert.Throws<CsvException>(() => CsvSeries.Read(path)).Message);
    }

    [Fact]
    public void Read_GiganticLine_SaysThatThisIsNoCsv()
    {
        string path = Write("y\n1\n" + new string('9', 3_000_000) + "\n");
        Assert.Equal(
            $"{path}, line 3: the line, or a quoted field that is never closed, is longer than 1,048,576 " +
            "characters; this does not look like a CSV file.",
            Assert.Throws<CsvException>(() => CsvSeries.Read(path)).Message);
    }

    [Fact]
    public void Read_ManyRows_ReadsThemAll()
    {
        const int rows = 50_000;
        var text = new StringBuilder("t,y\n");
        for (int i = 0; i < rows; i++) text.Append('x').Append(i).Append(',').Append(i * 0.5).Append('\n');
        TimeSeries series = Read(text.ToString());
        Assert.Equal((rows, 0.5 * (rows - 1)), (series.Length, series[rows - 1]));
    }
}
