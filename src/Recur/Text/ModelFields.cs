using System.Text.Json;
using Recur.IO;

namespace Recur.Text;

/// <summary>What the safetensors files of word models have in common.</summary>
/// <remarks>What is wrong in a file is an <see cref="ArgumentException"/>; whoever reads it adds the file's
/// name.</remarks>
internal static class ModelFields
{
    public static byte[] VocabularyBytes(Vocabulary vocabulary)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream)) vocabulary.WriteTo(json);
        return stream.ToArray();
    }

    public static Vocabulary ReadVocabulary(SafetensorsFile file)
    {
        var json = new Utf8JsonReader(file.ReadBytes("vocabulary"));
        json.Read();
        return VocabularyJson.Read(ref json);
    }

    /// <summary>Before memory for a table is taken, the file must be seen to have it.</summary>
    public static void CheckShape(SafetensorsFile file, string name, params long[] shape)
    {
        SafetensorsEntry entry = file[name];
        if (entry.DataType != SafetensorsDataType.F32 || !entry.Dimensions.SequenceEqual(shape))
            throw new ArgumentException(
                $"{name} must be F32 [{string.Join(", ", shape)}] but is {entry.DataType} " +
                $"[{string.Join(", ", entry.Dimensions)}].");
    }

    public static long Whole(SafetensorsFile file, string name, long least, long most)
    {
        long[] values = file.ReadInt64(name);
        if (values.Length != 1 || values[0] < least || values[0] > most)
            throw new ArgumentException(
                $"{name} must be one number in {least}..{most} but was {string.Join(", ", values.Take(3))}.");
        return values[0];
    }

    public static double Number(SafetensorsFile file, string name)
    {
        double[] values = file.ReadDouble(name);
        return values.Length == 1
            ? values[0] : throw new ArgumentException($"{name} must be one number but has {values.Length}.");
    }
}
