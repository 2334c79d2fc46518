namespace Recur.ParityTests;

/// <summary>Tests that seed <see cref="Rng.Default"/>, from which every new module draws: each runs alone.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "Alone";
}
