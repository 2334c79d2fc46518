using Recur.IO;
using Recur.Nn;
using Recur.Optim;
using Recur.Tests.Optim;
using Recur.Training;

namespace Recur.Tests.Training;

/// <summary>Schedules of learning rates in a training run, and resumed runs with every optimizer.</summary>
[Collection(AloneCollection.Name)]
public sealed class TrainerScheduleTests : IDisposable
{
    private static readonly string[] Schedules =
    [
        "StepLR.Gamma", "CosineAnnealingLR.All", "Plateau", "OneCycleLR.NoMomentum", "SequentialLR.WarmUp",
        "CosineAnnealingWarmRestarts.All", "ChainedScheduler.Cosine", "MultiStepLR", "LinearLR.All", "PolynomialLR.All",
        "ExponentialLR", "CyclicLR.ExpRange", "LambdaLR", "MultiplicativeLR", "ConstantLR.All",
    ];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    internal static Func<Optimizer, LRScheduler> Schedule(string name) => name == "Plateau"
        ? o => new ReduceLROnPlateau(o, factor: 0.5, patience: 0, threshold: 0.3, cooldown: 1)
        : SchedulerCases.All[name];

    /// <summary>Every optimizer with a schedule per step or per epoch, and the ones that change the momentum.</summary>
    public static TheoryData<string, string, SchedulerInterval> Combinations()
    {
        var rows = new TheoryData<string, string, SchedulerInterval>
        {
            { "Sgd", "OneCycleLR", SchedulerInterval.Step }, // gets its momentum from the schedule
            { "Sgd.Momentum", "CyclicLR", SchedulerInterval.Step },
            { "RMSprop", "OneCycleLR.ThreePhase", SchedulerInterval.Step },
            { "Adam", "OneCycleLR.Adam", SchedulerInterval.Epoch },
        };
        string[] optimizers = [.. OptimizerCases.All.Keys];
        for (int i = 0; i < optimizers.Length; i++)
        {
            string schedule = Schedules[i % Schedules.Length];
            bool isPerEpoch = schedule == "Plateau" || i / Schedules.Length == 1;
            rows.Add(optimizers[i], schedule, isPerEpoch ? SchedulerInterval.Epoch : SchedulerInterval.Step);
        }

        return rows;
    }

    [Theory, MemberData(nameof(Combinations))]
    public void Resume_AnyOptimizerAndSchedule_IsTheUninterruptedRun(
        string optimizer, string schedule, SchedulerInterval interval)
    {
        Run straight = New("straight", 7);
        straight.Fit();
        foreach (int step in (ReadOnlySpan<int>)[3, 12, 19])
        {
            Run first = New("parts", 7);
            first.FitAndCancelIn(step);
            Run second = New("parts", 1000);
            second.Trainer.Resume(folder["parts"]);
            second.Fit();
            Assert.Equal(Run.Bits(straight.Losses), Run.Bits(first.Losses.Concat(second.Losses)));
            Assert.Equal(Run.Bits(straight.Model), Run.Bits(second.Model));
            Assert.Equal(File.ReadAllBytes(folder["straight"]), File.ReadAllBytes(folder["parts"])); // rates and state too
        }

        Run New(string file, ulong seed) => new(
            seed,
            new TrainOptions
            {
                Epochs = Run.Epochs, ClipGradNorm = 0.5f, CheckpointPath = folder[file], SchedulerInterval = interval,
            },
            optimizer: OptimizerCases.All[optimizer], scheduler: Schedule(schedule));
    }

    [Fact]
    public void Fit_SchedulePerStep_GoesAfterEveryUpdate()
    {
        var rates = new List<float>();
        Run run = NewRun(new TrainOptions { Steps = 4, SchedulerInterval = SchedulerInterval.Step });
        run.InStep = _ => rates.Add(run.Optimizer.LearningRate);
        var reported = new Reported();
        run.Trainer.Fit(run.Batches, progress: reported);
        Assert.Equal([0.5f, 0.25f, 0.125f, 0.0625f], rates);
        Assert.Equal(rates, reported.Rates); // of the step that was taken, not of the next
        Assert.Equal(0.03125f, run.Optimizer.LearningRate);
    }

    [Fact]
    public void Fit_SchedulePerEpoch_GoesAfterEveryEpoch()
    {
        var rates = new List<float>();
        Run run = NewRun(new TrainOptions { Epochs = 3 });
        run.InStep = _ => rates.Add(run.Optimizer.LearningRate);
        run.Trainer.Fit(run.Batches);
        Assert.Equal([.. Enumerable.Repeat(0.5f, 6), .. Enumerable.Repeat(0.25f, 6), .. Enumerable.Repeat(0.125f, 6)], rates);
    }

    private static Run NewRun(TrainOptions options) => new(
        3, options with { ProgressInterval = TimeSpan.Zero, ClipGradNorm = 0.1f }, optimizer: p => new Sgd(p, 0.5f),
        scheduler: o => new ExponentialLR(o, 0.5));

    private sealed class Reported : IProgress<TrainProgress>
    {
        public List<float> Rates { get; } = [];

        public void Report(TrainProgress value) => Rates.Add(value.LearningRate);
    }

    [Fact]
    public void Fit_Plateau_SeesTheValidationLoss()
    {
        double[] losses = [3, 2, 2, 2, 1];
        var rates = new List<float>();
        var run = new Run(
            3, new TrainOptions { Epochs = 5, ClipGradNorm = 0.1f }, optimizer: p => new Sgd(p, 0.5f),
            scheduler: o => new ReduceLROnPlateau(o, factor: 0.5, patience: 0));
        int epoch = 0;
        run.Trainer.Fit(run.Batches, () =>
        {
            rates.Add(run.Optimizer.LearningRate);
            return losses[epoch++];
        });
        rates.Add(run.Optimizer.LearningRate);
        Assert.Equal([0.5f, 0.5f, 0.5f, 0.25f, 0.125f, 0.125f], rates);
    }

    [Fact]
    public void Fit_ScheduledPerStep_AllocatesNothingPerStep()
    {
        const int warmUp = 20, last = 220;
        Rng.Seed(0);
        var model = new Linear(4, 2);
        var adam = new Adam([new ParameterGroup([model.Weight]), new ParameterGroup([model.Bias!.Value]) { WeightDecay = 0 }]);
        var meter = new AllocationMeter();
        int step = 0;
        var options = new TrainOptions
        {
            Epochs = 1, Scheduler = SequentialLR.WarmUp(new OneCycleLR(adam, 0.01, 400), 50),
            SchedulerInterval = SchedulerInterval.Step,
        };
        var trainer = new Trainer<Recur.Data.Batch>(model, adam, batch =>
        {
            if (step is >= warmUp and <= last) meter.Mark();
            step++;
            return Losses.Mse(model.Forward(batch.Input), batch.Target);
        }, options);
        trainer.Fit(new Recur.Data.TensorBatches(Tensor.Ones([960, 4]), Tensor.Ones([960, 2]), 4));
        Assert.Equal(240, step);
        Assert.Equal(0, meter.Bytes);
    }

    [Fact]
    public void Options_ThatDoNotFit_AreRefused()
    {
        var model = new Linear(1, 1);
        var sgd = new Sgd(model.Parameters(), 0.1f);
        var plateau = new ReduceLROnPlateau(sgd);
        var options = new TrainOptions { Epochs = 1, Scheduler = plateau };
        Assert.Equal(
            "TrainOptions: only one of LearningRateSchedule and Scheduler can be set.",
            Error(() => New(options with { LearningRateSchedule = _ => 1f })));
        Assert.Equal(
            "TrainOptions.SchedulerInterval must be Epoch for ReduceLROnPlateau, which needs a validation loss.",
            Error(() => New(options with { SchedulerInterval = SchedulerInterval.Step })));
        Assert.Equal(
            "TrainOptions.Scheduler (ReduceLROnPlateau) needs a validation function but none was given.",
            Error(() => New(options).Fit(new Recur.Data.SingleBatch<int>(0))));
        Assert.Equal(
            "TrainOptions.Scheduler belongs to another optimizer than the trainer's.",
            Error(() => New(options with { Scheduler = new StepLR(new Sgd([Tensor.Ones([1])], 1f), 1) })));

        Trainer<int> New(TrainOptions o) => new(model, sgd, _ => default, o);
        static string Error(Action action) => Assert.Throws<ArgumentException>(action).Message;
    }

    [Fact]
    public void Resume_OtherSchedule_SaysWhatDiffers()
    {
        var options = new TrainOptions { Epochs = 2, CheckpointPath = folder["run"] };
        new Run(7, options, scheduler: o => new StepLR(o, 1)).Fit();
        Assert.Equal(
            "run: the run had a scheduler but TrainOptions.Scheduler is null.",
            Assert.Throws<ModelFormatException>(() => new Run(7, options).Trainer.Resume(folder["run"])).Message);
        var plateau = new Run(7, options, scheduler: o => new ReduceLROnPlateau(o));
        Assert.Equal(
            "run: 1 entry is missing (scheduler.state).",
            Assert.Throws<ModelFormatException>(() => plateau.Trainer.Resume(folder["run"])).Message);
        new Run(7, options).Fit();
        var step = new Run(7, options, scheduler: o => new StepLR(o, 1));
        Assert.Equal(
            "run: 3 entries are missing (scheduler.last_epoch, scheduler.base_learning_rates, scheduler.last_learning_rates).",
            Assert.Throws<ModelFormatException>(() => step.Trainer.Resume(folder["run"])).Message);
    }
}
