using Recur.Forecasting;

namespace Recur.Tests.Forecasting;

public sealed class SeasonalityTests
{
    [Theory]
    [InlineData("air_passengers.csv", null, 12, 12)]
    [InlineData("sunspots_monthly.csv", null, 125, 135)] // the eleven-year cycle, whose length wanders
    [InlineData("us_births.csv", "births", 7, 7)]
    [InlineData("electricity_demand_half_hourly.csv", null, 336, 336)] // a week; a day (48) is a little weaker
    public void Detect_RealSeries_FindsItsPeriod(string file, string? column, int least, int most)
    {
        TimeSeries series = CsvSeries.Read(TestData.PathOf(file), new CsvOptions { ValueColumn = column });
        Assert.InRange(Seasonality.Detect(series), least, most);
        Assert.InRange(Seasonality.Detect(series.Values), least, most);
    }

    [Theory]
    [InlineData(0, 132)]
    [InlineData(132, 132)]
    [InlineData(264, 132)]
    [InlineData(660, 132)]
    public void Detect_SunspotsWithoutTheLastYears_StillFindsTheCycle(int without, int about)
    {
        TimeSeries series = CsvSeries.Read(TestData.PathOf("sunspots_monthly.csv"));
        Assert.InRange(Seasonality.Detect(series.SplitLast(without).Head), about - 8, about + 4);
    }

    [Theory]
    [InlineData(24, 0.0)]
    [InlineData(24, 0.5)]
    [InlineData(7, 1.0)]
    [InlineData(60, 0.7)]
    public void Detect_NoisySineWithTrend_FindsItsPeriod(int period, double noise)
    {
        var random = new Random(1);
        double[] values =
            [.. Enumerable.Range(0,
                20 * period).Select(t => 0.01 * t + Math.Sin(2 * Math.PI * t / period) + noise * Normal(random))];
        Assert.InRange(Seasonality.Detect(values), period - period / 20, period + period / 20);
    }

    [Theory]
    [InlineData(60)]
    [InlineData(500)]
    [InlineData(2000)]
    public void Detect_NoiseOrRandomWalk_SeldomFindsAPeriod(int length)
    {
        const int runs = 40, tolerated = 4; // 5 % of each of two tests
        var random = new Random(2);
        int noises = 0, walks = 0;
        for (int run = 0; run < runs; run++)
        {
            double[] noise = [.. Enumerable.Range(0, length).Select(_ => Normal(random))];
            double sum = 0;
            double[] walk = [.. noise.Select(v => sum += v)];
            if (Seasonality.Detect(noise) != 1) noises++;
            if (Seasonality.Detect(walk) != 1) walks++;
        }

        Assert.InRange(noises, 0, tolerated);
        Assert.InRange(walks, 0, tolerated);
    }

    [Fact]
    public void Detect_NothingToSee_IsOne()
    {
        Assert.Equal(1, Seasonality.Detect([]));
        Assert.Equal(1, Seasonality.Detect([5, 5, 5, 5, 5, 5, 5, 5, 5, 5]));
        Assert.Equal(1, Seasonality.Detect([.. Enumerable.Range(0, 100).Select(t => 3.0 * t)]));
        Assert.Equal(1, Seasonality.Detect([.. Enumerable.Range(0, 100).Select(t => (double)t * t)]));
    }

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
