using System.Text.Json;

namespace Recur.Text;

/// <summary>A vocabulary as JSON: alone in a file, or inside the metadata of a model's.</summary>
/// <remarks><c>{"tokens": ["&lt;unk&gt;", "the", ...], "counts": [12, 345, ...], "specials": 1, "unknown": "&lt;unk&gt;"}</c>;
/// <c>unknown</c> is left out when there is none.</remarks>
internal static class VocabularyJson
{
    public static void Write(Utf8JsonWriter json, string[] tokens, long[] counts, int specialCount, string? unknown)
    {
        json.WriteStartObject();
        json.WriteStartArray("tokens");
        foreach (string token in tokens) json.WriteStringValue(token);
        json.WriteEndArray();
        json.WriteStartArray("counts");
        foreach (long count in counts) json.WriteNumberValue(count);
        json.WriteEndArray();
        json.WriteNumber("specials", specialCount);
        if (unknown is not null) json.WriteString("unknown", unknown);
        json.WriteEndObject();
    }

    /// <summary>Reads from the start of the object to its end.</summary>
    /// <exception cref="JsonException">The JSON is damaged or something else.</exception>
    public static Vocabulary Read(ref Utf8JsonReader json)
    {
        if (json.TokenType != JsonTokenType.StartObject) throw new JsonException("a JSON object is expected.");
        List<string>? tokens = null;
        List<long>? counts = null;
        int? specials = null;
        string? unknown = null;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            string name = json.GetString()!;
            json.Read();
            switch (name)
            {
                case "tokens":
                    tokens = [];
                    ExpectArray(ref json, name);
                    while (json.Read() && json.TokenType != JsonTokenType.EndArray)
                        tokens.Add(json.GetString() ?? throw new JsonException("a token is null."));
                    break;
                case "counts":
                    counts = [];
                    ExpectArray(ref json, name);
                    while (json.Read() && json.TokenType != JsonTokenType.EndArray) counts.Add(json.GetInt64());
                    break;
                case "specials":
                    specials = json.GetInt32();
                    break;
                case "unknown":
                    unknown = json.GetString();
                    break;
                default:
                    throw new JsonException($"the property \"{name}\" is not one of a vocabulary.");
            }
        }

        if (tokens is null || counts is null || specials is null)
            throw new JsonException("tokens, counts or specials is missing.");
        if (counts.Count != tokens.Count)
            throw new JsonException($"there are {tokens.Count} tokens but {counts.Count} counts.");
        if (counts.Exists(count => count < 0)) throw new JsonException("a count is negative.");
        if (specials < 0 || specials > tokens.Count)
            throw new JsonException($"specials must be from 0 to {tokens.Count} but is {specials}.");
        if (unknown is not null && !tokens.Contains(unknown))
            throw new JsonException("the unknown token is not among the tokens.");
        return Vocabulary.FromParts([.. tokens], [.. counts], specials.Value, unknown);
    }

    private static void ExpectArray(ref Utf8JsonReader json, string name)
    {
        if (json.TokenType != JsonTokenType.StartArray) throw new JsonException($"{name} must be an array.");
    }
}
