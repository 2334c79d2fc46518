namespace Recur.Training;

/// <summary>Where a run stands, for a display.</summary>
/// <param name="Epoch">The running epoch, or the one that has just ended; 1 at first.</param>
/// <param name="Epochs">The number of epochs of the run; null when it is not limited.</param>
/// <param name="Step">The steps done since the run began, in all epochs.</param>
/// <param name="Steps">The steps of the whole run; null when it is not limited.</param>
/// <param name="Loss">The last step's loss; at the end of an epoch the mean of its steps.</param>
/// <param name="GradientNorm">The Euclidean norm of the last step's gradients, before clipping.</param>
/// <param name="LearningRate">The last step's learning rate.</param>
/// <param name="ValidationLoss">At the end of an epoch its validation loss, otherwise the one before; null before the
/// first, or without a validation function.</param>
/// <param name="IsEpochEnd">Whether an epoch has just ended.</param>
/// <param name="Elapsed">Time since <see cref="Trainer{TBatch}.Fit"/> was called.</param>
/// <param name="TimeLeft">An estimate from the speed so far; null when there is no limit. Early stopping may end the
/// run sooner.</param>
public readonly record struct TrainProgress(
    int Epoch, int? Epochs, long Step, long? Steps, double Loss, float GradientNorm, float LearningRate,
    double? ValidationLoss, bool IsEpochEnd, TimeSpan Elapsed, TimeSpan? TimeLeft);
