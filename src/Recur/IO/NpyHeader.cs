using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Recur.IO;

/// <summary>The header of a NumPy array: <c>{'descr': '&lt;f4', 'fortran_order': False, 'shape': (2, 3), }</c>, read
/// by a parser that knows this one form and evaluates nothing.</summary>
/// <remarks>Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html. <c>\x93NUMPY</c>, version,
/// the header's length (16 bits in version 1, else 32), the header, padded with spaces to a line's end, the elements.
/// Version 3 differs from 2 in that names of fields may be UTF-8; arrays with fields are refused in any
/// version.</remarks>
internal sealed class NpyHeader
{
    /// <summary>NumPy's own default for a header it has not made itself.</summary>
    private const int MaxLength = 10_000;

    /// <summary>NumPy's limit of dimensions, since its version 2; it was 32.</summary>
    private const int MaxRank = 64;

    private static readonly (string Letters, SafetensorsDataType Type)[] types =
    [
        ("f8", SafetensorsDataType.F64), ("f4", SafetensorsDataType.F32), ("f2", SafetensorsDataType.F16),
        ("i8", SafetensorsDataType.I64), ("i4", SafetensorsDataType.I32), ("i2", SafetensorsDataType.I16),
        ("i1", SafetensorsDataType.I8), ("u8", SafetensorsDataType.U64), ("u4", SafetensorsDataType.U32),
        ("u2", SafetensorsDataType.U16), ("u1", SafetensorsDataType.U8), ("b1", SafetensorsDataType.Bool),
    ];

    private readonly ByteReader reader;
    private string text = "";
    private int at;

    private NpyHeader(ByteReader reader) => this.reader = reader;

    public static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    public SafetensorsDataType Type { get; private set; }

    public bool IsBigEndian { get; private set; }

    public bool IsFortran { get; private set; }

    public long[] Dimensions { get; private set; } = [];

    /// <summary>The number of elements; they take exactly the bytes that are left.</summary>
    public long Count { get; private set; }

    /// <summary>Reads a header and checks the number of bytes behind it.</summary>
    public static NpyHeader Read(ByteReader reader)
    {
        var header = new NpyHeader(reader);
        Span<byte> start = stackalloc byte[8];
        if (reader.Length < start.Length) header.Fail($"has only {reader.Length} bytes; it is not a NumPy array");
        reader.Read(start);
        if (!start[..6].SequenceEqual(Magic)) header.Fail("does not begin with \\x93NUMPY; it is not a NumPy array");
        if (start[6] is 0 or > 3 || start[7] != 0)
            header.Fail($"has version {start[6]}.{start[7]} of the format but 1.0, 2.0 and 3.0 are known");
        Span<byte> length = stackalloc byte[4];
        length.Clear();
        reader.Read(length[..(start[6] == 1 ? 2 : 4)]);
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(length);
        if (count > MaxLength) header.Fail($"announces a header of {count} bytes but at most {MaxLength} are read");
        var bytes = new byte[Math.Min(count, reader.Remaining)];
        if (bytes.Length < count) header.Fail($"is cut off in its header");
        reader.Read(bytes);
        header.text = Encoding.Latin1.GetString(bytes);
        header.Parse();
        header.CheckLength();
        return header;
    }

    /// <summary>The bytes in front of the elements; their number is a multiple of 64, as NumPy makes it.</summary>
    public static byte[] Write(SafetensorsDataType type, ReadOnlySpan<long> dimensions)
    {
        const int alignment = 64, prefix = 10;
        string shape = dimensions.Length == 1 ? $"{dimensions[0]}," : string.Join(", ", dimensions.ToArray());
        string line = $"{{'descr': '{Descr(type)}', 'fortran_order': False, 'shape': ({shape}), }}";
        int length = (prefix + line.Length + 1 + alignment - 1) / alignment * alignment;
        var bytes = new byte[length];
        bytes.AsSpan().Fill((byte)' ');
        Magic.CopyTo(bytes);
        (bytes[6], bytes[7]) = (1, 0);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(8), (ushort)(length - prefix));
        Encoding.ASCII.GetBytes(line, bytes.AsSpan(prefix));
        bytes[^1] = (byte)'\n';
        return bytes;
    }

    /// <summary>Whether NumPy has this type.</summary>
    public static bool Knows(SafetensorsDataType type) => Array.Exists(types, t => t.Type == type);

    private static string Descr(SafetensorsDataType type)
    {
        string letters = Array.Find(types, t => t.Type == type).Letters;
        return (type.Size() == 1 ? "|" : "<") + letters;
    }

    private void CheckLength()
    {
        long? count = Elements.Count(Dimensions);
        string shape = $"[{string.Join(", ", Dimensions)}]";
        if (count is null || (Int128)count * Type.Size() > long.MaxValue)
            Fail($"{shape} has more elements than any file can hold");
        Count = count.Value;
        if (Count * Type.Size() != reader.Remaining)
            Fail(
                $"must have {Count * Type.Size()} bytes of elements ({Type.FileName()} {shape}) but has " +
                $"{reader.Remaining}");
    }

    // ---- The parser ----------------------------------------------------------------------------------------------

    private void Parse()
    {
        bool hasType = false, hasOrder = false, hasShape = false;
        Expect('{');
        while (!Take('}'))
        {
            string key = ParseText();
            Expect(':');
            ref bool twice = ref hasShape;
            if (key == "descr") twice = ref hasType;
            else if (key == "fortran_order") twice = ref hasOrder;
            else if (key != "shape") Fail($"has the unknown key {SafetensorsHeader.Quote(key)} in its header");
            if (twice) Fail($"has {key} twice in its header");
            twice = true;
            if (key == "descr") ParseType();
            else if (key == "fortran_order") IsFortran = ParseTruth();
            else Dimensions = ParseShape();
            if (Take(',')) continue;
            Expect('}');
            break;
        }

        SkipSpaces();
        if (at < text.Length && text[at] == '\n') at++;
        if (at < text.Length) FailSyntax();
        if (!hasType) Fail("has no descr in its header");
        if (!hasOrder) Fail("has no fortran_order in its header");
        if (!hasShape) Fail("has no shape in its header");
    }

    private void ParseType()
    {
        SkipSpaces();
        if (at < text.Length && text[at] is '[' or '(')
            Fail("is a structured array (its type has fields); save each field as an array of its own");
        string descr = ParseText();
        string letters = descr.Length > 1 && descr[0] is '<' or '>' or '|' or '=' ? descr[1..] : descr;
        if (letters.StartsWith('O'))
            Fail("is an array of Python objects (type O), which only running Python code could restore; save numbers");
        int found = Array.FindIndex(types, t => t.Letters == letters);
        if (found < 0) Fail($"has the type {SafetensorsHeader.Quote(descr)}{Meaning(letters)}, which is not supported");
        Type = types[found].Type;
        // Without a sign, or with '=', NumPy means the machine's order, and no machine of the other order writes that.
        IsBigEndian = descr[0] == '>' || (descr[0] is '=' && !BitConverter.IsLittleEndian);
    }

    private static string Meaning(string letters) => letters.Length == 0 ? "" : letters[0] switch
    {
        'c' => " (complex numbers)",
        'U' or 'S' or 'a' => " (texts)",
        'M' or 'm' => " (dates or times)",
        'V' => " (raw bytes)",
        'f' => " (another float)",
        _ => "",
    };

    private long[] ParseShape()
    {
        Span<long> dimensions = stackalloc long[MaxRank];
        int rank = 0;
        Expect('(');
        while (!Take(')'))
        {
            if (rank == MaxRank) Fail($"has more than {MaxRank} dimensions");
            dimensions[rank++] = ParseNumber();
            if (Take(',')) continue;
            if (rank == 1) FailSyntax(); // (3) is a number in brackets, not a tuple
            Expect(')');
            break;
        }

        return dimensions[..rank].ToArray();
    }

    private long ParseNumber()
    {
        SkipSpaces();
        int begin = at;
        while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
        if (!long.TryParse(text.AsSpan(begin, at - begin), out long number))
        {
            if (at == begin) FailSyntax();
            Fail("has a dimension above 2^63-1");
        }

        if (at < text.Length && text[at] == 'L') at++; // Python 2's long
        return number;
    }

    private bool ParseTruth()
    {
        SkipSpaces();
        foreach (bool value in (ReadOnlySpan<bool>)[true, false])
        {
            string word = value ? "True" : "False";
            if (string.CompareOrdinal(text, at, word, 0, word.Length) != 0) continue;
            at += word.Length;
            return value;
        }

        FailSyntax();
        return false;
    }

    private string ParseText()
    {
        SkipSpaces();
        if (at >= text.Length || text[at] is not ('\'' or '"')) FailSyntax();
        int end = text.IndexOf(text[at], at + 1);
        if (end < 0) FailSyntax();
        string value = text[(at + 1)..end];
        if (value.Contains('\\', StringComparison.Ordinal)) FailSyntax();
        at = end + 1;
        return value;
    }

    private void SkipSpaces()
    {
        while (at < text.Length && text[at] == ' ') at++;
    }

    private bool Take(char c)
    {
        SkipSpaces();
        if (at >= text.Length || text[at] != c) return false;
        at++;
        return true;
    }

    private void Expect(char c)
    {
        if (!Take(c)) FailSyntax();
    }

    [DoesNotReturn]
    private void FailSyntax() => Fail($"has a header that is not valid near its byte {at}");

    [DoesNotReturn]
    private void Fail(string what) => reader.File.Fail($"{reader.What} {what}");
}
