namespace Recur.IO;

/// <summary>A model file does not follow its format, or does not hold what was asked of it; the text is one sentence
/// that starts with the file's name.</summary>
/// <remarks>It is an <see cref="IOException"/>, so that one catch clause covers everything that can go wrong while a
/// file is read.</remarks>
public sealed class ModelFormatException : IOException
{
    /// <summary>An error without details.</summary>
    public ModelFormatException() : this("The model file is damaged or has another format.") { }

    /// <summary>An error with a text of its own.</summary>
    public ModelFormatException(string message) : base(message) { }

    /// <summary>An error with a text of its own and its cause.</summary>
    public ModelFormatException(string message, Exception innerException) : base(message, innerException) { }
}
