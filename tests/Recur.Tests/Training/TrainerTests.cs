using Recur.Autograd;
using Recur.Data;
using Recur.Nn;
using Recur.Optim;
using Recur.Training;

namespace Recur.Tests.Training;

[Collection(AloneCollection.Name)]
public sealed class TrainerTests
{
    /// <summary>One weight w with the loss (w x - y)^2, so that every number can be told by hand.</summary>
    private sealed class OneWeight
    {
        public readonly Linear Model = new(1, 1, bias: false);
        public readonly List<Batch> Data = [];

        public OneWeight(float weight) => Model.Parameters()[0].CopyFrom([weight]);

        public float Weight => Model.Parameters()[0].Item();

        public void Add(float x, float y) => Data.Add(new Batch(Tensor.From([x], [1, 1]), Tensor.From([y], [1, 1])));

        public Trainer<Batch> Trainer(TrainOptions options, float learningRate = 0.1f) =>
            new(Model, new Sgd(Model.Parameters(), learningRate), b => Losses.Mse(Model.Forward(b.Input), b.Target), options);

        public IBatchSource<Batch> Batches => new ListSource(Data);
    }

    private sealed class ListSource(List<Batch> batches) : IBatchSource<Batch>
    {
        public int BatchCount => batches.Count;
        public void BeginEpoch(int epoch, Rng rng) { }
        public Batch GetBatch(int index) => batches[index];
    }

    private sealed class Collect : IProgress<TrainProgress>
    {
        public readonly List<TrainProgress> Reports = [];
        public void Report(TrainProgress value) => Reports.Add(value);
    }

    private static Tensor NoLoss(int batch) => throw new InvalidOperationException("never called");

    [Fact]
    public void Fit_AgainstTheLoopWrittenOut_GivesTheSameBits()
    {
        var options = new TrainOptions { Epochs = 3, ClipGradNorm = 0.5f };
        var run = new Run(3, options);
        run.Fit();

        var other = new Run(3, options);
        var carried = 0f;
        var losses = new List<float>();
        other.Model.Train();
        for (int epoch = 0; epoch < 3; epoch++)
        {
            other.Batches.BeginEpoch(epoch, Rng.Default);
            for (int i = 0; i < other.Batches.BatchCount; i++)
            {
                Batch batch = other.Batches.GetBatch(i);
                Tensor loss = Losses.Mse(other.Model.Forward(batch.Input), batch.Target) + carried;
                carried = 0.5f * carried + 0.01f * loss.Item();
                losses.Add(loss.Item());
                other.Optimizer.ZeroGrad();
                loss.Backward();
                GradientClipping.ClipNorm(other.Model.Parameters(), 0.5f);
                other.Optimizer.Step();
            }
        }

        Assert.Equal(Run.Bits(losses), Run.Bits(run.Losses));
        Assert.Equal(Run.Bits(other.Model), Run.Bits(run.Model));
        Assert.True(run.Losses[^1] < run.Losses[0]);
    }

    [Fact]
    public void Fit_LinearRegression_FindsTheWeights()
    {
        var one = new OneWeight(0f);
        one.Add(1f, 3f);
        TrainResult result = one.Trainer(new TrainOptions { Epochs = 100 }).Fit(one.Batches);
        const float tolerance = 1e-5f; // each step leaves 0.8 of the error: 0.8^100 = 2e-10, the rest is rounding
        Assert.InRange(one.Weight, 3f - tolerance, 3f + tolerance);
        Assert.Equal((StopReason.Completed, 100L, 100), (result.Reason, result.Step, result.Epochs));
        Assert.Null(result.BestEpoch);
        Assert.Null(result.BestValidationLoss);
        Assert.False(one.Model.IsTraining);
    }

    // ---- Not finite ----------------------------------------------------------------------------------------------

    [Theory]
    [InlineData(null, "Try ClipGradNorm.")]
    [InlineData(5f, "Try a smaller learning rate.")]
    public void Fit_LossBecomesNaN_StopsBeforeTheUpdate(float? clip, string advice)
    {
        var one = new OneWeight(1f);
        one.Add(1f, 0f); // loss 1, gradient 2; then w = 0.8
        one.Add(1f, float.NaN);
        var error = Assert.Throws<TrainingDivergedException>(
            () => one.Trainer(new TrainOptions { Epochs = 2, ClipGradNorm = clip }).Fit(one.Batches));
        Assert.Equal($"Trainer: loss became NaN at step 2 (last finite 1, gradient norm 2). {advice}", error.Message);
        Assert.Equal(2, error.Step);
        Assert.Equal(0.8f, one.Weight);
        Assert.Null(one.Model.Parameters()[0].Grad);
    }

    [Fact]
    public void Fit_LossNaNAtOnce_PointsAtTheData()
    {
        var one = new OneWeight(1f);
        one.Add(float.NaN, 0f);
        var error = Assert.Throws<TrainingDivergedException>(() => one.Trainer(new TrainOptions { Epochs = 2 }).Fit(one.Batches));
        Assert.Equal("Trainer: loss is NaN at step 1, before any update. Look for NaN or huge values in the data.", error.Message);
        Assert.Equal(1f, one.Weight);
    }

    [Fact]
    public void Fit_GradientOverflows_StopsBeforeTheUpdate()
    {
        var one = new OneWeight(1e-10f);
        one.Add(1e5f, 0f); // output 1e-5, loss 1e-10, gradient 2 * 1e-5 * 1e5 = 2, w stays with a rate of 0
        one.Add(1e25f, 0f); // output 1e15, loss 1e30, gradient 2e40: above the largest float
        var error = Assert.Throws<TrainingDivergedException>(
            () => one.Trainer(new TrainOptions { Epochs = 2 }, learningRate: 0f).Fit(one.Batches));
        Assert.Equal("Trainer: gradient norm became Infinity at step 2 (loss 1e+30, last finite norm 2). Try ClipGradNorm.", error.Message);
        Assert.Equal(1e-10f, one.Weight);
        Assert.Null(one.Model.Parameters()[0].Grad);

        one.Data.RemoveAt(0);
        error = Assert.Throws<TrainingDivergedException>(() => one.Trainer(new TrainOptions { Epochs = 2 }).Fit(one.Batches));
        Assert.Equal("Trainer: gradient norm is Infinity at step 1 (loss 1e+30), before any update. Look for huge values in the data.", error.Message);
    }

    [Fact]
    public void Fit_ValidationNotFinite_SaysWhen()
    {
        var one = new OneWeight(1f);
        one.Add(1f, 0f);
        var error = Assert.Throws<TrainingDivergedException>(
            () => one.Trainer(new TrainOptions { Epochs = 2 }).Fit(one.Batches, () => double.NaN));
        Assert.Equal("Trainer: validation loss became NaN after epoch 1, step 1 (training loss 1).", error.Message);
    }

    // ---- Early stopping ------------------------------------------------------------------------------------------

    [Theory]
    [InlineData(0.0, true, 5, 2)]    // 4 is the best; 4.5, 4.2, 4.1 are three without a better one
    [InlineData(0.0, false, 5, 2)]
    [InlineData(1.5, true, 4, 1)]    // only a loss below 3.5 would be better than 5
    public void Fit_EarlyStopping_StopsAndRestores(double minDelta, bool restore, int epochs, int bestEpoch)
    {
        double[] losses = [5, 4, 4.5, 4.2, 4.1, 0, 0];
        var one = new OneWeight(1f);
        one.Add(1f, 0f);
        var weights = new List<float>();
        var options = new TrainOptions
        {
            Epochs = 7, EarlyStopping = new EarlyStopping { Patience = 3, MinDelta = minDelta, RestoreBest = restore },
        };
        TrainResult result = one.Trainer(options).Fit(one.Batches, () =>
        {
            Assert.False(one.Model.IsTraining);
            Assert.False(GradMode.IsEnabled);
            weights.Add(one.Weight);
            return losses[weights.Count - 1];
        });
        Assert.Equal(StopReason.StoppedEarly, result.Reason);
        Assert.Equal((epochs, bestEpoch, losses[bestEpoch - 1]), (result.Epochs, result.BestEpoch, result.BestValidationLoss));
        Assert.Equal(losses[..epochs].Select(l => (double?)l), result.History.Select(h => h.ValidationLoss));
        Assert.Equal(restore ? weights[bestEpoch - 1] : weights[epochs - 1], one.Weight);
    }

    [Fact]
    public void Fit_EarlyStoppingWithoutValidation_IsRefused()
    {
        var one = new OneWeight(1f);
        one.Add(1f, 0f);
        var error = Assert.Throws<ArgumentException>(
            () => one.Trainer(new TrainOptions { EarlyStopping = new EarlyStopping() }).Fit(one.Batches));
        Assert.Equal("TrainOptions.EarlyStopping needs a validation function but none was given.", error.Message);
    }

    // ---- Limits, progress, cancellation --------------------------------------------------------------------------

    [Fact]
    public void Fit_StepsAndEpochs_TheEarlierLimitEnds()
    {
        var one = new OneWeight(1f);
        one.Add(1f, 0f);
        one.Add(1f, 0f);
        TrainResult result = one.Trainer(new TrainOptions { Epochs = 9, Steps = 5 }).Fit(one.Batches);
        Assert.Equal((5L, 2), (result.Step, result.Epochs));
        result = one.Trainer(new TrainOptions { Epochs = 2, Steps = 5 }).Fit(one.Batches);
        Assert.Equal((4L, 2), (result.Step, result.Epochs));
    }

    [Fact]
    public void Fit_ProgressOfEveryStep_TellsTheNumbers()
    {
        var one = new OneWeight(1f);
        one.Add(1f, 0f); // w: 1, 0.8; loss 1, gradient 2
        one.Add(0f, 2f); // loss 4, gradient 0
        var progress = new Collect();
        var options = new TrainOptions { Epochs = 2, ProgressInterval = TimeSpan.Zero, LearningRateSchedule = step => 0.1f / step };
        one.Trainer(options).Fit(one.Batches, () => 0.25, progress);
        TrainProgress[] p = [.. progress.Reports];
        Assert.Equal([1, 2, 3, 4], p.Select(r => (int)r.Step));
        Assert.Equal([1, 1, 2, 2], p.Select(r => r.Epoch));
        Assert.Equal([false, true, false, true], p.Select(r => r.IsEpochEnd));
        Assert.Equal([1.0, 2.5, 0.8f * 0.8f, (0.8f * 0.8f + 4.0) / 2], p.Select(r => r.Loss));
        Assert.Equal([2f, 0f, 1.6f, 0f], p.Select(r => r.GradientNorm));
        Assert.Equal([0.1f, 0.05f, 0.1f / 3, 0.025f], p.Select(r => r.LearningRate));
        Assert.Equal([null, 0.25, 0.25, 0.25], p.Select(r => r.ValidationLoss));
        Assert.All(p, r => Assert.Equal((2, 4L), (r.Epochs, r.Steps)));
        Assert.All(p, r => Assert.NotNull(r.TimeLeft));
        Assert.Equal(TimeSpan.Zero, p[^1].TimeLeft);
    }

    [Fact]
    public void Fit_ProgressThrottled_ReportsFirstEpochEndsAndLast()
    {
        var one = new OneWeight(1f);
        for (int i = 0; i < 4; i++) one.Add(1f, 0f);
        var progress = new Collect();
        one.Trainer(new TrainOptions { Steps = 10, ProgressInterval = TimeSpan.FromDays(1) }).Fit(one.Batches, progress: progress);
        Assert.Equal([1, 4, 8, 10], progress.Reports.Select(r => (int)r.Step));
        Assert.Null(progress.Reports[0].Epochs);
    }

    [Fact]
    public void Fit_Canceled_StopsAfterTheStep()
    {
        var run = new Run(3, new TrainOptions { Epochs = 4 });
        TrainResult result = run.FitAndCancelIn(7);
        Assert.Equal((StopReason.Canceled, 7L, 1), (result.Reason, result.Step, result.Epochs));
        Assert.Equal(7, run.Losses.Count);
        Assert.Equal(run.Losses[^1], result.LastLoss);
    }

    /// <summary>The steps of an epoch allocate nothing once each batch size has been seen, progress included.</summary>
    [Fact]
    public void Fit_WarmedUp_AllocatesNothingPerStep()
    {
        const int warmUp = 20, last = 220;
        Rng.Seed(0);
        var model = new Sequential(new Linear(4, 8), new Dropout(0.2f), new Linear(8, 2));
        var meter = new AllocationMeter();
        int step = 0;
        var trainer = new Trainer<Batch>(model, new Adam(model.Parameters()), batch =>
        {
            if (step is >= warmUp and <= last) meter.Mark();
            step++;
            return Losses.Mse(model.Forward(batch.Input), batch.Target);
        }, new TrainOptions { Epochs = 1, ClipGradNorm = 1f, ProgressInterval = TimeSpan.Zero });
        var counter = new Counter();
        trainer.Fit(new TensorBatches(Tensor.Ones([960, 4]), Tensor.Ones([960, 2]), 4), progress: counter);
        Assert.Equal(240, counter.Count);
        Assert.Equal(0, meter.Bytes);
    }

    private sealed class Counter : IProgress<TrainProgress>
    {
        public int Count;
        public void Report(TrainProgress value) => Count++;
    }

    // ---- Arguments -----------------------------------------------------------------------------------------------

    public static TheoryData<TrainOptions, string> WrongOptions => new()
    {
        { new TrainOptions(), "TrainOptions: one of Epochs, Steps and EarlyStopping must be set, otherwise training has no end." },
        { new TrainOptions { Epochs = 0 }, "TrainOptions.Epochs must be at least 1 but was 0." },
        { new TrainOptions { Steps = -5 }, "TrainOptions.Steps must be at least 1 but was -5." },
        { new TrainOptions { Epochs = 1, ClipGradNorm = 0f }, "TrainOptions.ClipGradNorm must be finite and greater than 0 but was 0." },
        { new TrainOptions { Epochs = 1, ClipGradNorm = float.NaN }, "TrainOptions.ClipGradNorm must be finite and greater than 0 but was NaN." },
        { new TrainOptions { Epochs = 1, CheckpointEveryEpochs = 0 }, "TrainOptions.CheckpointEveryEpochs must be at least 1 but was 0." },
        { new TrainOptions { Epochs = 1, CheckpointPath = "x", CheckpointEverySteps = 0 }, "TrainOptions.CheckpointEverySteps must be at least 1 but was 0." },
        { new TrainOptions { Epochs = 1, CheckpointEverySteps = 1 }, "TrainOptions.CheckpointEverySteps needs a CheckpointPath but there is none." },
        { new TrainOptions { Epochs = 1, CheckpointPath = "" }, "TrainOptions.CheckpointPath must not be empty." },
        { new TrainOptions { Epochs = 1, ProgressInterval = TimeSpan.FromSeconds(-1) }, "TrainOptions.ProgressInterval must be 0 or greater but was -00:00:01." },
        { new TrainOptions { EarlyStopping = new EarlyStopping { Patience = 0 } }, "TrainOptions.EarlyStopping.Patience must be at least 1 but was 0." },
        { new TrainOptions { EarlyStopping = new EarlyStopping { MinDelta = -1 } }, "TrainOptions.EarlyStopping.MinDelta must be finite and 0 or greater but was -1." },
    };

    [Theory]
    [MemberData(nameof(WrongOptions))]
    public void New_WrongOption_SaysWhich(TrainOptions options, string message)
    {
        var model = new Linear(1, 1);
        var error = Assert.Throws<ArgumentException>(() => new Trainer<int>(model, new Sgd(model.Parameters(), 0.1f), NoLoss, options));
        Assert.Equal(message, error.Message);
    }

    [Fact]
    public void Fit_LossOfSeveralElements_IsRefused()
    {
        var model = new Linear(1, 1);
        var trainer = new Trainer<int>(model, new Sgd(model.Parameters(), 0.1f), _ => Tensor.Ones([3]), new TrainOptions { Epochs = 1 });
        Assert.Equal("Trainer: the loss must be of one element but was [3].",
            Assert.Throws<ShapeException>(() => trainer.Fit(new SingleBatch<int>(0))).Message);
    }

    [Fact]
    public void Fit_SourceWithoutBatches_IsRefused()
    {
        var one = new OneWeight(1f);
        Assert.Equal("Trainer: an epoch must have at least 1 batch but has 0.",
            Assert.Throws<ArgumentException>(() => one.Trainer(new TrainOptions { Epochs = 1 }).Fit(one.Batches)).Message);
    }

    [Fact]
    public void Keep_SameNameTwice_IsRefused()
    {
        var one = new OneWeight(1f);
        Trainer<Batch> trainer = one.Trainer(new TrainOptions { Epochs = 1 });
        trainer.Keep("h", Tensor.Zeros([1]));
        Assert.Equal("Trainer.Keep: the name h comes twice.",
            Assert.Throws<ArgumentException>(() => trainer.Keep("h", Tensor.Zeros([1]))).Message);
        Tensor result = one.Model.Forward(Tensor.Ones([1, 1]));
        Assert.Equal("Trainer.Keep: y is the result of a recorded operation; keep a leaf and copy into it.",
            Assert.Throws<ArgumentException>(() => trainer.Keep("y", result)).Message);
    }
}
