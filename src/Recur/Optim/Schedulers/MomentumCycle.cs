namespace Recur.Optim;

/// <summary>The momentum of a cyclic schedule, which moves against the rate: the groups' Beta1 where they have one,
/// else their Momentum.</summary>
internal sealed class MomentumCycle
{
    private readonly Optimizer optimizer;
    private readonly bool usesBeta1;

    public MomentumCycle(string name, Optimizer optimizer, double[] lowest, double[] highest)
    {
        ParameterGroup first = optimizer.Groups[0];
        usesBeta1 = first.Has(OptimizerOption.Beta1);
        if (!usesBeta1 && !first.Has(OptimizerOption.Momentum))
            throw new ArgumentException(
                $"{name}: cycleMomentum needs an optimizer with Momentum or Beta1 but {optimizer.GetType().Name} has " +
                "neither.");
        this.optimizer = optimizer;
        (Lowest, Highest) = (lowest, highest);
    }

    /// <summary>The momentum at the highest rate, per group.</summary>
    public double[] Lowest { get; }

    /// <summary>The momentum at the lowest rate, per group.</summary>
    public double[] Highest { get; }

    public void Set(int group, double value)
    {
        if (usesBeta1) optimizer.Groups[group].Beta1 = value;
        else optimizer.Groups[group].Momentum = value;
    }
}
