using Recur.IO;
using Recur.Nn;
using Recur.Optim;
using Recur.Training;

namespace Recur.Tests.Training;

/// <summary>A resumed run is bit for bit the run that was never interrupted: dropout, shuffling, Adam, a carried state, early
/// stopping and the best epoch's parameters included.</summary>
[Collection(AloneCollection.Name)]
public sealed class TrainerResumeTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private TrainOptions Options(string file) => new()
    {
        Epochs = Run.Epochs,
        ClipGradNorm = 0.5f,
        EarlyStopping = new EarlyStopping { Patience = 3, MinDelta = 0.3 },
        LearningRateSchedule = step => 0.02f / MathF.Sqrt(step),
        CheckpointPath = folder[file],
        Configuration = """{"hidden":8}""",
    };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Resume_CanceledAfterAnyStep_IsTheUninterruptedRun(bool ownRng)
    {
        var straight = new Run(7, Options("straight"), ownRng);
        TrainResult expected = straight.Fit();
        Assert.Equal(StopReason.Completed, expected.Reason);
        Assert.Equal(3, expected.BestEpoch); // not the last: otherwise losing the best parameters would go unnoticed

        for (int step = 0; step < Run.Steps; step++)
        {
            var first = new Run(7, Options("parts"), ownRng);
            TrainResult interrupted = first.FitAndCancelIn(step);
            Assert.Equal((StopReason.Canceled, step), (interrupted.Reason, (int)interrupted.Step));

            var second = new Run(1000, Options("parts"), ownRng); // other first weights, another stream: all must come from the file
            second.Trainer.Resume(folder["parts"]);
            TrainResult actual = second.Fit();

            Assert.Equal(Run.Bits(straight.Losses), Run.Bits(first.Losses.Concat(second.Losses)));
            Assert.Equal(Run.Bits(straight.Model), Run.Bits(second.Model));
            Assert.Equal(expected.History, actual.History);
            Assert.Equal((expected.Step, expected.LastLoss, expected.BestEpoch, expected.BestValidationLoss),
                (actual.Step, actual.LastLoss, actual.BestEpoch, actual.BestValidationLoss));
            Assert.Equal(File.ReadAllBytes(folder["straight"]), File.ReadAllBytes(folder["parts"])); // generators and moments too
        }

        Assert.Equal(["parts", "straight"], folder.Files());
    }

    [Fact]
    public void Resume_DiedInAnyStep_IsTheUninterruptedRun()
    {
        var straight = new Run(7, Options("straight"));
        straight.Fit();
        for (int step = 0; step < Run.Steps; step++)
        {
            File.Delete(folder["parts"]);
            TrainOptions options = Options("parts") with { CheckpointEverySteps = 4 };
            var first = new Run(7, options);
            int fatal = step;
            first.InStep = i =>
            {
                if (i == fatal) throw new TimeoutException("died");
            };
            Assert.Throws<TimeoutException>(() => first.Fit());

            ulong seed = step < 4 ? 7ul : 1000ul; // before the first checkpoint there is only the beginning to go back to
            var second = new Run(seed, options);
            int done = 0;
            if (File.Exists(folder["parts"]))
            {
                var checkpoint = Checkpoint.Load(folder["parts"]);
                done = (int)checkpoint.Step;
                second.Trainer.Resume(checkpoint);
            }

            Assert.Equal(step < 4 ? 0 : Math.Max(step / 4 * 4, step / Run.BatchesPerEpoch * Run.BatchesPerEpoch), done);
            second.Fit();
            Assert.Equal(Run.Bits(straight.Losses), Run.Bits(first.Losses.Take(done).Concat(second.Losses)));
            Assert.Equal(Run.Bits(straight.Model), Run.Bits(second.Model));
            Assert.Equal(File.ReadAllBytes(folder["straight"]), File.ReadAllBytes(folder["parts"]));
        }
    }

    [Fact]
    public void Resume_FinishedRunWithMoreEpochs_IsTheLongerRun()
    {
        var straight = new Run(7, Options("straight"));
        straight.Fit();
        new Run(7, Options("parts") with { Epochs = 2 }).Fit();
        var second = new Run(1000, Options("parts"));
        second.Trainer.Resume(folder["parts"]);
        second.Fit();
        Assert.Equal(Run.Bits(straight.Model), Run.Bits(second.Model));
        Assert.Equal(File.ReadAllBytes(folder["straight"]), File.ReadAllBytes(folder["parts"]));
    }

    [Fact]
    public void Resume_FinishedRun_DoesNothing()
    {
        var first = new Run(7, Options("run"));
        TrainResult expected = first.Fit();
        byte[] file = File.ReadAllBytes(folder["run"]);
        var second = new Run(1000, Options("run"));
        second.Trainer.Resume(folder["run"]);
        TrainResult actual = second.Fit();
        Assert.Equal((StopReason.Completed, expected.Step), (actual.Reason, actual.Step));
        Assert.Empty(second.Losses);
        Assert.Equal(Run.Bits(first.Model), Run.Bits(second.Model)); // the best epoch's parameters again
        Assert.Equal(file, File.ReadAllBytes(folder["run"]));
    }

    [Fact]
    public void Resume_SameCheckpointTwice_GivesTheSameRun()
    {
        new Run(7, Options("a")).FitAndCancelIn(8);
        var checkpoint = Checkpoint.Load(folder["a"]);
        var runs = new List<int[]>();
        for (int i = 0; i < 2; i++)
        {
            var run = new Run(1000, Options("b"));
            run.Trainer.Resume(checkpoint);
            run.Fit();
            runs.Add(Run.Bits(run.Model));
            Assert.Equal(Run.Steps - 8, run.Losses.Count);
        }

        Assert.Equal(runs[0], runs[1]);
    }

    [Fact]
    public void Load_Checkpoint_TellsTheRun()
    {
        TrainResult result = new Run(7, Options("run")).FitAndCancelIn(14);
        var checkpoint = Checkpoint.Load(folder["run"]);
        Assert.Equal("""{"hidden":8}""", checkpoint.Configuration);
        Assert.Equal((2, 14L), (checkpoint.Epoch, checkpoint.Step));
        Assert.Equal(result.History, checkpoint.History);
        Assert.Equal(result.BestValidationLoss, checkpoint.BestValidationLoss);
        Assert.True(checkpoint.HasBest);

        // Any reader of safetensors sees the parameters under PyTorch's names.
        using var file = SafetensorsFile.Open(folder["run"]);
        Assert.Equal([8L, 3], file["model.0.weight"].Dimensions);
        Assert.Equal([14L], file.ReadInt64("trainer.step"));

        var best = new Run(1000, Options("other"));
        checkpoint.LoadInto(best.Model, best: true);
        best.Model.Eval();
        Assert.Equal(result.BestValidationLoss, best.Validate());
    }

    [Fact]
    public void Resume_FileOfAnotherRun_SaysWhatDiffers()
    {
        new Run(7, Options("run")).FitAndCancelIn(8);
        var plain = new Sequential(new Linear(3, 8), new Linear(8, 1));
        var model = new Linear(3, 8);
        var trainer = new Trainer<int>(model, new Sgd(model.Parameters(), 0.1f), _ => default, new TrainOptions { Epochs = 1 });
        Assert.Equal("run: extra.carried is unknown; give it to Trainer.Keep before Resume.",
            Assert.Throws<ModelFormatException>(() => trainer.Resume(folder["run"])).Message);

        trainer.Keep("carried", Tensor.Zeros([1]));
        Assert.Equal(
            "run: 2 parameters are missing (model.weight, model.bias); 4 are unknown (model.0.weight, model.0.bias, model.2.weight, model.2.bias).",
            Assert.Throws<ModelFormatException>(() => trainer.Resume(folder["run"])).Message);

        trainer.Keep("more", Tensor.Zeros([2]));
        Assert.Equal("run: extra.more is missing.", Assert.Throws<ModelFormatException>(() => trainer.Resume(folder["run"])).Message);

        plain.Save(folder["model"]);
        Assert.Equal("model: this is not a checkpoint of a training run (there is no recur_checkpoint in its metadata).",
            Assert.Throws<ModelFormatException>(() => trainer.Resume(folder["model"])).Message);
        plain.Save(folder["model"], new Dictionary<string, string> { ["recur_checkpoint"] = "99" });
        Assert.Equal("model: the checkpoint has version 99 but this program knows version 2.",
            Assert.Throws<ModelFormatException>(() => Checkpoint.Load(folder["model"])).Message);

        var own = new Run(7, Options("run"), ownRng: true);
        Assert.Equal("run: the run had no generator of its own but the trainer has one.",
            Assert.Throws<ModelFormatException>(() => own.Trainer.Resume(folder["run"])).Message);

        var otherData = new Run(7, Options("run"));
        otherData.Trainer.Resume(folder["run"]);
        var fewer = new Data.TensorBatches(Tensor.Zeros([8, 3]), Tensor.Zeros([8, 1]), 4);
        Assert.Equal("run: the run had 6 batches per epoch but there are 2 now.",
            Assert.Throws<ModelFormatException>(() => otherData.Trainer.Fit(fewer, otherData.Validate)).Message);
    }

    /// <summary>Each number of a checkpoint that cannot be right is refused with a sentence.</summary>
    [Fact]
    public void Load_DamagedCounters_AreRefused()
    {
        new Run(7, Options("run")).FitAndCancelIn(8);
        byte[] bytes = File.ReadAllBytes(folder["run"]);
        using var original = SafetensorsFile.Open(new MemoryStream(bytes), "run");
        Check("trainer.batch", "must be from 0 to 5 but is -1");
        Check("trainer.batch_count", "must be from 0 to 2147483647 but is -1");
        Check("trainer.step", "must be from 0 to 9223372036854775807 but is -1");
        Check("trainer.best_epoch", "must be from 0 to 1 but is -1");
        Check("trainer.epochs_without_best", "must be from 0 to 1 but is -1");
        Check("rng.now.default", "is not the state of a generator");
        Check("rng.epoch.default", "is not the state of a generator");

        void Check(string name, string problem)
        {
            byte[] damaged = [.. bytes];
            SafetensorsEntry entry = original[name];
            damaged.AsSpan(8 + original.HeaderLength + (int)entry.Begin, (int)entry.ByteLength).Fill(0xff);
            File.WriteAllBytes(folder["damaged"], damaged);
            Assert.Equal($"damaged: {name} {problem}.", Assert.Throws<ModelFormatException>(() => Checkpoint.Load(folder["damaged"])).Message);
        }
    }
}
