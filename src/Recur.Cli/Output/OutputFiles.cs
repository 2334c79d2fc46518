using Recur.Training;

namespace Recur.Cli.Output;

/// <summary>Checks before the work, so that a wrong output name does not cost a training run.</summary>
internal static class OutputFiles
{
    /// <summary>Fails when a file of this name can surely not be written.</summary>
    public static void CheckWritable(params ReadOnlySpan<string> paths)
    {
        foreach (string path in paths)
        {
            if (string.IsNullOrWhiteSpace(path)) throw new UsageException("the name of an output file is empty.");
            if (Directory.Exists(path)) throw new IOException($"{path}: is a directory, not a file.");
            string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
            if (!Directory.Exists(folder)) throw new IOException($"{path}: the folder {folder} does not exist.");
            CheckFolder(path, folder);
        }

        for (int i = 0; i < paths.Length; i++)
            for (int j = 0; j < i; j++)
                if (Path.GetFullPath(paths[i]) == Path.GetFullPath(paths[j]))
                    throw new UsageException($"two outputs have the same name {paths[i]}.");
    }

    /// <summary>Fails when an output would replace the input.</summary>
    public static void CheckNotInput(string input, params ReadOnlySpan<string?> outputs)
    {
        foreach (string? output in outputs)
            if (output is { Length: > 0 } && Path.GetFullPath(output) == Path.GetFullPath(input))
                throw new UsageException($"the output {output} would replace the input.");
    }

    /// <summary>Opens the log of a training, which must be another file than what it writes besides.</summary>
    /// <returns>Null when no log is asked for.</returns>
    public static ITrainingLog? OpenLog(string? log, string model, string? checkpoint)
    {
        if (log is null) return null;
        if (log.Length == 0) throw new UsageException("the name of the log is empty.");
        string full = Path.GetFullPath(log);
        if (full == Path.GetFullPath(model) || (checkpoint is not null && full == Path.GetFullPath(checkpoint)))
            throw new UsageException($"two outputs have the same name {log}.");
        if (TrainingLogs.IsFile(log)) CheckWritable(log);
        return TrainingLogs.Open(log);
    }

    /// <summary>.NET cannot ask whether a folder may be written; an empty file that deletes itself can.</summary>
    private static void CheckFolder(string path, string folder)
    {
        if (folder == "/dev") return;
        try
        {
            string probe = Path.Combine(folder, $".recur-probe.{Environment.ProcessId}.{Guid.NewGuid():N}");
            using var stream = new FileStream(
                probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new IOException($"{path}: cannot be written: the folder {folder} does not accept new files.", e);
        }
    }
}
