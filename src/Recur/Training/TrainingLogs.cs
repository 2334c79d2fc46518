namespace Recur.Training;

/// <summary>Several logs at once, and the log that a name asks for.</summary>
public static class TrainingLogs
{
    /// <summary>The log for a name: one that ends in <c>.jsonl</c> or <c>.json</c> is a file of JSON lines, any other a
    /// folder of TensorBoard event files.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static ITrainingLog Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return IsFile(path) ? new JsonLinesLog(path) : new TensorBoardLog(path);
    }

    /// <summary>Whether <see cref="Open"/> takes the name for that of a file of JSON lines.</summary>
    public static bool IsFile(string path) => Path.GetExtension(path).ToLowerInvariant() is ".jsonl" or ".json";

    /// <summary>A log that writes to all of the given ones, and disposes them.</summary>
    public static ITrainingLog Combine(params ReadOnlySpan<ITrainingLog> logs) => new Several(logs.ToArray());

    private sealed class Several(ITrainingLog[] logs) : ITrainingLog
    {
        public void Begin(long step)
        {
            foreach (ITrainingLog log in logs) log.Begin(step);
        }

        public void Scalars(long step, ReadOnlySpan<LogScalar> scalars)
        {
            foreach (ITrainingLog log in logs) log.Scalars(step, scalars);
        }

        public void Histogram(long step, string tag, ReadOnlySpan<float> values)
        {
            foreach (ITrainingLog log in logs) log.Histogram(step, tag, values);
        }

        public void Text(long step, string tag, string text)
        {
            foreach (ITrainingLog log in logs) log.Text(step, tag, text);
        }

        public void Flush()
        {
            foreach (ITrainingLog log in logs) log.Flush();
        }

        public void Dispose()
        {
            foreach (ITrainingLog log in logs) log.Dispose();
        }
    }
}
