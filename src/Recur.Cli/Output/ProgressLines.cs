using System.Diagnostics;

namespace Recur.Cli.Output;

/// <summary>Progress as plain lines, a few per run, for logs and pipes.</summary>
internal sealed class ProgressLines(TextWriter output, string title) : IProgress<WorkProgress>
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private TimeSpan lastLine;
    private long first = -1;
    private TimeSpan firstAt;

    public void Report(WorkProgress value)
    {
        TimeSpan now = clock.Elapsed;
        if (first < 0)
        {
            first = value.Done;
            firstAt = now;
            lastLine = now;
            return;
        }

        bool isLast = value.Done >= value.Total;
        if (now - lastLine < Interval || isLast) return; // the verb itself says when it is done
        lastLine = now;
        double rate = (value.Done - first) / Math.Max(1e-9, (now - firstAt).TotalSeconds);
        string loss = value.Loss is { } l ? $", loss {ProgressText.Loss(l)}" : "";
        if (value.LearningRate is { } step) loss += $", learning rate {ProgressText.Loss(step)}";
        output.WriteLine(
            $"{title}: {value.Done} of {value.Total} {value.Unit}{loss}, {ProgressText.Rate(rate, value.Unit)}, "
            + $"{ProgressText.TimeLeft(value.Total - value.Done, rate)} left");
    }
}
