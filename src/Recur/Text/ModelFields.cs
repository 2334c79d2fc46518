using System.Text.Json;
using Recur.IO;

namespace Recur.Text;

/// <summary>What the safetensors files of word models have in common.</summary>
/// <remarks>What is wrong in a file is an <see cref="ArgumentException"/>; whoever reads it adds the file's
/// name.</remarks>
internal static class ModelFields
{
    /// <summary>Reads a file of one kind of model; whatever is wrong with it is one sentence that begins with its
    /// name.</summary>
    /// <param name="path">The file.</param>
    /// <param name="kind">What the model is called in sentences.</param>
    /// <param name="versionKey">Where its version stands in the metadata.</param>
    /// <param name="version">The version that is known.</param>
    /// <param name="read">Makes the model.</param>
    public static T Load<T>(
        string path, string kind, string versionKey, string version, Func<SafetensorsFile, T> read)
    {
        using var file = SafetensorsFile.Open(path);
        if (!file.Metadata.TryGetValue(versionKey, out string? found))
            throw new ModelFormatException(
                $"{file.FileName}: this is no {kind} model (there is no {versionKey} in its metadata).");
        if (found != version)
            throw new ModelFormatException(
                $"{file.FileName}: the {kind} model has version {found} but this program knows version {version}.");
        try
        {
            return read(file);
        }
        catch (Exception e) when (e is ArgumentException or JsonException or InvalidOperationException
            or FormatException or OverflowException)
        {
            throw new ModelFormatException($"{file.FileName}: {e.Message}", e);
        }
    }

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
