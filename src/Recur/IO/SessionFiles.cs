using Recur.Nn;

namespace Recur.IO;

/// <summary>The states of streaming sessions as safetensors files with the tensors <c>h</c> and, where there is one,
/// <c>c</c>.</summary>
public static class SessionFiles
{
    /// <summary>Writes the session's states; the file appears complete or not at all.</summary>
    /// <param name="session">The session.</param>
    /// <param name="path">The file; one that exists is replaced.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Save(this RecurrentSession session, string path)
    {
        ArgumentNullException.ThrowIfNull(session);
        Safetensors.Save(path, session.StateDict());
    }

    /// <summary>Sets the session's states from a file; when anything is wrong, they stay as they are.</summary>
    /// <param name="session">A session of the same shapes.</param>
    /// <param name="path">A file by <see cref="Save"/>.</param>
    /// <exception cref="ModelFormatException">The file breaks a rule of the format, a name is missing or unknown, or a
    /// shape
    /// differs.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    public static void Load(this RecurrentSession session, string path)
    {
        ArgumentNullException.ThrowIfNull(session);
        OrderedDictionary<string, Tensor> state = Safetensors.Load(path);
        try
        {
            session.LoadStateDict(state, Path.GetFileName(path));
        }
        catch (ArgumentException e)
        {
            throw new ModelFormatException(e.Message, e);
        }
    }
}
