using Recur.Kernels;

namespace Recur.Tests;

/// <summary>Tests that change the vector width of the process, or measure its memory: nothing else runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
[System.Diagnostics.CodeAnalysis.SuppressMessage("Naming", "CA1711", Justification = "xunit's term.")]
public sealed class IsaSweep
{
    public const string Name = "Vector widths";

    /// <summary>Runs the body once with every width that this processor has.</summary>
    internal static void ForEach(Action<IsaLevel> body)
    {
        IsaLevel former = Isa.Current;
        try
        {
            foreach (IsaLevel level in Isa.Available)
            {
                Isa.Current = level;
                body(level);
            }
        }
        finally
        {
            Isa.Current = former;
        }
    }
}
