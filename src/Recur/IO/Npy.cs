namespace Recur.IO;

/// <summary>Saves and loads one tensor as <c>.npy</c>, the format of <c>numpy.save</c>.</summary>
/// <remarks>
/// <code>
/// Npy.Save("sine.npy", x);              # Python: numpy.load("sine.npy")
/// Tensor y = Npy.Load("target.npy");
/// </code>
/// Read: versions 1.0, 2.0 and 3.0, C and Fortran order, little and big endian; f2, f4, f8, i1 to i8, u1 to u8 and bool.
/// Refused by name: objects (they would need Python to run), structured, complex, text and date arrays. Written:
/// version 1.0, C order, little endian. Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
/// </remarks>
public static class Npy
{
    /// <summary>Loads an array as float32.</summary>
    /// <remarks>f4 comes bit for bit, f8 is rounded, f2 is exact; integers and truth values must be exact in
    /// float32.</remarks>
    /// <exception cref="ModelFormatException">The file breaks a rule of the format, or holds what a float32 tensor
    /// cannot.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    public static Tensor Load(string path)
    {
        using var file = FileBytes.Open(path);
        return Load(file);
    }

    /// <summary>Loads an array from a stream that can seek.</summary>
    /// <param name="stream">The file, from the stream's position to its end.</param>
    /// <param name="name">What error texts call it.</param>
    /// <exception cref="ModelFormatException">The file breaks a rule of the format, or holds what a float32 tensor
    /// cannot.</exception>
    public static Tensor Load(Stream stream, string name)
    {
        using var file = new FileBytes(stream, name, leaveOpen: true);
        return Load(file);
    }

    /// <summary>Writes a tensor as f4; the file appears complete or not at all (<see cref="AtomicFile"/>).</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Save(string path, Tensor tensor) => AtomicFile.Write(path, stream => Save(stream, tensor));

    /// <summary>Writes a tensor to a stream.</summary>
    public static void Save(Stream stream, Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(stream);
        Write(stream.Write, FileTensor.Of("", tensor));
    }

    internal static void Write(Action<ReadOnlySpan<byte>> write, FileTensor tensor)
    {
        write(NpyHeader.Write(tensor.Type, tensor.Dimensions));
        tensor.Write(write);
    }

    internal static ByteReader Reader(FileBytes file) => new RangeReader(file, "the array", 0, file.Length);

    private static Tensor Load(FileBytes file) => NpyData.ReadTensor(Reader(file), "the array");
}
