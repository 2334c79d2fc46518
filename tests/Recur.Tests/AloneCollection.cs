namespace Recur.Tests;

/// <summary>Tests that set something of the whole process (<c>Isa.Current</c>, the number of threads, the seed of
/// <c>Rng.Default</c>) or measure its memory: each runs alone.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "Alone";
}
