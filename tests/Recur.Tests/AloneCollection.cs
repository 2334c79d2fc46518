namespace Recur.Tests;

/// <summary>Tests that set something of the whole process, <c>Isa.Current</c> or the seed of <c>Rng.Default</c>: each runs alone.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "Alone";
}
