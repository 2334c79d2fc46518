using System.Text.Json;

namespace Recur.Benchmarks.Results;

/// <summary>Files with one JSON object per line.</summary>
internal static class JsonLines
{
    /// <exception cref="InvalidDataException">A line is no JSON, or lacks something; file and line are
    /// named.</exception>
    public static IEnumerable<T> Read<T>(string file, Func<JsonElement, T> parse)
    {
        int number = 0;
        foreach (string line in File.ReadLines(file))
        {
            number++;
            if (line.Length == 0) continue;
            T item;
            try
            {
                using var document = JsonDocument.Parse(line);
                item = parse(document.RootElement);
            }
            catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
            {
                throw new InvalidDataException($"{file}, line {number}: {e.Message}", e);
            }

            yield return item;
        }
    }
}
