using System.Diagnostics;
using Recur.Tests.Optim;
using Recur.Training;

namespace Recur.Tests.Training;

/// <summary>A child process that trains is killed (SIGKILL) again and again; in the end its model is, bit for bit, that
/// of an undisturbed run.</summary>
[Collection(AloneCollection.Name)]
public sealed class TrainerKillTests
{
    private const string FolderVariable = "RECUR_KILL_FOLDER", OptimizerVariable = "RECUR_KILL_OPTIMIZER";
    private const string ScheduleVariable = "RECUR_KILL_SCHEDULE";
    private const int Epochs = 33, Kills = 4; // 198 steps: OneCycleLR's run has 200
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private static Run New(string folder, string optimizer, string schedule, ulong seed) => new(
        seed,
        new TrainOptions
        {
            Epochs = Epochs, ClipGradNorm = 0.5f, CheckpointPath = Path.Combine(folder, "state"), CheckpointEverySteps = 1,
            SchedulerInterval = schedule == "Plateau" ? SchedulerInterval.Epoch : SchedulerInterval.Step,
        },
        optimizer: OptimizerCases.All[optimizer], scheduler: TrainerScheduleTests.Schedule(schedule));

    [Theory]
    [InlineData("RMSprop.All", "OneCycleLR")]
    [InlineData("NAdam.All", "Plateau")]
    [InlineData("Adam.Groups", "SequentialLR.WarmUp")]
    public void Fit_KilledAtRandomMoments_ResumesToTheSameModelBitForBit(string optimizer, string schedule)
    {
        using TemporaryFolder folder = new(), straightFolder = new();
        Run straight = New(straightFolder.Path, optimizer, schedule, seed: 7);
        straight.Fit();
        var random = new Random(1);
        int killed = 0;
        long lastStep = 0;
        for (int i = 0; i < Kills; i++)
        {
            // Killed so and so many steps after it began, at whatever it does then.
            using Process process = Start(folder.Path, optimizer, schedule);
            long until = lastStep + random.Next(1, Run.BatchesPerEpoch * Epochs / Kills);
            var clock = Stopwatch.StartNew();
            while (!process.HasExited && clock.Elapsed < Patience && StepOf(folder) < until) Thread.Sleep(1);
            if (!process.HasExited) killed++;
            process.Kill();
            process.WaitForExit();
            Assert.True(File.Exists(folder["state"]), "the child wrote no checkpoint");
            long step = Checkpoint.Load(folder["state"]).Step; // throws when it is half written
            Assert.True(step >= lastStep, $"step {step} after step {lastStep}");
            lastStep = step;
        }

        using Process last = Start(folder.Path, optimizer, schedule);
        last.WaitForExit();
        Assert.Equal(0, last.ExitCode);
        Assert.True(killed > 0, "no run was killed: the training is too short");
        Assert.Equal(File.ReadAllBytes(straightFolder["state"]), File.ReadAllBytes(folder["state"]));
        Assert.Equal(["state"], folder.Files());
    }

    private static long StepOf(TemporaryFolder folder) =>
        File.Exists(folder["state"]) ? Checkpoint.Load(folder["state"]).Step : 0;

    private static Process Start(string folder, string optimizer, string schedule)
    {
        bool isDotnet = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet";
        var start = new ProcessStartInfo(isDotnet ? Environment.ProcessPath! : "dotnet") { UseShellExecute = false };
        start.ArgumentList.Add(typeof(TrainerKillTests).Assembly.Location);
        foreach (string a in (ReadOnlySpan<string>)
            ["-method", $"{typeof(TrainerKillTests).FullName}.{nameof(Child)}", "-explicit", "only"])
            start.ArgumentList.Add(a);
        start.Environment[FolderVariable] = folder;
        start.Environment[OptimizerVariable] = optimizer;
        start.Environment[ScheduleVariable] = schedule;
        start.RedirectStandardOutput = true; // a test run's report, that nobody needs
        Process process = Process.Start(start)!;
        process.BeginOutputReadLine();
        return process;
    }

    /// <summary>Not a test of its own: the process that is killed.</summary>
    [Fact(Explicit = true)]
    public void Child()
    {
        string folder = Environment.GetEnvironmentVariable(FolderVariable)!;
        string state = Path.Combine(folder, "state");
        bool resumes = File.Exists(state);
        Run run = New(
            folder, Environment.GetEnvironmentVariable(OptimizerVariable)!,
            Environment.GetEnvironmentVariable(ScheduleVariable)!, seed: resumes ? 1000ul : 7ul);
        if (resumes) run.Trainer.Resume(state);
        TrainResult result = run.Fit();
        Assert.Equal(StopReason.Completed, result.Reason);
    }
}
