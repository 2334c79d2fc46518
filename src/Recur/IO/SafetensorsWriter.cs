using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Recur.IO;

/// <summary>Collects tensors of several types and writes them as one safetensors file; the same content gives the same
/// bytes.</summary>
/// <remarks>Like the reference writer it puts the longest element types first, so that every tensor is aligned to its
/// element's size; within a type the order of the calls stays. The header is padded with spaces to a multiple of 8
/// bytes.</remarks>
internal sealed class SafetensorsWriter
{
    // Relaxed: names stay readable; this JSON never stands in a web page.
    private static readonly JsonWriterOptions jsonOptions =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly UTF8Encoding strictUtf8 =
        new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly List<Item> items = [];
    private readonly HashSet<string> names = [];
    private readonly SortedDictionary<string, string> metadata = new(StringComparer.Ordinal);

    /// <summary>The values are in <paramref name="Values"/>, or little-endian in <paramref name="Bytes"/>.</summary>
    private readonly record struct Item(
        string Name, SafetensorsDataType Type, int[] Shape, Tensor? Values, byte[] Bytes)
    {
        public long ByteLength => Values is { } t ? (long)t.Length * sizeof(float) : Bytes.LongLength;
    }

    public void Add(string name, Tensor values) =>
        Add(new Item(name, SafetensorsDataType.F32, values.Shape.AsSpan().ToArray(), values, []));

    /// <summary>A scalar integer.</summary>
    public void Add(string name, long value)
    {
        var bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        Add(new Item(name, SafetensorsDataType.I64, [], null, bytes));
    }

    /// <summary>A scalar float64, bit for bit.</summary>
    public void Add(string name, double value)
    {
        var bytes = new byte[sizeof(double)];
        BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
        Add(new Item(name, SafetensorsDataType.F64, [], null, bytes));
    }

    /// <summary>A vector of float64, bit for bit.</summary>
    public void Add(string name, ReadOnlySpan<double> values)
    {
        byte[] bytes = MemoryMarshal.AsBytes(values).ToArray();
        LittleEndian.Swap(bytes, sizeof(double));
        Add(new Item(name, SafetensorsDataType.F64, [values.Length], null, bytes));
    }

    /// <summary>A vector of bytes.</summary>
    public void Add(string name, byte[] values) =>
        Add(new Item(name, SafetensorsDataType.U8, [values.Length], null, values));

    public void AddMetadata(string key, string value)
    {
        CheckText(key, "metadata key");
        CheckText(value, $"metadata value of \"{key}\"");
        metadata.Add(key, value);
    }

    private void Add(Item item)
    {
        CheckText(item.Name, "tensor name");
        if (item.Name == "__metadata__")
            throw new ArgumentException(
                "Safetensors.Save: no tensor can be named \"__metadata__\"; the format keeps that name for itself.");
        if (!names.Add(item.Name))
            throw new ArgumentException($"Safetensors.Save: the name \"{item.Name}\" comes twice.");
        items.Add(item);
    }

    /// <summary>A lone surrogate has no UTF-8 form; the JSON writer would silently change it.</summary>
    private static void CheckText(string text, string what)
    {
        ArgumentNullException.ThrowIfNull(text);
        try
        {
            strictUtf8.GetByteCount(text);
        }
        catch (EncoderFallbackException e)
        {
            throw new ArgumentException($"Safetensors.Save: the {what} is not valid Unicode.", e);
        }
    }

    public void WriteTo(Stream stream)
    {
        Item[] order = [.. items.OrderByDescending(i => i.Type.Bits())]; // a stable sort
        ReadOnlySpan<byte> header = Header(order);
        int padding = -header.Length & 7;
        if (header.Length + padding > SafetensorsHeader.MaxLength)
            throw new ArgumentException(
                $"Safetensors.Save: the header would have {header.Length} bytes but the format allows 100,000,000.");
        Span<byte> prefix = stackalloc byte[SafetensorsHeader.PrefixLength];
        BinaryPrimitives.WriteUInt64LittleEndian(prefix, (ulong)(header.Length + padding));
        stream.Write(prefix);
        stream.Write(header);
        stream.Write("        "u8[..padding]);
        foreach (Item item in order)
        {
            if (item.Values is { } tensor) Write(stream, tensor.Span);
            else stream.Write(item.Bytes);
        }
    }

    private static void Write(Stream stream, ReadOnlySpan<float> values)
    {
        const int piece = 1 << 24; // an array of float32 can be longer in bytes than a span of bytes
        for (int i = 0; i < values.Length; i += piece)
        {
            ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(values.Slice(i, Math.Min(piece, values.Length - i)));
            if (BitConverter.IsLittleEndian)
            {
                stream.Write(bytes);
                continue;
            }

            byte[] swapped = bytes.ToArray();
            LittleEndian.Swap(swapped, sizeof(float));
            stream.Write(swapped);
        }
    }

    private ReadOnlySpan<byte> Header(Item[] order)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, jsonOptions))
        {
            json.WriteStartObject();
            if (metadata.Count > 0)
            {
                json.WriteStartObject("__metadata__");
                foreach ((string key, string value) in metadata) json.WriteString(key, value);
                json.WriteEndObject();
            }

            long offset = 0;
            foreach (Item item in order)
            {
                json.WriteStartObject(item.Name);
                json.WriteString("dtype", item.Type.FileName());
                json.WriteStartArray("shape");
                foreach (int d in item.Shape) json.WriteNumberValue(d);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += item.ByteLength);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        return buffer.WrittenSpan;
    }
}
