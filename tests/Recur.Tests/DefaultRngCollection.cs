namespace Recur.Tests;

/// <summary>Tests that hold a whole run to the stream of Rng.Default: nothing else runs beside them, because every module that is
/// created, and every dropout, draws from that stream.</summary>
[CollectionDefinition(nameof(DefaultRngCollection), DisableParallelization = true)]
public sealed class DefaultRngCollection;
