using System.Buffers;
using System.Diagnostics;
using System.Text.Json;

namespace Recur.Training;

/// <summary>A log of one JSON object per line, for jq, pandas and the like.</summary>
/// <remarks>
/// <code>
/// {"step":0,"event":"begin","time":"2026-11-25T12:00:00.0000000Z"}
/// {"step":10,"loss":0.1667,"gradient_norm":0.41,"learning_rate":0.001}
/// {"step":10,"histogram":"parameters/rnn.weight_hh_l0","count":256,"min":-0.2,"max":0.2,"mean":0.01,"std":0.1,
///  "limits":[...],"counts":[...]}
/// {"step":57,"text":"warning","value":"..."}
/// </code>
/// Numbers are those of the run to the last bit; one that is not finite is null. An existing file goes on: when a run
/// is resumed, lines behind a line with <c>"event":"begin"</c> replace earlier ones of later steps. A line that a
/// killed process left unfinished is removed.
/// </remarks>
public sealed class JsonLinesLog : ITrainingLog
{
    private static readonly TimeSpan FlushInterval = TimeSpan.FromSeconds(2);
    private readonly FileStream stream;
    private readonly ArrayBufferWriter<byte> line = new();
    private readonly Utf8JsonWriter json;
    private readonly ValueHistogram histogram = new();
    private long lastFlush = Stopwatch.GetTimestamp();

    /// <summary>Opens or creates a file.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public JsonLinesLog(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path)) throw new IOException($"{path}: is a directory, not a file.");
        stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        GoToLastLineEnd(stream);
        json = new Utf8JsonWriter(line);
    }

    /// <inheritdoc/>
    public void Begin(long step)
    {
        Start(step);
        json.WriteString("event", "begin");
        json.WriteString("time", DateTime.UtcNow);
        End();
    }

    /// <inheritdoc/>
    public void Scalars(long step, ReadOnlySpan<LogScalar> scalars)
    {
        Start(step);
        foreach (LogScalar scalar in scalars) Number(scalar.Tag, scalar.Value);
        End();
    }

    /// <inheritdoc/>
    public void Histogram(long step, string tag, ReadOnlySpan<float> values)
    {
        histogram.Fill(values);
        double count = Math.Max(1, histogram.Count), mean = histogram.Sum / count;
        Start(step);
        json.WriteString("histogram", tag);
        json.WriteNumber("count", histogram.Count);
        if (histogram.NotFinite > 0) json.WriteNumber("not_finite", histogram.NotFinite);
        json.WriteNumber("min", histogram.Min);
        json.WriteNumber("max", histogram.Max);
        Number("mean", mean);
        Number("std", Math.Sqrt(Math.Max(0, histogram.SumOfSquares / count - mean * mean)));
        json.WriteStartArray("limits");
        for (int i = 0; i < histogram.BucketCount; i++) json.WriteNumberValue(histogram.Limit(i));
        json.WriteEndArray();
        json.WriteStartArray("counts");
        for (int i = 0; i < histogram.BucketCount; i++) json.WriteNumberValue(histogram.InBucket(i));
        json.WriteEndArray();
        End();
    }

    /// <inheritdoc/>
    public void Text(long step, string tag, string text)
    {
        Start(step);
        json.WriteString("text", tag);
        json.WriteString("value", text);
        End();
    }

    /// <inheritdoc/>
    public void Flush()
    {
        stream.Flush();
        lastFlush = Stopwatch.GetTimestamp();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        json.Dispose();
        stream.Dispose();
    }

    private void Start(long step)
    {
        json.WriteStartObject();
        json.WriteNumber("step", step);
    }

    private void Number(string name, double value)
    {
        // The shortest text that gives a float32 back, where it is one.
        if (!double.IsFinite(value)) json.WriteNull(name);
        else if ((float)value == value) json.WriteNumber(name, (float)value);
        else json.WriteNumber(name, value);
    }

    private void End()
    {
        json.WriteEndObject();
        json.Flush();
        json.Reset();
        stream.Write(line.WrittenSpan);
        stream.WriteByte((byte)'\n');
        line.ResetWrittenCount();
        if (Stopwatch.GetElapsedTime(lastFlush) > FlushInterval) Flush();
    }

    private static void GoToLastLineEnd(FileStream stream)
    {
        long end = stream.Length;
        while (end > 0)
        {
            stream.Position = end - 1;
            if (stream.ReadByte() == '\n') break;
            end--;
        }

        stream.SetLength(end);
        stream.Position = end;
    }
}
