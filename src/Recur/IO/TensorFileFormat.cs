namespace Recur.IO;

/// <summary>The formats of files that hold tensors.</summary>
public enum TensorFileFormat
{
    /// <summary>safetensors: <see cref="IO.Safetensors"/>.</summary>
    Safetensors,

    /// <summary>PyTorch's .pt and .pth: <see cref="TorchFile"/>.</summary>
    Torch,

    /// <summary>One NumPy array: <see cref="IO.Npy"/>.</summary>
    Npy,

    /// <summary>Named NumPy arrays: <see cref="IO.Npz"/>.</summary>
    Npz,
}

/// <summary>Names and signs of the formats.</summary>
internal static class TensorFileFormats
{
    private static readonly (string Extension, TensorFileFormat Format)[] extensions =
    [
        (".safetensors", TensorFileFormat.Safetensors), (".pt", TensorFileFormat.Torch),
        (".pth", TensorFileFormat.Torch), (".npy", TensorFileFormat.Npy), (".npz", TensorFileFormat.Npz),
    ];

    /// <summary>What a file is: by its content, and by its extension when the content says nothing.</summary>
    public static TensorFileFormat Recognise(FileBytes file)
    {
        const int jsonAt = 8; // a safetensors file begins with the header's length and the header's {
        Span<byte> start = stackalloc byte[jsonAt + 1];
        int length = (int)Math.Min(start.Length, file.Length);
        file.Read(0, start[..length]);
        start = start[..length];
        if (length > jsonAt && start[jsonAt] == '{'
            && System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(start) <= SafetensorsHeader.MaxLength)
            return TensorFileFormat.Safetensors;
        if (start.StartsWith(NpyHeader.Magic)) return TensorFileFormat.Npy;
        TensorFileFormat? named = ByExtension(file.Name);
        if (start.StartsWith("PK\u0003\u0004"u8))
            return ZipDirectory.Read(file).Entries.Any(IsPickle) ? TensorFileFormat.Torch
                : named == TensorFileFormat.Torch ? TensorFileFormat.Torch : TensorFileFormat.Npz;
        if (start.StartsWith("PK\u0005\u0006"u8)) return TensorFileFormat.Npz; // an archive without entries
        if (length > 0 && start[0] == 0x80 && named != TensorFileFormat.Safetensors) return TensorFileFormat.Torch;
        return named ?? TensorFileFormat.Safetensors;

        static bool IsPickle(ZipEntry entry) => entry.Name.EndsWith("/data.pkl", StringComparison.Ordinal);
    }

    /// <summary>The format an extension stands for; null for another one.</summary>
    public static TensorFileFormat? ByExtension(string path)
    {
        string extension = Path.GetExtension(path);
        foreach ((string known, TensorFileFormat format) in extensions)
            if (extension.Equals(known, StringComparison.OrdinalIgnoreCase)) return format;
        return null;
    }

    /// <summary>The format of a file to write.</summary>
    public static TensorFileFormat OfOutput(string path) => ByExtension(path) ?? throw new ArgumentException(
        $"{path}: the extension must be .safetensors, .pt, .pth, .npy or .npz, so that the format is known.");
}
