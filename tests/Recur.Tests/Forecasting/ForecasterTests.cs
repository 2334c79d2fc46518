using Recur.Forecasting;
using Recur.IO;
using Recur.Nn;

namespace Recur.Tests.Forecasting;

[Collection(AloneCollection.Name)]
public sealed class ForecasterTests : IDisposable
{
    private const int Period = 12;

    private readonly string folder = Directory.CreateTempSubdirectory("recur-forecast-").FullName;

    // Small enough for a test, large enough to learn a sine.
    private static readonly ForecastOptions Small = new()
    {
        Model = new() { HiddenSize = 8, Members = 1 },
        Training = new() { TeacherForcedSteps = 60, FreeRunningSteps = 60, BatchSize = 8, LearningRate = 1e-2f },
    };

    // Enough steps for the questions that do not ask for quality.
    private static readonly ForecastOptions Tiny = Small with
    {
        Series = new() { Season = Period, Horizon = Period },
        Model = new() { HiddenSize = 4, Members = 2 },
        Training = Small.Training with { TeacherForcedSteps = 6, FreeRunningSteps = 6 },
    };

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string PathOf(string file) => Path.Combine(folder, file);

    private static TimeSeries NoisySine(int length, int seed = 3, double noise = 0.4)
    {
        var random = new Random(seed);
        double[] values = new double[length];
        for (int t = 0; t < length; t++)
        {
            double normal =
                Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            values[t] = 10 + 3 * Math.Sin(2 * Math.PI * t / Period) + noise * normal;
        }

        return new TimeSeries("sine", values, new DateTime(2000, 1, 1), Frequency.Monthly);
    }

    [Fact]
    public void Evaluate_NoisySine_BeatsBothNaiveMethods()
    {
        ForecastEvaluation evaluation = Forecaster.Evaluate(NoisySine(300), 2 * Period, Small);
        Assert.Equal(Period, evaluation.Season);
        Assert.Equal(["rnn", "naive", "seasonal naive"], evaluation.Scores.Select(s => s.Method));
        Assert.True(evaluation.Model.Mae < evaluation.Scores[1].Mae);
        Assert.True(evaluation.Model.Mae < evaluation.Scores[2].Mae);
        Assert.Equal(evaluation.Actual.LabelAt(0), evaluation.Model.Forecast.LabelAt(0));
        Assert.Equal(276, evaluation.History.Length);
    }

    [Fact]
    public void Evaluate_HeldOutValuesChanged_ModelSaysTheSame()
    {
        TimeSeries series = NoisySine(120);
        (TimeSeries history, TimeSeries tail) = series.SplitLast(Period);
        TimeSeries other = history.Append([.. tail.Values.ToArray().Select(v => 100 * v)]);
        ForecastOptions options = Tiny with { Series = new() };
        Assert.Equal(
            Forecaster.Evaluate(series, Period, options).Model.Forecast.Values.ToArray(),
            Forecaster.Evaluate(other, Period, options).Model.Forecast.Values.ToArray());
    }

    [Fact]
    public void Fit_TrendWithoutSeason_ContinuesIt()
    {
        var line = new TimeSeries("line", [.. Enumerable.Range(0, 120).Select(t => 5 + 0.5 * t)]);
        ForecastEvaluation evaluation = Forecaster.Evaluate(line, 12, Small);
        Assert.Equal(1, evaluation.Season);
        Assert.True(evaluation.Model.Mae < evaluation.Scores[1].Mae);
        Assert.Equal("109", evaluation.Model.Forecast.LabelAt(0));
    }

    [Fact]
    public void Fit_SameSeed_GivesTheSameForecastAndLeavesRngAlone()
    {
        TimeSeries series = NoisySine(120);
        Rng.Seed(5);
        double[] first = Forecaster.Fit(series, Tiny).Predict(30).Values.ToArray();
        uint next = Rng.Default.NextUInt32();
        Rng.Seed(5);
        Assert.Equal(next, Rng.Default.NextUInt32());
        Assert.Equal(first, Forecaster.Fit(series, Tiny).Predict(30).Values.ToArray());
        ForecastOptions other = Tiny with { Training = Tiny.Training with { Seed = 1 } };
        Assert.NotEqual(first, Forecaster.Fit(series, other).Predict(30).Values.ToArray());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Load_AfterSave_GivesTheSameForecast(bool dates)
    {
        TimeSeries sine = NoisySine(120);
        TimeSeries series = dates ? sine : new TimeSeries("sine", sine.Values);
        Forecaster model = Forecaster.Fit(series, Tiny);
        model.Save(PathOf("sine.safetensors"));
        Forecaster loaded = Forecaster.Load(PathOf("sine.safetensors"));
        TimeSeries expected = model.Predict(40), actual = loaded.Predict(40);
        Assert.Equal(expected.Values.ToArray(), actual.Values.ToArray());
        Assert.Equal(
            (expected.Name, expected.LabelAt(0), dates ? "2010-01" : "121"), (actual.Name, actual.LabelAt(0),
            actual.LabelAt(0)));
        Assert.Equal(
            (model.Season, model.Transform, model.TrainedOn, model.NeededHistory), (loaded.Season, loaded.Transform,
            loaded.TrainedOn, loaded.NeededHistory));
        Assert.Equal(expected.Values.ToArray(), loaded.Predict(series, 40).Values.ToArray());
    }

    [Theory]
    [InlineData(CellKind.Rnn)]
    [InlineData(CellKind.Gru)]
    [InlineData(CellKind.Lstm)]
    public void Load_AfterSaveOfEveryCell_GivesTheSameForecast(CellKind cell)
    {
        ForecastOptions options = Tiny with { Model = Tiny.Model with { Cell = cell, NumLayers = 2 } };
        Forecaster model = Forecaster.Fit(NoisySine(120), options);
        model.Save(PathOf("cell.safetensors"));
        Safetensors.Load(PathOf("cell.safetensors"), out IReadOnlyDictionary<string, string> metadata);
        Assert.Contains($"\"cell\":\"{cell}\"", metadata["configuration"]);
        Assert.Equal(
            model.Predict(40).Values.ToArray(),
            Forecaster.Load(PathOf("cell.safetensors")).Predict(40).Values.ToArray());
    }

    [Fact]
    public void Load_NotAForecaster_SaysSo()
    {
        Safetensors.Save(PathOf("other.safetensors"), [("w", Tensor.Zeros([2]))]);
        Assert.Equal(
            "other.safetensors: this is a safetensors file but not a forecaster (its metadata has no " +
            "recur_model = forecaster).",
            Assert.Throws<ModelFormatException>(() => Forecaster.Load(PathOf("other.safetensors"))).Message);
    }

    [Theory]
    [InlineData("\"hidden_size\":4", "\"hidden_size\":99999",
        "the configuration needs at least 19999600002 weights but the file has 128")]
    [InlineData("\"season\":12", "\"season\":-1", "season must be at least 1 but is -1")]
    [InlineData("\"cell\":\"Rnn\"", "\"cell\":\"Xyz\"", "cell is Xyz, which is not known")]
    public void Load_ConfigurationChanged_SaysWhatIsWrong(string from, string to, string problem)
    {
        Forecaster.Fit(NoisySine(120), Tiny).Save(PathOf("a.safetensors"));
        OrderedDictionary<string, Tensor> tensors =
            Safetensors.Load(PathOf("a.safetensors"), out IReadOnlyDictionary<string, string> metadata);
        var changed = metadata.ToDictionary(m => m.Key, m => m.Value.Replace(from, to));
        Safetensors.Save(PathOf("b.safetensors"), tensors, changed);
        string message = Assert.Throws<ModelFormatException>(() => Forecaster.Load(PathOf("b.safetensors"))).Message;
        Assert.Equal($"b.safetensors: the forecaster cannot be read: {problem}.", message);
    }

    [Theory]
    [InlineData(3)] // in teacher forcing
    [InlineData(8)] // in free running, between epochs of 10 steps
    public void Fit_ResumedFromCheckpoint_GivesTheSameBits(int interruptedAfter)
    {
        TimeSeries series = NoisySine(120);
        double[] whole = Forecaster.Fit(series, Tiny).Predict(30).Values.ToArray();
        ForecastOptions options = Tiny with
        {
            Training =
                Tiny.Training with
                {
                    CheckpointPath = PathOf("run.safetensors"),
                    CheckpointEverySteps = 1,
                    Resume = true
                },
        };
        using var stop = new CancellationTokenSource();
        var progress = new StopAfter(interruptedAfter, stop);
        Assert.ThrowsAny<OperationCanceledException>(() => Forecaster.Fit(series, options, progress, stop.Token));
        Assert.Equal(whole, Forecaster.Fit(series, options).Predict(30).Values.ToArray());
    }

    [Fact]
    public void Fit_CheckpointOfAnotherSeries_IsRefused()
    {
        ForecastOptions options =
            Tiny with { Training = Tiny.Training with { CheckpointPath = PathOf("run.safetensors"), Resume = true } };
        Forecaster.Fit(NoisySine(120), options);
        Assert.Equal(
            $"{PathOf("run.safetensors")}: this checkpoint belongs to a training on another series or with other " +
            "options.",
            Assert.Throws<ModelFormatException>(() => Forecaster.Fit(NoisySine(120, seed: 4), options)).Message);
    }

    [Fact]
    public void Fit_WithValidation_StopsEarlyAndKeepsTheBest()
    {
        ForecastOptions options = Small with
        {
            Training =
                Small.Training with
                {
                    TeacherForcedSteps = 5,
                    FreeRunningSteps = 2000,
                    ValidationLength = Period,
                    Patience = 2,
                    LearningRate = 0.05f
                },
        };
        Forecaster model = Forecaster.Fit(NoisySine(120), options);
        Assert.Equal(Recur.Training.StopReason.StoppedEarly, model.Training!.Reason);
        Assert.Equal(120 - Period, model.TrainedOn);
        Assert.Equal("2010-01", model.Predict(1).LabelAt(0));
    }

    [Fact]
    public void Fit_WrongSeries_SaysWhat()
    {
        static string Error(TimeSeries series, ForecastOptions? options = null) =>
            Assert.ThrowsAny<ArgumentException>(() => Forecaster.Fit(series, options ?? Tiny)).Message;

        Assert.Equal(
            "Forecaster: \"c\" is constant (every value is 3), so there is nothing to learn; its forecast is 3.",
            Error(new TimeSeries("c", [3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3])));
        Assert.Equal(
            "Forecaster: at least 10 values are needed to learn from but \"s\" has 3.", Error(new TimeSeries("s",
            [1, 2, 3])));
        Assert.Equal(
            "Forecaster: a season of 12 needs at least 34 values to learn from but \"sine\" has 30.",
            Error(NoisySine(30)));
        Assert.Equal("Forecaster: the logarithm needs positive values but \"z\" is 0 at 2.",
            Error(new TimeSeries("z", [1, 0, 3, 4, 5, 6, 7, 8, 9, 10]), new()
            {
                Preprocessing =
                new() { Transform = Transform.Log }
            }));
        Assert.Equal(
            "ForecastOptions.Model.HiddenSize must be at least 1 but was 0.",
            Error(NoisySine(120), new() { Model = new() { HiddenSize = 0 } }));
        Assert.Equal("Forecaster.Evaluate: 120 values are to be held out but \"sine\" has only 120.",
            Assert.Throws<ArgumentException>(() => Forecaster.Evaluate(NoisySine(120), 120)).Message);
    }

    [Fact]
    public void Predict_HistoryTooShort_SaysHowMuchIsNeeded()
    {
        Forecaster model = Forecaster.Fit(NoisySine(120), Tiny);
        Assert.Equal(
            $"Forecaster.Predict: the model needs a history of at least {model.NeededHistory} values but \"sine\" " +
            "has 20.",
            Assert.Throws<ArgumentException>(() => model.Predict(NoisySine(20), 5)).Message);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(13)]
    [InlineData(34)]
    public void Fit_ShortestSeries_StillForecasts(int length)
    {
        ForecastOptions options = Tiny with { Series = new() { Season = length < 34 ? 1 : Period } };
        Assert.Equal(50, Forecaster.Fit(NoisySine(length), options).Predict(50).Length);
    }

    private sealed class StopAfter(int steps, CancellationTokenSource stop) : IProgress<Recur.Training.TrainProgress>
    {
        private int last;

        public void Report(Recur.Training.TrainProgress value)
        {
            last = (int)value.Step;
            if (last >= steps) stop.Cancel();
        }
    }
}
