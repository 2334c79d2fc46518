namespace Recur.Training;

/// <summary>A loss or a gradient became infinite or not a number; the parameters are those from before the
/// step.</summary>
public sealed class TrainingDivergedException : InvalidOperationException
{
    /// <summary>An error without details.</summary>
    public TrainingDivergedException() : this("Trainer: the loss or its gradient is not finite.") { }

    /// <summary>An error with a text of its own.</summary>
    public TrainingDivergedException(string message) : base(message) { }

    /// <summary>An error with a text of its own and its cause.</summary>
    public TrainingDivergedException(string message, Exception innerException) : base(message, innerException) { }

    /// <summary>An error with a text of its own and the number of the step that was not taken.</summary>
    public TrainingDivergedException(string message, long step) : base(message) => Step = step;

    /// <summary>The number of the step that was not taken, 1 for the first; for a validation loss, of the step before
    /// it.</summary>
    public long Step { get; }
}
