using Recur.Training;

namespace Recur.Cli.Output;

/// <summary>Passes a trainer's reports on to a progress display.</summary>
internal sealed class TrainingDisplay(IProgress<WorkProgress> display) : IProgress<TrainProgress>
{
    public void Report(TrainProgress value) =>
        display.Report(new WorkProgress(value.Step, value.Steps ?? value.Step, "steps", value.Loss));
}
