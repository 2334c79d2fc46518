namespace Recur.Optim;

/// <summary>Parameters that an optimizer treats alike, and the numbers it uses for them; one entry of PyTorch's
/// <c>param_groups</c>.</summary>
/// <remarks>
/// <code>
/// var adam = new Adam(
///     [
///         new ParameterGroup(rnn.Parameters()) { LearningRate = 1e-4, WeightDecay = 0.01 },
///         new ParameterGroup(head.Parameters()),                  // all of the optimizer's own numbers
///     ],
///     learningRate: 1e-3f);
/// adam.Groups[0].LearningRate *= 0.5;
/// </code>
/// <para>Before the group is given to an optimizer, null stands for "as the optimizer says". From then on the group
/// belongs to it: every number its rule knows has a value, those it does not know stay null, and a number may be
/// changed between steps. A switch (<see cref="Nesterov"/> and the like) cannot.</para>
/// <para>Every property throws an <see cref="ArgumentException"/> for a value out of its range, for a number the
/// optimizer's rule does not have and for null, once the group belongs to an optimizer.</para>
/// </remarks>
public sealed class ParameterGroup
{
    private readonly Tensor[] parameters;
    private readonly double[] values = new double[OptionInfo.Count];
    private Optimizer? owner;
    private string subject = nameof(ParameterGroup);

    /// <summary>A group of parameters.</summary>
    /// <param name="parameters">Leaves; an optimizer says what is wrong with them.</param>
    public ParameterGroup(IEnumerable<Tensor> parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        this.parameters = [.. parameters];
        Array.Fill(values, double.NaN);
    }

    /// <summary>The numbers of a rule, for the groups that do not set them.</summary>
    /// <param name="rule">The rule's name, as errors begin.</param>
    /// <param name="options">Every option the rule has.</param>
    internal ParameterGroup(string rule, params ReadOnlySpan<(OptimizerOption Option, double Value)> options) : this([])
    {
        subject = rule;
        foreach ((OptimizerOption option, double value) in options) Set(option, value);
    }

    /// <summary>The parameters, in the order given.</summary>
    public IReadOnlyList<Tensor> Parameters => parameters;

    /// <summary>The size of a step; finite and not negative. A double, so that a schedule's errors do not add
    /// up.</summary>
    public double? LearningRate
    {
        get => Get(OptimizerOption.LearningRate);
        set => Set(OptimizerOption.LearningRate, value);
    }

    /// <summary>The rate before the first scheduler changed it, PyTorch's <c>initial_lr</c>; null until a scheduler
    /// is made.</summary>
    public double? InitialLearningRate { get; internal set; }

    /// <summary>The L2 penalty or, decoupled, the share of a rate that a step takes off; finite and not
    /// negative.</summary>
    public double? WeightDecay
    {
        get => Get(OptimizerOption.WeightDecay);
        set => Set(OptimizerOption.WeightDecay, value);
    }

    /// <summary>How much of the former direction is kept; finite and not negative. With 0 there is no buffer for the
    /// direction; when it leaves 0, the direction begins anew.</summary>
    public double? Momentum { get => Get(OptimizerOption.Momentum); set => Set(OptimizerOption.Momentum, value); }

    /// <summary>How much of the gradient is left out of the direction; finite.</summary>
    public double? Dampening { get => Get(OptimizerOption.Dampening); set => Set(OptimizerOption.Dampening, value); }

    /// <summary>How much of the mean gradient is kept; in [0, 1).</summary>
    public double? Beta1 { get => Get(OptimizerOption.Beta1); set => Set(OptimizerOption.Beta1, value); }

    /// <summary>How much of the mean squared gradient is kept; in [0, 1).</summary>
    public double? Beta2 { get => Get(OptimizerOption.Beta2); set => Set(OptimizerOption.Beta2, value); }

    /// <summary>Added to the denominator; finite and not negative.</summary>
    public double? Eps { get => Get(OptimizerOption.Eps); set => Set(OptimizerOption.Eps, value); }

    /// <summary>How much of the mean squared gradient <see cref="RMSprop"/> keeps; finite and not negative.</summary>
    public double? Alpha { get => Get(OptimizerOption.Alpha); set => Set(OptimizerOption.Alpha, value); }

    /// <summary>How much of both means <see cref="Adadelta"/> keeps; in [0, 1].</summary>
    public double? Rho { get => Get(OptimizerOption.Rho); set => Set(OptimizerOption.Rho, value); }

    /// <summary>By how much <see cref="Adagrad"/>'s rate falls with the steps; finite and not negative.</summary>
    public double? LearningRateDecay
    {
        get => Get(OptimizerOption.LearningRateDecay);
        set => Set(OptimizerOption.LearningRateDecay, value);
    }

    /// <summary>How fast <see cref="NAdam"/>'s momentum rises to β1; finite and not negative.</summary>
    public double? MomentumDecay
    {
        get => Get(OptimizerOption.MomentumDecay);
        set => Set(OptimizerOption.MomentumDecay, value);
    }

    /// <summary>What <see cref="Adagrad"/>'s sums begin with; finite and not negative, and fixed.</summary>
    public double? InitialAccumulatorValue
    {
        get => Get(OptimizerOption.InitialAccumulatorValue);
        init => Set(OptimizerOption.InitialAccumulatorValue, value);
    }

    /// <summary>Whether a step looks ahead along the new direction (<see cref="Sgd"/>).</summary>
    public bool? Nesterov
    {
        get => GetFlag(OptimizerOption.Nesterov);
        init => SetFlag(OptimizerOption.Nesterov, value);
    }

    /// <summary>Whether the denominator uses the largest mean square so far (<see cref="Adam"/>, <see
    /// cref="AdamW"/>).</summary>
    public bool? Amsgrad { get => GetFlag(OptimizerOption.Amsgrad); init => SetFlag(OptimizerOption.Amsgrad, value); }

    /// <summary>Whether the denominator uses the variance instead of the mean square (<see cref="RMSprop"/>).</summary>
    public bool? Centered
    {
        get => GetFlag(OptimizerOption.Centered);
        init => SetFlag(OptimizerOption.Centered, value);
    }

    /// <summary>Whether steps go up the gradient instead of down.</summary>
    public bool? Maximize
    {
        get => GetFlag(OptimizerOption.Maximize);
        init => SetFlag(OptimizerOption.Maximize, value);
    }

    /// <summary>Whether weight decay shrinks the parameter, as in AdamW, instead of changing its gradient (<see
    /// cref="NAdam"/>, <see cref="RAdam"/>).</summary>
    public bool? DecoupledWeightDecay
    {
        get => GetFlag(OptimizerOption.DecoupledWeightDecay);
        init => SetFlag(OptimizerOption.DecoupledWeightDecay, value);
    }

    /// <summary>Counts the changes, so that a rule sees when numbers it has derived are out of date.</summary>
    internal int Version { get; private set; }

    /// <summary>An option the rule has; NaN when it has not.</summary>
    internal double this[OptimizerOption option] => values[(int)option];

    internal bool Has(OptimizerOption option) => !double.IsNaN(values[(int)option]);

    internal bool Is(OptimizerOption option) => values[(int)option] == 1;

    /// <summary>Makes the group an optimizer's: fills in what is not set, and checks the rest.</summary>
    /// <param name="optimizer">The optimizer.</param>
    /// <param name="name">Its name, as errors begin.</param>
    /// <param name="number">The group's place.</param>
    /// <param name="defaults">All options the rule has, with the values for groups that do not set them.</param>
    internal void Join(Optimizer optimizer, string name, int number, ParameterGroup defaults)
    {
        if (owner is not null)
            throw new ArgumentException($"{name}: group {number} belongs to another optimizer; make a new group.");
        for (int i = 0; i < values.Length; i++)
        {
            OptionInfo info = OptionInfo.Of((OptimizerOption)i);
            if (!defaults.Has((OptimizerOption)i) && Has((OptimizerOption)i))
                throw new ArgumentException($"{name}: group {number} has a {info.Name}, which {name} does not know.");
        }

        for (int i = 0; i < values.Length; i++)
            if (double.IsNaN(values[i])) values[i] = defaults.values[i];
        owner = optimizer;
        subject = $"{name}, group {number}";
    }

    /// <summary>Sets a number the optimizer's rule knows, in its range.</summary>
    internal void Restore(OptimizerOption option, double value)
    {
        values[(int)option] = value;
        Version++;
    }

    private double? Get(OptimizerOption option) => Has(option) ? values[(int)option] : null;

    private bool? GetFlag(OptimizerOption option) => Has(option) ? Is(option) : null;

    private void SetFlag(OptimizerOption option, bool? value) => Set(option, value is { } v ? (v ? 1 : 0) : null);

    private void Set(OptimizerOption option, double? value)
    {
        OptionInfo info = OptionInfo.Of(option);
        if (value is { } v && !info.IsInRange(v))
            throw Wrong(info, $"must be {info.Expected} but was {OptionInfo.Show(v)}");
        if (owner is not null)
        {
            if (!Has(option)) throw Wrong(info, $"is an option that its rule does not know");
            if (value is null) throw Wrong(info, "must have a value but was null");
            if (option == OptimizerOption.Momentum && this[option] == 0 && value != 0) owner.BeginMomentum(this);
        }

        Restore(option, value ?? double.NaN);
    }

    private ArgumentException Wrong(OptionInfo info, string problem) => new($"{subject}: {info.Name} {problem}.");
}
