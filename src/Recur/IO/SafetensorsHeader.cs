using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Unicode;

namespace Recur.IO;

/// <summary>Reads and checks the JSON header of a safetensors file; trusts nothing in it.</summary>
/// <remarks>
/// Format: https://github.com/huggingface/safetensors#format. u64 length of the header, little-endian; the header, an
/// object <c>{"name":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}, ..., "__metadata__":{"key":"value"}}</c>,
/// padded with spaces; the bytes of all tensors, without holes and overlaps. Beyond the reference reader it refuses
/// unknown fields of a tensor (ignoring one could change what the bytes mean) and more than <see cref="MaxRank"/>
/// dimensions.
/// </remarks>
internal ref struct SafetensorsHeader
{
    /// <summary>The reference implementation's limit in bytes.</summary>
    public const int MaxLength = 100_000_000;

    /// <summary>Bytes in front of the header.</summary>
    public const int PrefixLength = 8;

    /// <summary>NumPy's and PyTorch's limit; without one a header could ask for four times its own size in
    /// memory.</summary>
    private const int MaxRank = 64;

    private const string MetadataName = "__metadata__";

    private readonly string file;
    private readonly long dataLength;
    private readonly List<SafetensorsEntry> entries = [];
    private readonly Dictionary<string, int> index = [];
    private readonly Dictionary<string, string> metadata = [];
    private Utf8JsonReader json;
    private bool hasMetadata;

    private SafetensorsHeader(string file, ReadOnlySpan<byte> header, long dataLength)
    {
        this.file = file;
        this.dataLength = dataLength;
        // Nothing here recurses and every token out of place is refused, so the depth needs no limit of its own below
        // this one.
        json = new Utf8JsonReader(header, new JsonReaderOptions { MaxDepth = 64 });
    }

    /// <summary>What a header says.</summary>
    public readonly record struct Content(
        List<SafetensorsEntry> Entries, Dictionary<string, int> Index, Dictionary<string, string> Metadata);

    /// <summary>Parses a header and checks it against the number of bytes that follow it.</summary>
    /// <exception cref="ModelFormatException">The header breaks a rule of the format.</exception>
    public static Content Parse(string file, ReadOnlySpan<byte> header, long dataLength)
    {
        if (!Utf8.IsValid(header)) throw new ModelFormatException($"{file}: the header is not valid UTF-8.");
        if (header.IsEmpty || header[0] != '{')
            throw new ModelFormatException(
                $"{file}: the header must be a JSON object that starts with {{ at byte 8; this is not a safetensors " +
                "file.");
        var parser = new SafetensorsHeader(file, header, dataLength);
        try
        {
            parser.ReadTop();
        }
        catch (JsonException e)
        {
            throw new ModelFormatException(
                $"{file}: the header is not valid JSON near its byte {parser.json.BytesConsumed}.", e);
        }

        parser.CheckLayout();
        return new Content(parser.entries, parser.index, parser.metadata);
    }

    private void ReadTop()
    {
        json.Read();
        while (json.Read() && json.TokenType != JsonTokenType.EndObject)
        {
            string name = ReadText("a name");
            json.Read();
            if (name == MetadataName) ReadMetadata();
            else ReadEntry(name);
        }

        // Only spaces may follow; the reader throws for anything else.
        json.Read();
    }

    private void ReadMetadata()
    {
        if (hasMetadata) Fail($"the name {MetadataName} appears twice in the header");
        hasMetadata = true;
        if (json.TokenType != JsonTokenType.StartObject)
            Fail($"{MetadataName} must be an object of strings but is {Describe()}");
        while (json.Read() && json.TokenType != JsonTokenType.EndObject)
        {
            string key = ReadText($"a name in {MetadataName}");
            json.Read();
            if (json.TokenType != JsonTokenType.String)
                Fail($"{MetadataName} may hold only strings but {Quote(key)} is {Describe()}");
            if (!metadata.TryAdd(key, ReadText($"a text in {MetadataName}")))
                Fail($"{Quote(key)} appears twice in {MetadataName}");
        }
    }

    private void ReadEntry(string name)
    {
        if (json.TokenType != JsonTokenType.StartObject) Fail($"{Quote(name)} must be an object but is {Describe()}");
        SafetensorsDataType? type = null;
        long[]? shape = null;
        (long Begin, long End)? offsets = null;
        while (json.Read() && json.TokenType != JsonTokenType.EndObject)
        {
            bool twice;
            string field = ReadText("a field");
            if (field == "dtype")
            {
                twice = type is not null;
                json.Read();
                if (json.TokenType != JsonTokenType.String)
                    Fail($"{Quote(name)}: dtype must be a string but is {Describe()}");
                string text = ReadText("dtype");
                if (!SafetensorsDataTypes.TryParse(text, out SafetensorsDataType t))
                    Fail($"{Quote(name)} has the unknown dtype {Quote(text)}");
                type = t;
            }
            else if (field == "shape")
            {
                twice = shape is not null;
                shape = ReadNumbers(name, "shape", MaxRank);
            }
            else if (field == "data_offsets")
            {
                twice = offsets is not null;
                long[] pair = ReadNumbers(name, "data_offsets", 2);
                if (pair.Length != 2)
                    Fail($"{Quote(name)}: data_offsets must be two numbers but there are {pair.Length}");
                offsets = (pair[0], pair[1]);
            }
            else
            {
                Fail($"{Quote(name)} has the unknown field {Quote(field)}");
                return;
            }

            if (twice) Fail($"{Quote(name)} has a field twice");
        }

        if (type is null) Fail($"{Quote(name)} has no dtype");
        if (shape is null) Fail($"{Quote(name)} has no shape");
        if (offsets is null) Fail($"{Quote(name)} has no data_offsets");
        var entry = new SafetensorsEntry(name, type.Value, shape, offsets.Value.Begin, offsets.Value.End);
        CheckEntry(entry);
        if (!index.TryAdd(name, entries.Count)) Fail($"the name {Quote(name)} appears twice in the header");
        entries.Add(entry);
    }

    private long[] ReadNumbers(string name, string field, int maxCount)
    {
        json.Read();
        if (json.TokenType != JsonTokenType.StartArray)
            Fail($"{Quote(name)}: {field} must be an array but is {Describe()}");
        Span<long> numbers = stackalloc long[MaxRank];
        int count = 0;
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (json.TokenType != JsonTokenType.Number)
                Fail($"{Quote(name)}: {field} may hold only numbers but holds {Describe()}");
            if (!json.TryGetInt64(out long value) || value < 0)
                Fail(
                    $"{Quote(name)}: {field} may hold only whole numbers from 0 to 2^63-1 but holds " +
                    $"{Quote(System.Text.Encoding.UTF8.GetString(json.ValueSpan))}");
            if (count == maxCount) Fail($"{Quote(name)}: {field} may hold at most {maxCount} numbers");
            numbers[count++] = value;
        }

        return numbers[..count].ToArray();
    }

    private void CheckEntry(SafetensorsEntry entry)
    {
        if (entry.Begin > entry.End)
            Fail($"{Quote(entry.Name)} begins at byte {entry.Begin}, behind its end at {entry.End}");
        if (entry.End > dataLength)
            Fail($"{Quote(entry.Name)} ends at byte {entry.End} but the file holds only {dataLength} bytes of data");
        // With a dimension of 0 there is nothing to multiply; otherwise the product must stay representable.
        Int128 bits = entry.DataType.Bits();
        foreach (long d in entry.Dimensions) if (d == 0) bits = 0;
        foreach (long d in entry.Dimensions)
        {
            bits *= d;
            if (bits > long.MaxValue) Fail($"{Quote(entry.Name)} has more elements than any file can hold");
        }

        if (bits % 8 != 0)
            Fail(
                $"{Quote(entry.Name)} does not end at a whole byte: {entry.DataTypeName} takes " +
                $"{entry.DataType.Bits()} bits");
        if (bits / 8 != entry.ByteLength)
        {
            string dims = string.Join(", ", entry.Dimensions);
            Fail(
                $"{Quote(entry.Name)} must take {bits / 8} bytes ({entry.DataTypeName} [{dims}]) but its " +
                $"data_offsets span {entry.ByteLength}");
        }
    }

    /// <summary>Sorted by offset, the tensors must follow each other and fill the data exactly.</summary>
    private readonly void CheckLayout()
    {
        var order = new SafetensorsEntry[entries.Count];
        entries.CopyTo(order);
        Array.Sort(order, static (a, b) => a.Begin != b.Begin ? a.Begin.CompareTo(b.Begin) : a.End.CompareTo(b.End));
        long end = 0;
        string? previous = null;
        foreach (SafetensorsEntry entry in order)
        {
            if (entry.Begin < end)
                Fail(
                    $"{Quote(entry.Name)} overlaps {Quote(previous!)}: it begins at byte {entry.Begin} but the other " +
                    $"ends at {end}");
            if (entry.Begin > end)
                Fail($"there is a hole in the data: bytes {end} to {entry.Begin} belong to no tensor");
            end = entry.End;
            previous = entry.Name;
        }

        if (end != dataLength)
            Fail($"the tensors end at byte {end} of the data but the file goes on to byte {dataLength}");
    }

    private readonly string ReadText(string what)
    {
        try
        {
            return json.GetString()!;
        }
        catch (InvalidOperationException e) // an escape such as \ud800 that is half a character
        {
            throw new ModelFormatException($"{file}: {what} in the header is not valid Unicode.", e);
        }
    }

    private readonly string Describe() => json.TokenType switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "a number",
        JsonTokenType.True or JsonTokenType.False => "a truth value",
        _ => "null",
    };

    [DoesNotReturn]
    private readonly void Fail(string sentence) => throw new ModelFormatException($"{file}: {sentence}.");

    /// <summary>A name from the file for an error text: short, and without control characters that could disturb a
    /// terminal.</summary>
    internal static string Quote(string name)
    {
        const int shown = 80;
        string text = name.Length > shown ? string.Concat(name.AsSpan(0, shown), "...") : name;
        return string.Create(text.Length + 2, text, static (span, t) =>
        {
            span[0] = span[^1] = '"';
            for (int i = 0; i < t.Length; i++) span[i + 1] = char.IsControl(t[i]) ? '?' : t[i];
        });
    }
}
