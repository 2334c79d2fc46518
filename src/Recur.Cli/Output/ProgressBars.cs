using System.Diagnostics;
using Spectre.Console;

namespace Recur.Cli.Output;

/// <summary>Progress as a moving bar with loss, rate and time left.</summary>
internal static class ProgressBars
{
    /// <summary>Progress nobody sees.</summary>
    public static IProgress<WorkProgress> Silent { get; } = new Nothing();

    /// <summary>Runs work under a bar that disappears when it is done.</summary>
    public static T Moving<T>(IAnsiConsole console, string title, Func<IProgress<WorkProgress>, T> work) =>
        console.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn())
            .Start(context =>
            {
                ProgressTask task = context.AddTask(Markup.Escape(title), maxValue: 1);
                return work(new Bar(task, title));
            });

    private sealed class Bar(ProgressTask task, string title) : IProgress<WorkProgress>
    {
        private readonly Stopwatch clock = Stopwatch.StartNew();
        private long first = -1;

        public void Report(WorkProgress value)
        {
            if (first < 0)
            {
                first = value.Done;
                clock.Restart();
            }

            double rate = (value.Done - first) / Math.Max(1e-9, clock.Elapsed.TotalSeconds);
            string loss = value.Loss is { } l ? $"  loss {ProgressText.Loss(l)}" : "";
            if (value.LearningRate is { } step) loss += $"  learning rate {ProgressText.Loss(step)}";
            task.MaxValue = Math.Max(1, value.Total);
            task.Value = value.Done;
            string left = ProgressText.TimeLeft(value.Total - value.Done, rate);
            task.Description = Markup.Escape($"{title}{loss}  {ProgressText.Rate(rate, value.Unit)}  {left} left");
        }
    }

    private sealed class Nothing : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value) { }
    }
}
