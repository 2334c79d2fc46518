using Recur.Forecasting;

namespace Recur.Tests.Forecasting;

public sealed class MetricsTests
{
    private const int Digits = 12; // sums of a few doubles

    private static readonly double[] Actual = [3, -1, 2, 0], Forecast = [2, -1, 4, 0];

    [Fact] // (1 + 0 + 2 + 0) / 4
    public void Mae_Example_MatchesHand() => Assert.Equal(0.75, Metrics.Mae(Actual, Forecast), Digits);

    [Fact] // √((1 + 0 + 4 + 0) / 4)
    public void Rmse_Example_MatchesHand() => Assert.Equal(Math.Sqrt(1.25), Metrics.Rmse(Actual, Forecast), Digits);

    [Fact] // 100 / 4 · (2·1/5 + 0 + 2·2/6 + 0, for 0 against 0 is right)
    public void Smape_Example_MatchesHand() =>
        Assert.Equal(25 * (0.4 + 2.0 / 3), Metrics.Smape(Actual, Forecast), Digits);

    [Fact]
    public void Smape_ZeroMissed_Is200() => Assert.Equal(200, Metrics.Smape([0.0], [5.0]), Digits);

    [Fact] // history 1 2 4 7 at lag 2: |4-1|, |7-2| = 3, 5, mean 4; error 0.75
    public void Mase_Seasonal_MatchesHand() =>
        Assert.Equal(0.1875, Metrics.Mase(Actual, Forecast, [1, 2, 4, 7], season: 2), Digits);

    [Fact] // at lag 1: 1, 2, 3, mean 2
    public void Mase_Naive_MatchesHand() => Assert.Equal(0.375, Metrics.Mase(Actual, Forecast, [1, 2, 4, 7]), Digits);

    [Fact]
    public void Mase_HistoryRepeatsItself_IsZeroOrInfinite()
    {
        Assert.Equal(0, Metrics.Mase([1.0], [1.0], [5, 5, 5]));
        Assert.Equal(double.PositiveInfinity, Metrics.Mase([1.0], [2.0], [5, 5, 5]));
    }

    [Fact]
    public void Metrics_WrongInput_SayWhat()
    {
        Assert.Equal("Metrics.Mae: actual and forecast must have the same length but have 1 and 2.",
            Assert.Throws<ArgumentException>(() => Metrics.Mae([1.0], [1.0, 2])).Message);
        Assert.Equal("Metrics.Rmse: there is nothing to compare; actual and forecast are empty.",
            Assert.Throws<ArgumentException>(() => Metrics.Rmse([], [])).Message);
        Assert.Equal("Metrics.Mase: a season of 3 needs a history of at least 4 values but it has 3.",
            Assert.Throws<ArgumentException>(() => Metrics.Mase([1.0], [1.0], [1, 2, 3], 3)).Message);
        Assert.StartsWith("Metrics.Mase: season must be at least 1 but was 0.",
            Assert.Throws<ArgumentOutOfRangeException>(() => Metrics.Mase([1.0], [1.0], [1, 2, 3], 0)).Message);
    }

    [Fact]
    public void Baselines_Example_MatchHand()
    {
        double[] history = [1, 2, 3, 5];
        Assert.Equal([5.0, 5, 5], Baselines.Naive(history, 3));
        Assert.Equal([3.0, 5, 3], Baselines.SeasonalNaive(history, 3, season: 2));
        Assert.Equal([5 + 4 / 3.0, 5 + 8 / 3.0], Baselines.Drift(history, 2));
    }

    [Fact]
    public void SeasonalNaive_HistoryTooShort_SaysSo() => Assert.Equal(
        "Baselines.SeasonalNaive: a history of at least 12 values is needed but it has 3.",
        Assert.Throws<ArgumentException>(() => Baselines.SeasonalNaive([1, 2, 3], 1, 12)).Message);
}
