namespace Recur.Training;

/// <summary>A number of a run by its name.</summary>
/// <param name="Tag">Its name, such as <c>loss</c>; slashes group.</param>
/// <param name="Value">The number.</param>
public readonly record struct LogScalar(string Tag, double Value);

/// <summary>Where the numbers of a run are written: <see cref="TensorBoardLog"/>, <see cref="JsonLinesLog"/>, or both
/// with
/// <see cref="TrainingLogs"/>.</summary>
/// <remarks>A <see cref="Trainer{TBatch}"/> writes to <see cref="TrainOptions.Log"/> and flushes it, and leaves it
/// open. Called by one thread at a time.</remarks>
public interface ITrainingLog : IDisposable
{
    /// <summary>A run begins, or goes on.</summary>
    /// <param name="step">The steps done before; 0 for a new run. What a log has of later steps is void.</param>
    void Begin(long step);

    /// <summary>Numbers of one step.</summary>
    void Scalars(long step, ReadOnlySpan<LogScalar> scalars);

    /// <summary>How values are spread.</summary>
    void Histogram(long step, string tag, ReadOnlySpan<float> values);

    /// <summary>A text, such as a warning.</summary>
    void Text(long step, string tag, string text);

    /// <summary>Hands everything written so far to the operating system.</summary>
    void Flush();
}
