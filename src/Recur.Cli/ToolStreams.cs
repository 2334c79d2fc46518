namespace Recur.Cli;

/// <summary>Where the tool writes; tests hand in writers of their own.</summary>
/// <param name="Out">Results.</param>
/// <param name="Error">Errors, notes and progress.</param>
/// <param name="OutIsTerminal">Whether a person sees <paramref name="Out"/>: colours and boxes, else plain
/// text.</param>
/// <param name="ErrorIsTerminal">Whether a person sees <paramref name="Error"/>: a moving bar, else plain
/// lines.</param>
internal sealed record ToolStreams(TextWriter Out, TextWriter Error, bool OutIsTerminal, bool ErrorIsTerminal)
{
    /// <summary>The width of text that is not written to a terminal, in columns.</summary>
    public const int RedirectedWidth = 100;

    public int Width => OutIsTerminal ? Math.Max(40, Console.WindowWidth) : RedirectedWidth;

    public static ToolStreams OfTheProcess() =>
        new(Console.Out, Console.Error, !Console.IsOutputRedirected, !Console.IsErrorRedirected);
}
