using System.CommandLine;

namespace Recur.Cli.Commands;

/// <summary>Verbs of one subject under one word: <c>recur lm train</c>, <c>recur lm generate</c>. Another verb is one
/// more element of the list.</summary>
internal sealed class VerbGroup : Command
{
    private readonly VerbCommand[] verbs;

    public VerbGroup(string name, string description, params VerbCommand[] verbs) : base(name, description)
    {
        this.verbs = verbs;
        foreach (VerbCommand verb in verbs) Subcommands.Add(verb);
    }

    /// <summary>Command lines that work as they stand, one of each verb.</summary>
    public IEnumerable<string> Examples => verbs.Select(verb => verb.Examples[0]);

    /// <summary>Completes all verbs.</summary>
    public void Attach(ToolStreams streams, CancellationToken cancel)
    {
        foreach (VerbCommand verb in verbs) verb.Attach(streams, cancel);
    }
}
