using System.Diagnostics;
using System.Globalization;
using Recur.IO;

namespace Recur.Training;

/// <summary>A log that TensorBoard shows: scalars, histograms and texts in an event file of a folder.</summary>
/// <remarks>
/// <code>tensorboard --logdir runs      # over folders such as runs/lstm-1</code>
/// The messages are those of tensorflow/core/util/event.proto and framework/summary.proto as torch.utils.tensorboard
/// writes them. Every object writes a file of its own, <c>events.out.tfevents.SECONDS.HOST.PID.NUMBER</c>; a resumed
/// run says where it goes on, and TensorBoard drops what the former file has of later steps. A killed process loses at
/// most the last two seconds and leaves at most one unfinished record, which readers pass over.
/// </remarks>
public sealed class TensorBoardLog : ITrainingLog
{
    // Field numbers of Event, Summary.Value, HistogramProto, SessionLog, SummaryMetadata and TensorProto.
    private const int WallTime = 1, Step = 2, FileVersion = 3, Summary = 5, SessionLog = 7, SummaryValue = 1;
    private const int Tag = 1, SimpleValue = 2, Histo = 5, TensorValue = 8, Metadata = 9;
    private const int HistoMin = 1, HistoMax = 2, HistoCount = 3, HistoSum = 4;
    private const int HistoSquares = 5, HistoLimits = 6, HistoCounts = 7;
    private const int SessionStatus = 1, StatusStart = 1, PluginData = 1, PluginName = 1;
    private const int TensorType = 1, TensorShape = 2, TensorStrings = 8, TypeString = 7, ShapeDim = 2, DimSize = 1;

    private static readonly TimeSpan FlushInterval = TimeSpan.FromSeconds(2);
    private static int filesOfProcess;
    private readonly FileStream stream;
    private readonly ProtoWriter proto = new();
    private readonly ValueHistogram histogram = new();
    private long lastFlush = Stopwatch.GetTimestamp();

    /// <summary>Opens a new event file.</summary>
    /// <param name="folder">Its folder, which is made where it is missing; TensorBoard shows it as one run.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public TensorBoardLog(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        if (File.Exists(folder)) throw new IOException($"{folder}: is a file, not a folder.");
        Directory.CreateDirectory(folder);
        string name = string.Create(
            CultureInfo.InvariantCulture,
            $"events.out.tfevents.{DateTimeOffset.UtcNow.ToUnixTimeSeconds():0000000000}.{Environment.MachineName}." +
            $"{Environment.ProcessId}.{Interlocked.Increment(ref filesOfProcess) - 1}");
        Path = System.IO.Path.Combine(folder, name);
        stream = new FileStream(Path, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
        proto.Double(WallTime, Now());
        proto.String(FileVersion, "brain.Event:2");
        WriteRecord();
        Flush();
    }

    /// <summary>The event file.</summary>
    public string Path { get; }

    /// <inheritdoc/>
    public void Begin(long step)
    {
        if (step == 0) return;
        // TensorBoard drops what it has of steps from this one on.
        Start(step + 1);
        int session = proto.Begin(SessionLog);
        proto.Int64(SessionStatus, StatusStart);
        proto.End(session);
        WriteRecord();
    }

    /// <inheritdoc/>
    public void Scalars(long step, ReadOnlySpan<LogScalar> scalars)
    {
        Start(step);
        int summary = proto.Begin(Summary);
        foreach (LogScalar scalar in scalars)
        {
            int value = proto.Begin(SummaryValue);
            proto.String(Tag, scalar.Tag);
            proto.Float(SimpleValue, (float)scalar.Value);
            proto.End(value);
        }

        proto.End(summary);
        WriteRecord();
    }

    /// <inheritdoc/>
    public void Histogram(long step, string tag, ReadOnlySpan<float> values)
    {
        histogram.Fill(values);
        if (histogram.Count == 0) return; // TensorBoard shows no histogram of nothing
        Start(step);
        int summary = proto.Begin(Summary), value = proto.Begin(SummaryValue);
        proto.String(Tag, tag);
        int histo = proto.Begin(Histo);
        proto.Double(HistoMin, histogram.Min);
        proto.Double(HistoMax, histogram.Max);
        proto.Double(HistoCount, histogram.Count);
        proto.Double(HistoSum, histogram.Sum);
        proto.Double(HistoSquares, histogram.SumOfSquares);
        proto.BeginPackedDoubles(HistoLimits, histogram.BucketCount);
        for (int i = 0; i < histogram.BucketCount; i++) proto.PackedDouble(histogram.Limit(i));
        proto.BeginPackedDoubles(HistoCounts, histogram.BucketCount);
        for (int i = 0; i < histogram.BucketCount; i++) proto.PackedDouble(histogram.InBucket(i));
        proto.End(histo);
        proto.End(value);
        proto.End(summary);
        WriteRecord();
    }

    /// <inheritdoc/>
    public void Text(long step, string tag, string text)
    {
        Start(step);
        int summary = proto.Begin(Summary), value = proto.Begin(SummaryValue);
        proto.String(Tag, tag + "/text_summary"); // as torch.utils.tensorboard names them
        int tensor = proto.Begin(TensorValue);
        proto.Int64(TensorType, TypeString);
        int shape = proto.Begin(TensorShape), dim = proto.Begin(ShapeDim);
        proto.Int64(DimSize, 1);
        proto.End(dim);
        proto.End(shape);
        proto.String(TensorStrings, text);
        proto.End(tensor);
        int metadata = proto.Begin(Metadata), plugin = proto.Begin(PluginData);
        proto.String(PluginName, "text");
        proto.End(plugin);
        proto.End(metadata);
        proto.End(value);
        proto.End(summary);
        WriteRecord();
    }

    /// <inheritdoc/>
    public void Flush()
    {
        stream.Flush();
        lastFlush = Stopwatch.GetTimestamp();
    }

    /// <inheritdoc/>
    public void Dispose() => stream.Dispose();

    private static double Now() => (DateTime.UtcNow - DateTime.UnixEpoch).TotalSeconds;

    private void Start(long step)
    {
        proto.Double(WallTime, Now());
        proto.Int64(Step, step);
    }

    private void WriteRecord()
    {
        TfRecordWriter.Write(stream, proto.Written);
        proto.Clear();
        if (Stopwatch.GetElapsedTime(lastFlush) > FlushInterval) Flush();
    }
}
