using FsCheck;
using FsCheck.Xunit;
using Recur.Forecasting;

namespace Recur.Tests.Forecasting;

public sealed class StandardScalerTests
{
    private const double Tolerance = 1e-12; // a few roundings of doubles, relative to the largest value

    [Fact]
    public void Fit_Example_MatchesHand()
    {
        StandardScaler scaler = StandardScaler.Fit([2, 4, 4, 4, 5, 5, 7, 9]);
        Assert.Equal((5, 2), (scaler.Mean, scaler.Deviation));
        Assert.Equal(1.5, scaler.Scale(8));
    }

    [Property]
    public bool Unscale_AfterScale_GivesTheValueBack(NormalFloat first, NormalFloat second, NormalFloat[] others)
    {
        double[] values = [(double)first, (double)second, .. others.Select(o => (double)o)];
        if (!values.AsSpan().ContainsAnyExcept(values[0])) return true;
        double largest = values.Max(Math.Abs);
        if (largest > double.MaxValue / 4) return true;
        StandardScaler scaler = StandardScaler.Fit(values);
        return values.All(v => Math.Abs(scaler.Unscale(scaler.Scale(v)) - v) <= Tolerance * largest);
    }

    [Property]
    public bool Scale_FittedValues_HaveMeanZeroAndDeviationOne(NonEmptyArray<int> data)
    {
        double[] values = [.. data.Get.Select(v => (double)v), data.Get[0] + 1.0];
        StandardScaler scaler = StandardScaler.Fit(values);
        double[] scaled = [.. values.Select(scaler.Scale)];
        return Math.Abs(scaled.Average()) < 1e-9 && Math.Abs(scaled.Average(v => v * v) - 1) < 1e-9;
    }

    [Fact]
    public void Fit_LargeValuesSmallSpread_KeepsDigits() =>
        Assert.Equal(0.5, StandardScaler.Fit([1e9, 1e9 + 1, 1e9, 1e9 + 1]).Deviation, 9);

    [Fact]
    public void Fit_WrongValues_SaysWhat()
    {
        Assert.Equal("StandardScaler.Fit: the series is constant (every value is 3), so there is nothing to scale.",
            Assert.Throws<ArgumentException>(() => StandardScaler.Fit([3, 3, 3])).Message);
        Assert.Equal("StandardScaler.Fit: value 1 is NaN; every value must be finite.",
            Assert.Throws<ArgumentException>(() => StandardScaler.Fit([3, double.NaN])).Message);
        Assert.Equal(
            "StandardScaler.Fit: there are no values.",
            Assert.Throws<ArgumentException>(() => StandardScaler.Fit([])).Message);
    }
}
