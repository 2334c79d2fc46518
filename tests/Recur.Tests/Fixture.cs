using System.Text.Json;

namespace Recur.Tests;

/// <summary>The JSON files under Fixtures; each is made by the make_*.py script of the same name.</summary>
internal static class Fixture
{
    /// <summary>Opens a fixture by its file name, such as <c>foo.json</c>.</summary>
    public static JsonDocument Open(string name)
    {
        using Stream stream = typeof(Fixture).Assembly.GetManifestResourceStream(name)
            ?? throw new FileNotFoundException($"There is no fixture {name}.");
        return JsonDocument.Parse(stream);
    }

    /// <summary>The bytes of a fixture that is no JSON, such as <c>adam.pt</c>.</summary>
    public static byte[] Bytes(string name)
    {
        using Stream stream = typeof(Fixture).Assembly.GetManifestResourceStream(name)
            ?? throw new FileNotFoundException($"There is no fixture {name}.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
