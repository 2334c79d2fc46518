using System.Buffers;
using System.Globalization;
using System.Text;

namespace Recur.Forecasting;

/// <summary>Small questions about the text of a CSV file.</summary>
internal static class CsvText
{
    private const int LongestQuotation = 40;
    private const int SampledCharacters = 1 << 16;
    private const int SampledLines = 50;

    // A comma may also be a decimal comma or stand in text, so it comes last.
    private static readonly char[] Delimiters = ['\t', ';', '|', ','];

    private static readonly HashSet<string> MissingWords =
        new(StringComparer.OrdinalIgnoreCase)
        { "", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", "--", "?", ".", "missing" };

    public static bool IsMissing(ReadOnlySpan<char> field) =>
        field.Length <= 7 &&
        (MissingWords.Contains(field.ToString()) ||
         field.Trim("+-").StartsWith("inf", StringComparison.OrdinalIgnoreCase));

    public static bool TryParse(ReadOnlySpan<char> field, bool decimalComma, out double value)
    {
        if (!decimalComma)
            return TryParse(field, out value);
        value = 0;
        const int longestNumber = 64;
        if (field.Length > longestNumber) return false;
        Span<char> text = stackalloc char[field.Length];
        field.Replace(text, ',', '.');
        return TryParse(text, out value);
    }

    private static bool TryParse(ReadOnlySpan<char> text, out double value) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);

    /// <summary>The field as it shall stand in an error: on one line, in quotes, not too long.</summary>
    public static string Quote(string field)
    {
        string text =
            field.Length <= LongestQuotation ? field : string.Concat(field.AsSpan(0, LongestQuotation), "...");
        return '"' + text.ReplaceLineEndings(" ") + '"';
    }

    /// <summary>The delimiter that divides every sampled line into the same number of fields; a comma when none
    /// does.</summary>
    public static char FindDelimiter(string path)
    {
        List<string> lines = SampleLines(path);
        char best = ',';
        double bestShare = 0;
        foreach (char delimiter in Delimiters)
        {
            int[] counts = [.. lines.Select(line => CountOutsideQuotes(line, delimiter))];
            if (counts.Length == 0 || counts[0] == 0) continue;
            double share = counts.Count(c => c == counts[0]) / (double)counts.Length;
            if (share <= bestShare) continue;
            bestShare = share;
            best = delimiter;
        }

        return best;
    }

    private static List<string> SampleLines(string path)
    {
        char[] buffer = ArrayPool<char>.Shared.Rent(SampledCharacters);
        try
        {
            using StreamReader reader = CsvLines.OpenText(path);
            int length = reader.ReadBlock(buffer, 0, SampledCharacters);
            var lines = new List<string>();
            foreach (ReadOnlySpan<char> line in buffer.AsSpan(0, length).EnumerateLines())
            {
                if (lines.Count > SampledLines) break;
                if (!line.IsWhiteSpace()) lines.Add(line.ToString());
            }

            if (length == SampledCharacters && lines.Count > 1 && lines.Count <= SampledLines)
                lines.RemoveAt(lines.Count - 1); // cut off
            return lines;
        }
        catch (DecoderFallbackException e)
        {
            throw NotUtf8(path, e);
        }
        catch (Exception e) when (e is IOException and not CsvException or UnauthorizedAccessException)
        {
            throw new CsvException(path, 0, null, $"the file cannot be read: {e.Message}", e);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(buffer);
        }
    }

    private static int CountOutsideQuotes(string line, char delimiter)
    {
        int count = 0;
        bool quoted = false;
        foreach (char c in line)
        {
            if (c == '"') quoted = !quoted;
            else if (c == delimiter && !quoted) count++;
        }

        return count;
    }

    /// <summary>The error for bytes that are no UTF-8 text; looks for their line.</summary>
    public static CsvException NotUtf8(string path, Exception cause)
    {
        int line = 1;
        ReadOnlySpan<byte> bytes = File.ReadAllBytes(path);
        while (!bytes.IsEmpty && Rune.DecodeFromUtf8(bytes, out Rune rune, out int used) == OperationStatus.Done)
        {
            if (rune.Value == '\n') line++;
            bytes = bytes[used..];
        }

        return new CsvException(path, line, null, "there are bytes that are not UTF-8 text; save the file as UTF-8.",
            cause);
    }
}
