namespace Recur.Optim;

/// <summary>Multiplies the rate in every step by a function of it; as <see
/// href="https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiplicativeLR.html">
/// MultiplicativeLR</see>.</summary>
/// <remarks><code>rateₜ = rateₜ₋₁ · f(t), t ≥ 1</code>The function should depend on nothing but t, so that a resumed
/// run goes on in the same way.</remarks>
public sealed class MultiplicativeLR : LRScheduler
{
    private readonly Func<long, double>[] functions;

    /// <summary>Begins the schedule.</summary>
    /// <param name="optimizer">Whose rates are changed.</param>
    /// <param name="function">The factor of every group at a step, 1 at first.</param>
    public MultiplicativeLR(Optimizer optimizer, Func<long, double> function)
        : this(optimizer, [.. Enumerable.Repeat(function, optimizer?.Groups.Count ?? 1)])
    {
    }

    /// <summary>Begins the schedule.</summary>
    /// <param name="optimizer">Whose rates are changed.</param>
    /// <param name="functions">One function per group.</param>
    /// <exception cref="ArgumentException">There are not as many functions as groups.</exception>
    public MultiplicativeLR(Optimizer optimizer, IReadOnlyList<Func<long, double>> functions) : base(optimizer)
    {
        this.functions = CheckFunctions(functions);
        Begin();
    }

    /// <inheritdoc/>
    protected override double GetLearningRate(int group) =>
        LastEpoch == 0 ? CurrentRate(group) : CurrentRate(group) * functions[group](LastEpoch);

    // In the middle of a run it goes on from the rate it finds, as PyTorch's does.
    private protected override bool ResetsRates => false;
}
