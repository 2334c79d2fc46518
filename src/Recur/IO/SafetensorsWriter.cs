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

    private readonly List<FileTensor> items = [];
    private readonly HashSet<string> names = [];
    private readonly SortedDictionary<string, string> metadata = new(StringComparer.Ordinal);

    public void Add(string name, Tensor values) => Add(FileTensor.Of(name, values));

    /// <summary>A scalar integer.</summary>
    public void Add(string name, long value)
    {
        var bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        Add(new FileTensor(name, SafetensorsDataType.I64, [], null, () => bytes));
    }

    /// <summary>A scalar float64, bit for bit.</summary>
    public void Add(string name, double value)
    {
        var bytes = new byte[sizeof(double)];
        BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
        Add(new FileTensor(name, SafetensorsDataType.F64, [], null, () => bytes));
    }

    /// <summary>A vector of float64, bit for bit.</summary>
    public void Add(string name, ReadOnlySpan<double> values)
    {
        byte[] bytes = MemoryMarshal.AsBytes(values).ToArray();
        LittleEndian.Swap(bytes, sizeof(double));
        Add(new FileTensor(name, SafetensorsDataType.F64, [values.Length], null, () => bytes));
    }

    /// <summary>A vector of bytes.</summary>
    public void Add(string name, byte[] values) =>
        Add(new FileTensor(name, SafetensorsDataType.U8, [values.Length], null, () => values));

    public void AddMetadata(string key, string value)
    {
        CheckText(key, "metadata key");
        CheckText(value, $"metadata value of \"{key}\"");
        metadata.Add(key, value);
    }

    public void Add(FileTensor item)
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
        FileTensor[] order = [.. items.OrderByDescending(i => i.Type.Bits())]; // a stable sort
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
        foreach (FileTensor item in order) item.Write(stream.Write);
    }

    private ReadOnlySpan<byte> Header(FileTensor[] order)
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
            foreach (FileTensor item in order)
            {
                json.WriteStartObject(item.Name);
                json.WriteString("dtype", item.Type.FileName());
                json.WriteStartArray("shape");
                foreach (long d in item.Dimensions) json.WriteNumberValue(d);
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
