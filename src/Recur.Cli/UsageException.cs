namespace Recur.Cli;

/// <summary>The command line asks for something that cannot be; the text is one sentence.</summary>
internal sealed class UsageException(string message) : Exception(message);
