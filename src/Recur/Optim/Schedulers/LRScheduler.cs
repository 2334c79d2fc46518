using System.Diagnostics.CodeAnalysis;

namespace Recur.Optim;

/// <summary>Changes the learning rates of an optimizer's groups from step to step; what all schedules share.</summary>
/// <remarks>
/// <code>
/// var adam = new Adam(model.Parameters(), learningRate: 1e-3f);
/// var scheduler = new CosineAnnealingLR(adam, tMax: 100);        // sets the first rate
/// for (int epoch = 0; epoch &lt; 100; epoch++)
/// {
///     TrainOneEpoch();                                           // adam.Step() in it
///     scheduler.Step();                                          // sets the next rate
/// }
/// </code>
/// <para>A step is an epoch or an update of the weights, as one likes. Rates are computed in double, each from the one
/// before where PyTorch does so, and therefore several schedules act together (<see cref="ChainedScheduler"/>).</para>
/// <para>A schedule of one's own derives from this class, implements <see cref="GetLearningRate"/> and calls
/// <see cref="Begin"/> at the end of its constructor.</para>
/// </remarks>
public abstract class LRScheduler
{
    private const string EpochKey = "last_epoch", BaseKey = "base_learning_rates", LastKey = "last_learning_rates";
    private const string ExtraKey = "state";

    private readonly double[] baseRates, lastRates;

    /// <summary>Remembers the groups' initial rates.</summary>
    /// <param name="optimizer">Whose rates are changed.</param>
    protected LRScheduler(Optimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        Optimizer = optimizer;
        Name = GetType().Name;
        IsFirst = optimizer.Groups[0].InitialLearningRate is null;
        foreach (ParameterGroup group in optimizer.Groups) group.InitialLearningRate ??= group.LearningRate;
        baseRates = [.. optimizer.Groups.Select(g => g.InitialLearningRate!.Value)];
        lastRates = [.. optimizer.Groups.Select(g => g.LearningRate!.Value)];
    }

    /// <summary>Whose rates are changed.</summary>
    public Optimizer Optimizer { get; }

    /// <summary>The number of steps taken; 0 when the first rates are set. PyTorch's <c>last_epoch</c>.</summary>
    public long LastEpoch { get; private protected set; }

    /// <summary>Each group's rate before any schedule; PyTorch's <c>base_lrs</c>.</summary>
    public IReadOnlyList<double> BaseLearningRates => baseRates;

    /// <summary>Each group's rate after the last step; PyTorch's <c>get_last_lr()</c>.</summary>
    public IReadOnlyList<double> LastLearningRates => lastRates;

    /// <summary>Whether <see cref="Step(double)"/> must be called instead of <see cref="Step()"/>.</summary>
    public virtual bool NeedsMetric => false;

    /// <summary>Whether no other schedule of the optimizer was made before.</summary>
    private protected bool IsFirst { get; }

    /// <summary>The name as errors begin.</summary>
    private protected string Name { get; }

    /// <summary>Sets the rates of the next step or epoch.</summary>
    /// <exception cref="InvalidOperationException">The schedule needs a metric, or is over (<see
    /// cref="OneCycleLR"/>).</exception>
    /// <exception cref="ArgumentException">A rate came out negative or not finite.</exception>
    public void Step()
    {
        if (NeedsMetric)
            throw new InvalidOperationException(
                $"{Name}.Step needs the metric that it watches, such as a validation loss.");
        Advance(double.NaN);
    }

    /// <summary>Sets the rates of the next epoch after a metric, such as the validation loss; only schedules that
    /// <see cref="NeedsMetric">need one</see> look at it.</summary>
    /// <param name="metric">The number that shall fall, or rise.</param>
    /// <inheritdoc cref="Step()" path="/exception"/>
    public void Step(double metric) => Advance(metric);

    /// <summary>The rate of a group at <see cref="LastEpoch"/>. <see cref="CurrentRate"/> is still the one before; at
    /// LastEpoch 0, what the group began with.</summary>
    /// <param name="group">The group's place.</param>
    protected abstract double GetLearningRate(int group);

    /// <summary>A group's rate now.</summary>
    /// <param name="group">The group's place.</param>
    protected double CurrentRate(int group) => Optimizer.Groups[group].LearningRate!.Value;

    /// <summary>Sets the first rates; called at the end of a constructor.</summary>
    protected void Begin() => Start();

    // ---- What SequentialLR and ChainedScheduler do with their parts ----------------------------------------------

    /// <summary>Goes one step.</summary>
    internal virtual void Advance(double metric)
    {
        LastEpoch++;
        Apply();
    }

    /// <summary>Sets the first rates from the current ones.</summary>
    internal virtual void Start()
    {
        LastEpoch = 0;
        Apply();
    }

    /// <summary>Makes the schedule one that has not begun.</summary>
    internal virtual void Undo() => LastEpoch = -1;

    /// <summary>Begins anew in the middle of a run.</summary>
    internal void Restart()
    {
        for (int i = 0; ResetsRates && i < baseRates.Length; i++) Optimizer.Groups[i].LearningRate = baseRates[i];
        Start();
    }

    /// <summary>Whether a schedule that begins anew begins with the base rates.</summary>
    private protected virtual bool ResetsRates => true;

    /// <summary>Sets the rates of all groups.</summary>
    private protected void Apply()
    {
        for (int i = 0; i < lastRates.Length; i++)
        {
            double rate = GetLearningRate(i);
            if (!(rate >= 0 && double.IsFinite(rate)))
                Throw($"the learning rate of group {i} came out as {OptionInfo.Show(rate)} at step {LastEpoch}");
            Optimizer.Groups[i].LearningRate = lastRates[i] = rate;
        }
    }

    /// <summary>Replaces the base rates, for schedules that do not start from the optimizer's.</summary>
    /// <param name="rates">One per group.</param>
    /// <param name="forOthers">Whether they are the groups' initial rates for other schedules too.</param>
    private protected void SetBaseRates(ReadOnlySpan<double> rates, bool forOthers)
    {
        rates.CopyTo(baseRates);
        for (int i = 0; forOthers && i < rates.Length; i++) Optimizer.Groups[i].InitialLearningRate = rates[i];
    }

    // ---- State ---------------------------------------------------------------------------------------------------

    /// <summary>How many numbers <see cref="SaveState"/> writes.</summary>
    protected virtual int StateLength => 0;

    /// <summary>Writes what the next rates depend on besides <see cref="LastEpoch"/>, the rates and the constructor's
    /// arguments.</summary>
    /// <param name="state"><see cref="StateLength"/> numbers, to be written.</param>
    protected virtual void SaveState(Span<double> state)
    {
    }

    /// <summary>Takes what <see cref="SaveState"/> wrote.</summary>
    /// <param name="state"><see cref="StateLength"/> numbers.</param>
    protected virtual void RestoreState(ReadOnlySpan<double> state)
    {
    }

    /// <summary>Everything the next rates depend on besides the constructor's arguments and the optimizer's state, to
    /// be stored in a checkpoint beside that.</summary>
    /// <returns>
    /// <c>last_epoch</c> [1, 4], <c>base_learning_rates</c> and <c>last_learning_rates</c> [number of groups, 4] and
    /// where there is more <c>state</c>; each number as the 64 bits of a double, 16 per element, lowest first. The
    /// parts of a <see cref="SequentialLR"/> or <see cref="ChainedScheduler"/> follow as <c>0.last_epoch</c> and so on.
    /// </returns>
    public IEnumerable<(string Name, Tensor Value)> State()
    {
        yield return (EpochKey, ExactNumbers.ToTensor(LastEpoch));
        yield return (BaseKey, ExactNumbers.ToTensor(baseRates));
        yield return (LastKey, ExactNumbers.ToTensor(lastRates));
        if (StateLength > 0)
        {
            var extra = new double[StateLength];
            SaveState(extra);
            yield return (ExtraKey, ExactNumbers.ToTensor(extra));
        }

        for (int i = 0; i < Parts.Count; i++)
            foreach ((string name, Tensor value) in Parts[i].State()) yield return ($"{i}.{name}", value);
    }

    /// <summary>Goes on where <see cref="State"/> was called; when anything is wrong, nothing is changed. The rates
    /// themselves come with the optimizer's state.</summary>
    /// <param name="state">Tensors by name.</param>
    /// <param name="source">Where they come from, for the error: the name of a file. Null for values from
    /// memory.</param>
    /// <param name="prefix">What the names begin with in <paramref name="state"/>, such as <c>scheduler.</c>; names
    /// that begin otherwise are passed over.</param>
    /// <exception cref="ArgumentException">A name is missing or unknown, a shape differs, or a number cannot
    /// be.</exception>
    public void LoadState(IReadOnlyDictionary<string, Tensor> state, string? source = null, string prefix = "")
    {
        var check = new StateDictionary(state, source, $"{Name}.LoadState", prefix);
        var apply = new List<Action>();
        Ask(check, prefix, "", apply);
        check.ThrowIfWrong(strict: true, "entry");
        foreach (Action action in apply) action();
    }

    /// <summary>The schedules this one is made of.</summary>
    private protected virtual IReadOnlyList<LRScheduler> Parts => [];

    private void Ask(StateDictionary check, string prefix, string path, List<Action> apply)
    {
        double[]? epoch = ExactNumbers.Ask(check, prefix, path + EpochKey, 1);
        if (epoch is [var e] && !(e >= -1 && e == Math.Floor(e) && double.IsFinite(e)))
            check.AddWrong($"{prefix}{path}{EpochKey} must be a whole number but is {e}");
        double[]? initial = ExactNumbers.Ask(check, prefix, path + BaseKey, baseRates.Length);
        double[]? last = ExactNumbers.Ask(check, prefix, path + LastKey, lastRates.Length);
        double[]? extra = StateLength > 0 ? ExactNumbers.Ask(check, prefix, path + ExtraKey, StateLength) : [];
        apply.Add(() =>
        {
            LastEpoch = (long)epoch![0];
            initial!.CopyTo(baseRates, 0);
            last!.CopyTo(lastRates, 0);
            RestoreState(extra);
        });
        for (int i = 0; i < Parts.Count; i++) Parts[i].Ask(check, prefix, $"{path}{i}.", apply);
    }

    // ---- Checks of arguments -------------------------------------------------------------------------------------

    private protected long CheckAtLeast1(string argument, long value)
    {
        if (value < 1) Throw($"{argument} must be at least 1 but was {value}");
        return value;
    }

    private protected double CheckNotNegative(string argument, double value)
    {
        if (!(value >= 0 && double.IsFinite(value)))
            Throw($"{argument} must be finite and not negative but was {OptionInfo.Show(value)}");
        return value;
    }

    private protected double CheckFactor(string argument, double value, bool canBeZero = false)
    {
        if (!(value is >= 0 and <= 1) || (value == 0 && !canBeZero))
            Throw($"{argument} must be {(canBeZero ? "from 0 to 1" : "above 0 and at most 1")} but was " +
                OptionInfo.Show(value));
        return value;
    }

    private protected double[] CheckGroups(string argument, GroupValues values)
    {
        double[] array = values.For(baseRates.Length)
            ?? throw new ArgumentException(
                $"{Name}: {argument} must have one value or {baseRates.Length} (one per group) but has " +
                $"{values.Count}.");
        foreach (double v in array) CheckNotNegative(argument, v);
        return array;
    }

    private protected Func<long, double>[] CheckFunctions(IReadOnlyList<Func<long, double>> functions)
    {
        ArgumentNullException.ThrowIfNull(functions);
        if (functions.Count != baseRates.Length)
            Throw($"there must be {baseRates.Length} functions (one per group) but there are {functions.Count}");
        foreach (Func<long, double> f in functions) ArgumentNullException.ThrowIfNull(f);
        return [.. functions];
    }

    private protected LRScheduler[] CheckParts(IEnumerable<LRScheduler> schedulers)
    {
        ArgumentNullException.ThrowIfNull(schedulers);
        LRScheduler[] parts = [.. schedulers];
        if (parts.Length == 0) Throw("the list of schedulers is empty");
        for (int i = 0; i < parts.Length; i++)
            if (parts[i].Optimizer != Optimizer) Throw($"scheduler {i} belongs to another optimizer");
        return parts;
    }

    [DoesNotReturn]
    private protected void Throw(string problem) => throw new ArgumentException($"{Name}: {problem}.");
}
