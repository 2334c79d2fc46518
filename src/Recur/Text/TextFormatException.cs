namespace Recur.Text;

/// <summary>A text is not what it must be: not UTF-8, without tokens, or with a token of absurd length. The message is
/// one sentence that starts with the file and, where it is known, the line: <c>corpus.txt(12): ...</c>.</summary>
/// <remarks>It is an <see cref="IOException"/>, so that one catch clause covers everything that can go wrong while a
/// file is read.</remarks>
public sealed class TextFormatException : IOException
{
    /// <summary>An error without details.</summary>
    public TextFormatException() : this("The text is damaged or has another encoding than UTF-8.") { }

    /// <summary>An error with a text of its own.</summary>
    public TextFormatException(string message) : base(message) { }

    /// <summary>An error with a text of its own and its cause.</summary>
    public TextFormatException(string message, Exception innerException) : base(message, innerException) { }
}
