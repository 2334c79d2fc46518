namespace Recur.Optim;

/// <summary>Multiplies the base rate by a function of the step; as <see
/// href="https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LambdaLR.html">LambdaLR</see>.</summary>
/// <remarks><code>rateₜ = base rate · f(t)</code>The function should depend on nothing but t, so that a resumed run
/// goes on in the same way.</remarks>
public sealed class LambdaLR : LRScheduler
{
    private readonly Func<long, double>[] functions;

    /// <summary>Begins the schedule.</summary>
    /// <param name="optimizer">Whose rates are changed.</param>
    /// <param name="function">The factor of every group at a step, 0 at first.</param>
    public LambdaLR(Optimizer optimizer, Func<long, double> function)
        : this(optimizer, [.. Enumerable.Repeat(function, optimizer?.Groups.Count ?? 1)])
    {
    }

    /// <summary>Begins the schedule.</summary>
    /// <param name="optimizer">Whose rates are changed.</param>
    /// <param name="functions">One function per group.</param>
    /// <exception cref="ArgumentException">There are not as many functions as groups.</exception>
    public LambdaLR(Optimizer optimizer, IReadOnlyList<Func<long, double>> functions) : base(optimizer)
    {
        this.functions = CheckFunctions(functions);
        Begin();
    }

    /// <inheritdoc/>
    protected override double GetLearningRate(int group) => BaseLearningRates[group] * functions[group](LastEpoch);
}
