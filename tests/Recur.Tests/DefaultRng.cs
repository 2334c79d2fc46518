namespace Recur.Tests;

internal static class DefaultRng
{
    /// <summary>Makes something whose first values come from <c>torch.manual_seed(seed)</c>; only in <see cref="AloneCollection"/>.</summary>
    public static T Seeded<T>(ulong seed, Func<T> make)
    {
        Rng.Seed(seed);
        return make();
    }
}
