using System.Diagnostics;

namespace Recur.IO;

/// <summary>Writes files that appear complete or not at all, whatever happens meanwhile.</summary>
public static class AtomicFile
{
    private const int BufferSize = 1 << 16;

    /// <summary>Writes a file aside, flushes it to the disk and renames it over the target.</summary>
    /// <remarks>
    /// <para>When <paramref name="write"/> throws, or the process is killed at any moment, the target keeps its former
    /// content. The content is written to <c>.NAME.PID.tmp</c> in the target's folder; the file a killed process left
    /// behind under such a name is removed by the next write to the same target. .NET offers no way to flush a folder,
    /// so after a power cut (not after a crash of the process) the former content may be back.</para>
    /// <para>A symbolic link is followed, and the permissions of a file that is replaced are kept. A device such as
    /// <c>/dev/stdout</c> is written directly.</para>
    /// <code>
    /// AtomicFile.Write("forecast.csv", stream =>
    /// {
    ///     using var text = new StreamWriter(stream);
    ///     text.WriteLine("date,value");
    /// });
    /// </code>
    /// </remarks>
    /// <param name="path">The target; its folder must exist.</param>
    /// <param name="write">Writes the content; what it throws is passed on.</param>
    /// <exception cref="IOException">The target is a directory or read-only, its folder does not exist or may not be
    /// written, the disk is full, or the same process is writing the same target already.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(write);
        if (IsDevice(path))
        {
            WriteDirectly(path, write);
            return;
        }

        string target = Resolve(path);
        string folder = Path.GetDirectoryName(target)!;
        string name = Path.GetFileName(target);
        if (Directory.Exists(target)) throw new IOException($"{path}: is a directory, not a file.");
        if (!Directory.Exists(folder))
            throw new DirectoryNotFoundException($"{path}: the folder {folder} does not exist.");
        var old = new FileInfo(target);
        if (old.Exists && old.IsReadOnly) throw new IOException($"{path}: the file is read-only.");
        DeleteLeftovers(folder, name);

        string temporary = Path.Combine(folder, $".{name}.{Environment.ProcessId}.tmp");
        FileStream stream = Create(path, temporary);
        try
        {
            using (stream)
            {
                write(stream);
                if (stream.CanWrite) stream.Flush(flushToDisk: true);
                else FlushAgain(temporary);
            }

            if (old.Exists && !OperatingSystem.IsWindows()) File.SetUnixFileMode(temporary, old.UnixFileMode);
            File.Move(temporary, target, overwrite: true);
        }
        catch (Exception e)
        {
            TryDelete(temporary);
            if (e is IOException && IsDiskFull(e))
                throw new IOException($"{path}: cannot be written: the disk is full.", e);
            if (e is UnauthorizedAccessException)
                throw new IOException($"{path}: cannot be written: access is denied.", e);
            throw;
        }
    }

    /// <summary>For a writer that closed the stream, as a StreamWriter does: what is flushed is the file, not the
    /// handle.</summary>
    private static void FlushAgain(string temporary)
    {
        using var stream = new FileStream(temporary, FileMode.Open, FileAccess.Write, FileShare.None, bufferSize: 1);
        stream.Flush(flushToDisk: true);
    }

    private static FileStream Create(string path, string temporary)
    {
        try
        {
            // FileShare.None locks the file (flock on Unix): that is how DeleteLeftovers sees that it is in use.
            return new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, BufferSize);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"{path}: cannot be written: access to the folder is denied.", e);
        }
        catch (IOException e)
        {
            throw new IOException($"{path}: cannot be written: {Reason(e, temporary)}.", e);
        }
    }

    private static void WriteDirectly(string path, Action<Stream> write)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, BufferSize);
            write(stream);
        }
        catch (IOException e) when (IsDiskFull(e))
        {
            throw new IOException($"{path}: cannot be written: the disk is full.", e);
        }
    }

    /// <summary>Renaming over a device would replace it by a file: for root, that is the end of /dev/null.</summary>
    private static bool IsDevice(string path)
    {
        string full = Path.GetFullPath(path);
        return !OperatingSystem.IsWindows() && File.Exists(full) && (StartsWith("/dev/") || StartsWith("/proc/"))
            && !StartsWith("/dev/shm/"); // a normal file system in memory

        bool StartsWith(string folder) => full.StartsWith(folder, StringComparison.Ordinal);
    }

    private static string Resolve(string path)
    {
        string full = Path.GetFullPath(path);
        try
        {
            return File.ResolveLinkTarget(full, returnFinalTarget: true)?.FullName ?? full;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException
            or UnauthorizedAccessException)
        {
            return full; // no link; a folder that is missing or closed is reported by the caller
        }
    }

    private static void DeleteLeftovers(string folder, string name)
    {
        try
        {
            foreach (string file in Directory.EnumerateFiles(folder, $".{name}.*.tmp"))
            {
                ReadOnlySpan<char> middle = Path.GetFileName(file.AsSpan());
                middle = middle[Math.Min(name.Length + 2, middle.Length)..];
                middle = middle.EndsWith(".tmp", StringComparison.Ordinal) ? middle[..^4] : [];
                if (!int.TryParse(middle, out int process) || process == Environment.ProcessId) continue;
                if (IsRunning(process)) continue;
                // A process in another container has a number of its own, but its lock is seen.
                try
                {
                    using (new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None)) { }
                    File.Delete(file);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    // In use, or not ours: it disturbs nobody.
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A folder that may be written but not listed.
        }
    }

    private static bool IsRunning(int process)
    {
        try
        {
            using var p = Process.GetProcessById(process);
            return !p.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return true; // it exists, but we may not ask about it
        }
    }

    private static void TryDelete(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The first error matters more; the next write to the target tries again.
        }
    }

    private static bool IsDiskFull(Exception e)
    {
        const int windowsDiskFull = unchecked((int)0x80070070), unixNoSpace = 28; // ERROR_DISK_FULL, ENOSPC
        return e.HResult is windowsDiskFull or unixNoSpace;
    }

    /// <summary>The system's words without its own mention of the temporary file.</summary>
    private static string Reason(IOException e, string temporary)
    {
        string text = e.Message.Replace($" : '{temporary}'", "", StringComparison.Ordinal)
            .Replace($"'{temporary}'", "it", StringComparison.Ordinal).TrimEnd('.');
        return text.Length == 0 ? "unknown reason" : char.ToLowerInvariant(text[0]) + text[1..];
    }
}
