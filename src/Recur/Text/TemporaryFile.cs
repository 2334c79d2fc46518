using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Recur.Text;

/// <summary>Files that vanish with their handle or the process.</summary>
internal static class TemporaryFile
{
    /// <summary>Creates one.</summary>
    /// <param name="folder">Where; the system's folder for temporary files when null.</param>
    /// <param name="extension">Says what it is while it has a name.</param>
    public static SafeFileHandle Create(string? folder, string extension)
    {
        string path = Path.Combine(folder ?? Path.GetTempPath(), $"recur-{Guid.NewGuid():N}.{extension}");
        SafeFileHandle handle = File.OpenHandle(
            path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Delete, FileOptions.DeleteOnClose);
        // Without a name the file vanishes with the process even if that is killed; Windows does not allow it.
        if (!OperatingSystem.IsWindows()) File.Delete(path);
        return handle;
    }

    /// <summary>Writes values at a place counted in values.</summary>
    public static void Write<T>(SafeFileHandle file, ReadOnlySpan<T> values, long index) where T : unmanaged =>
        RandomAccess.Write(file, MemoryMarshal.AsBytes(values), index * Unsafe.SizeOf<T>());

    /// <summary>Reads as many values as there is room for, from a place counted in values.</summary>
    /// <exception cref="IOException">The file is shorter.</exception>
    public static void Read<T>(SafeFileHandle file, Span<T> values, long index) where T : unmanaged
    {
        Span<byte> bytes = MemoryMarshal.AsBytes(values);
        long start = index * Unsafe.SizeOf<T>();
        for (int done = 0; done < bytes.Length;)
        {
            int read = RandomAccess.Read(file, bytes[done..], start + done);
            if (read == 0) throw new IOException("A temporary file has been cut short by another program.");
            done += read;
        }
    }
}
