namespace Recur.Tests;

/// <summary>Tests run in parallel and Rng.Default is shared: a test whose values depend on its seed holds this lock.</summary>
internal static class DefaultRng
{
    public static readonly Lock Lock = new();

    /// <summary>Makes something whose first values come from <c>torch.manual_seed(seed)</c>.</summary>
    public static T Seeded<T>(ulong seed, Func<T> make)
    {
        lock (Lock)
        {
            Rng.Seed(seed);
            return make();
        }
    }
}
