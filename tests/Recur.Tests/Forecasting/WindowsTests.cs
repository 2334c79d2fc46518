using FsCheck;
using FsCheck.Xunit;
using Recur.Forecasting;

namespace Recur.Tests.Forecasting;

public sealed class WindowsTests
{
    private const float Tolerance = 1e-4f; // means of values up to 100 in float

    [Property]
    public bool Count_AnySizes_CoversTheSeriesExactly(PositiveInt context, PositiveInt horizon, PositiveInt lag,
        NonNegativeInt extra)
    {
        int length = lag.Get - 1 + context.Get + horizon.Get + extra.Get;
        var values = new float[length];
        for (int i = 0; i < length; i++) values[i] = i;
        var windows = new Windows(values, [lag.Get], 1, context.Get, horizon.Get, batchSize: 1);
        WindowBatch batch = windows.NewBatch(context.Get + horizon.Get - 1, 1);
        if (windows.Count != extra.Get + 1) return false;
        if (batch.Targets.Length == 0) return true;

        // The first input is the first value, the last target of the last window the last value.
        windows.Fill(batch, [0]);
        bool first = batch.FreeRun && batch.Inputs.Span[0] == 0;
        windows.Fill(batch, [windows.Count - 1]);
        return first && batch.Targets.Span[^1] == length - 1;
    }

    [Fact]
    public void Fill_TeacherForced_MatchesHand()
    {
        // lead 3: value 3 is the first of window 0's context
        float[] values = [0, 10, 20, 30, 40, 50, 60, 70];
        var windows = new Windows(values, [1, new Lag(2, 4)], anchor: 3, context: 2, horizon: 2, batchSize: 2);
        WindowBatch batch = windows.NewBatch(3, 2) with { FreeRun = false };
        windows.Fill(batch, [0, 1]);
        Assert.Equal(2, windows.Count);
        Assert.Equal([30, 10, 40, 20, 40, 20, 50, 30, 50, 30, 60, 40], batch.Inputs.Span.ToArray());
        Assert.Equal([10, 20, 20, 30, 30, 40], batch.Anchors.Span.ToArray());
        Assert.Equal([40, 50, 50, 60, 60, 70], batch.Targets.Span.ToArray());
    }

    [Fact]
    public void Fill_FreeRunning_LeavesOutTheHorizonAndTakesOffTheLevel()
    {
        float[] values = [0, 10, 20, 30, 40, 50, 60, 70];
        var windows =
            new Windows(values, [1, new Lag(2, 4)], anchor: 3, context: 2, horizon: 3, batchSize: 1, levelLength: 2);
        WindowBatch batch = windows.NewBatch(4, 1);
        windows.Fill(batch, [0]); // context 30 40, level 35
        float[] expected =
            [-5, -25, 5, -15, 0, -5, 0, (-5 + 5) / 3f]; // 20 30 40 -> mean -5; 30 40 and a prediction -> 0
        Assert.All(expected.Zip(batch.Inputs.Span.ToArray()), p => Assert.Equal(p.First, p.Second, Tolerance));
        Assert.Equal([-25, -15, -5, 5], batch.Anchors.Span.ToArray());
        Assert.Equal([5, 15, 25, 35], batch.Targets.Span.ToArray());
    }

    [Fact]
    public void GetBatch_SameSeed_DrawsTheSameWindows()
    {
        float[] values = [.. Enumerable.Range(0, 200).Select(i => (float)i)];
        var windows = new Windows(values, [1], 1, 4, 3, batchSize: 5, batchCount: 2, freeRunningFrom: 3);
        windows.BeginEpoch(0, new Rng(7));
        float[] first = windows.GetBatch(1).Targets.ToArray();
        Assert.False(windows.GetBatch(0).FreeRun);
        windows.BeginEpoch(1, new Rng(7));
        Assert.False(windows.GetBatch(0).FreeRun);
        Assert.True(windows.GetBatch(1).FreeRun);
        Assert.Equal(first, windows.GetBatch(1).Targets.ToArray());
    }

    [Fact]
    public void New_SeriesTooShort_SaysHowManyValuesAreNeeded() => Assert.Equal(
        "Windows: one window needs 9 values but the series has 8.",
        Assert.Throws<ArgumentException>(() => new Windows(new float[8], [3], 1, 4, 3, batchSize: 1)).Message);
}
