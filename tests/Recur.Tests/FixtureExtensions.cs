using System.Text.Json;

namespace Recur.Tests;

/// <summary>Short ways to read fixtures and to compare with them.</summary>
internal static class FixtureExtensions
{
    public static float[] Floats(this JsonElement element) => [.. element.EnumerateArray().Select(v => v.GetSingle())];

    public static float[] Floats(this JsonElement element, string name) => element.GetProperty(name).Floats();

    public static int[] Ints(this JsonElement element, string name) =>
        [.. element.GetProperty(name).EnumerateArray().Select(v => v.GetInt32())];

    public static int Int(this JsonElement element, string name) => element.GetProperty(name).GetInt32();

    /// <summary>Fails with the first place where the values differ by more than <paramref name="tolerance"/> of the
    /// largest magnitude.</summary>
    public static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double tolerance,
        string what)
    {
        Assert.True(
            expected.Length == actual.Length, $"{what}: {expected.Length} values expected but {actual.Length} came.");
        double magnitude = 0;
        foreach (float e in expected) magnitude = Math.Max(magnitude, Math.Abs(e));
        for (int i = 0; i < expected.Length; i++)
        {
            double difference = Math.Abs((double)expected[i] - actual[i]);
            Assert.True(
                difference <= tolerance * magnitude, $"{what}[{i}]: {expected[i]:R} expected but {actual[i]:R} came.");
        }
    }
}
