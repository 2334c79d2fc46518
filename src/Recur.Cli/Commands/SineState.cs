namespace Recur.Cli.Commands;

/// <summary>Where the hidden state at the start of a window comes from.</summary>
internal enum SineState
{
    /// <summary>It is zero.</summary>
    Zero,

    /// <summary>It is the last state of the window before, as in the tutorial.</summary>
    Carry,
}
