namespace Recur.Forecasting;

/// <summary>Seeds <see cref="Rng.Default"/> for a while and gives it back as it was; one at a time in the
/// process.</summary>
internal readonly ref struct LentRng
{
    private static readonly Lock Gate = new();

    private readonly byte[] state;

    public LentRng(ulong seed)
    {
        Gate.Enter();
        state = Rng.Default.GetState();
        Rng.Seed(seed);
    }

    public void Dispose()
    {
        Rng.Default.SetState(state);
        Gate.Exit();
    }
}
