using System.Text;

namespace Recur.Tests.Training;

/// <summary>A reader of TensorBoard's event files that shares nothing with the writer: framing, checksums by the
/// polynomial bit by bit, and the wire format of protobuf.</summary>
internal static class EventFile
{
    /// <summary>One event: what its fields say.</summary>
    internal sealed record Event(double WallTime, long Step, string? FileVersion, IReadOnlyList<Value> Values, long SessionStatus);

    /// <summary>One value of a summary.</summary>
    internal sealed record Value(string Tag, float? Scalar, Histogram? Histogram, string? Text, string? Plugin);

    internal sealed record Histogram(double Min, double Max, double Count, double Sum, double Squares, double[] Limits, double[] Counts);

    /// <summary>All events; fails where a checksum is wrong or a record is cut.</summary>
    public static List<Event> Read(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        var events = new List<Event>();
        for (int at = 0; at < file.Length;)
        {
            int length = checked((int)BitConverter.ToUInt64(file, at));
            Assert.Equal(Masked(file.AsSpan(at, 8)), BitConverter.ToUInt32(file, at + 8));
            ReadOnlySpan<byte> data = file.AsSpan(at + 12, length);
            Assert.Equal(Masked(data), BitConverter.ToUInt32(file, at + 12 + length));
            events.Add(ToEvent(data));
            at += length + 16;
        }

        return events;
    }

    /// <summary>CRC-32C, a bit at a time.</summary>
    public static uint Crc(ReadOnlySpan<byte> data)
    {
        uint crc = 0xFFFFFFFF;
        foreach (byte b in data)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
        }

        return crc ^ 0xFFFFFFFF;
    }

    private static uint Masked(ReadOnlySpan<byte> data)
    {
        uint crc = Crc(data);
        return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
    }

    private static Event ToEvent(ReadOnlySpan<byte> data)
    {
        var fields = Fields(data);
        var values = new List<Value>();
        foreach (Field summary in fields.Where(f => f.Number == 5))
            values.AddRange(Fields(summary.Bytes).Select(v => ToValue(v.Bytes)));
        Field? session = fields.Find(f => f.Number == 7);
        return new Event(
            BitConverter.UInt64BitsToDouble(fields.Single(f => f.Number == 1).Number64),
            (long)(fields.Find(f => f.Number == 2)?.Number64 ?? 0),
            fields.Find(f => f.Number == 3) is { } version ? Encoding.UTF8.GetString(version.Bytes) : null,
            values, session is null ? 0 : (long)Fields(session.Bytes).Single().Number64);
    }

    private static Value ToValue(byte[] data)
    {
        var fields = Fields(data);
        Field? scalar = fields.Find(f => f.Number == 2), histo = fields.Find(f => f.Number == 5);
        Field? tensor = fields.Find(f => f.Number == 8), metadata = fields.Find(f => f.Number == 9);
        return new Value(
            Encoding.UTF8.GetString(fields.Single(f => f.Number == 1).Bytes),
            scalar is null ? null : BitConverter.UInt32BitsToSingle((uint)scalar.Number64),
            histo is null ? null : ToHistogram(histo.Bytes),
            tensor is null ? null : Encoding.UTF8.GetString(Fields(tensor.Bytes).Single(f => f.Number == 8).Bytes),
            metadata is null ? null : Encoding.UTF8.GetString(Fields(Fields(metadata.Bytes).Single().Bytes).Single().Bytes));
    }

    private static Histogram ToHistogram(byte[] data)
    {
        var fields = Fields(data);
        double Of(int number) => BitConverter.UInt64BitsToDouble(fields.Single(f => f.Number == number).Number64);
        double[] All(int number) =>
            [.. fields.Single(f => f.Number == number).Bytes.Chunk(8).Select(b => BitConverter.ToDouble(b))];
        return new Histogram(Of(1), Of(2), Of(3), Of(4), Of(5), All(6), All(7));
    }

    private sealed record Field(int Number, ulong Number64, byte[] Bytes);

    private static List<Field> Fields(ReadOnlySpan<byte> data)
    {
        var fields = new List<Field>();
        int at = 0;
        while (at < data.Length)
        {
            ulong key = Varint(data, ref at);
            int number = (int)(key >> 3);
            switch (key & 7)
            {
                case 0:
                    fields.Add(new Field(number, Varint(data, ref at), []));
                    break;
                case 1:
                    fields.Add(new Field(number, BitConverter.ToUInt64(data.Slice(at, 8)), []));
                    at += 8;
                    break;
                case 2:
                    int length = (int)Varint(data, ref at);
                    fields.Add(new Field(number, 0, data.Slice(at, length).ToArray()));
                    at += length;
                    break;
                case 5:
                    fields.Add(new Field(number, BitConverter.ToUInt32(data.Slice(at, 4)), []));
                    at += 4;
                    break;
                default:
                    Assert.Fail($"wire type {key & 7}");
                    break;
            }
        }

        return fields;
    }

    private static ulong Varint(ReadOnlySpan<byte> data, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte b = data[at++];
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80) return value;
        }
    }
}
