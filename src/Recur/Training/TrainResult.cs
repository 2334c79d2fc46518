namespace Recur.Training;

/// <summary>Why a run ended.</summary>
public enum StopReason
{
    /// <summary>All epochs or steps are done.</summary>
    Completed,

    /// <summary>The validation loss stopped falling (<see cref="EarlyStopping"/>).</summary>
    StoppedEarly,

    /// <summary>The cancellation token asked for it.</summary>
    Canceled,
}

/// <summary>The losses of one epoch.</summary>
/// <param name="Loss">The mean of the losses of its steps.</param>
/// <param name="ValidationLoss">The validation loss after it; null without a validation function.</param>
public readonly record struct EpochLoss(double Loss, double? ValidationLoss);

/// <summary>How a run ended; everything counts from the run's beginning, also when it was resumed.</summary>
/// <param name="Reason">Why it ended.</param>
/// <param name="Step">The number of steps done.</param>
/// <param name="LastLoss">The loss of the last step; NaN before the first.</param>
/// <param name="BestValidationLoss">The lowest validation loss; null without a validation function.</param>
/// <param name="BestEpoch">The epoch it belongs to, 1 for the first; null without a validation function.</param>
/// <param name="History">The losses of every complete epoch, in order.</param>
/// <param name="Elapsed">Time since <see cref="Trainer{TBatch}.Fit"/> was called.</param>
public sealed record TrainResult(
    StopReason Reason, long Step, float LastLoss, double? BestValidationLoss, int? BestEpoch,
    IReadOnlyList<EpochLoss> History, TimeSpan Elapsed)
{
    /// <summary>The number of complete epochs.</summary>
    public int Epochs => History.Count;

    /// <summary>What was wrong with the gradients since <see cref="Trainer{TBatch}.Fit"/> was called; usually
    /// empty.</summary>
    public IReadOnlyList<TrainWarning> Warnings { get; init; } = [];
}
