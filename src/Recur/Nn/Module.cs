namespace Recur.Nn;

/// <summary>A part of a model: it owns parameters and other modules and knows them by the names of PyTorch's state
/// dictionary.</summary>
/// <remarks>A derived class registers its parameters and children in its constructor, in the order in which they shall
/// be listed;
/// there is no reflection.</remarks>
public abstract class Module
{
    private readonly List<(string Name, Tensor Value)> parameters = [];
    private readonly List<(string Name, Module Value)> children = [];
    private (string Name, Tensor Value)[] namedParameters = [];
    private Tensor[] allParameters = [];
    private int listedRegistrations;

    /// <summary>Whether the module trains (dropout active); true at first. Changed by <see cref="Train"/> and <see
    /// cref="Eval"/>.</summary>
    public bool IsTraining { get; private set; } = true;

    /// <summary>Registers a parameter: it will require a gradient.</summary>
    /// <param name="name">Its name in the state dictionary, without dots.</param>
    /// <param name="value">A leaf.</param>
    /// <returns><paramref name="value"/>.</returns>
    protected Tensor Register(string name, Tensor value)
    {
        CheckName(name);
        parameters.Add((name, value.RequireGrad()));
        return value;
    }

    /// <summary>Registers a child; its parameters appear as <c>name.parameter</c>.</summary>
    protected T Register<T>(string name, T child) where T : Module
    {
        ArgumentNullException.ThrowIfNull(child);
        CheckName(name);
        children.Add((name, child));
        return child;
    }

    private void CheckName(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (name.Contains('.', StringComparison.Ordinal))
            throw new ArgumentException($"{GetType().Name}: the name \"{name}\" must not contain a dot.", nameof(name));
        if (parameters.Exists(p => p.Name == name) || children.Exists(c => c.Name == name))
            throw new ArgumentException($"{GetType().Name}: the name \"{name}\" is registered twice.", nameof(name));
    }

    // ---- Parameters ----------------------------------------------------------------------------------------------

    /// <summary>All parameters of this module and its children, in the order of registration; a shared one stands
    /// once.</summary>
    /// <remarks>The list is kept: calling this in every step allocates nothing.</remarks>
    public IReadOnlyList<Tensor> Parameters() => ParameterArray();

    /// <summary>All parameters with their names in the state dictionary, such as <c>rnn.weight_ih_l0</c>; a shared one
    /// stands once,
    /// under its first name.</summary>
    public IReadOnlyList<(string Name, Tensor Value)> NamedParameters()
    {
        _ = ParameterArray();
        return namedParameters;
    }

    private Tensor[] ParameterArray()
    {
        // Registrations are never undone, so their number tells whether the lists are still complete.
        int registrations = CountRegistrations();
        if (registrations == listedRegistrations) return allParameters;

        var seen = new HashSet<Tensor>();
        var named = new List<(string, Tensor)>();
        foreach ((string name, Tensor value) in AllNames(""))
            if (seen.Add(value)) named.Add((name, value));
        namedParameters = [.. named];
        allParameters = Array.ConvertAll(namedParameters, p => p.Value);
        listedRegistrations = registrations;
        return allParameters;
    }

    private int CountRegistrations()
    {
        int count = parameters.Count + children.Count;
        foreach ((_, Module child) in children) count += child.CountRegistrations();
        return count;
    }

    /// <summary>Every name in the state dictionary; a shared parameter comes once under each of its names.</summary>
    private IEnumerable<(string Name, Tensor Value)> AllNames(string prefix)
    {
        foreach ((string name, Tensor value) in parameters) yield return (prefix + name, value);
        foreach ((string childName, Module child) in children)
            foreach ((string name, Tensor value) in child.AllNames($"{prefix}{childName}.")) yield return (name, value);
    }

    /// <summary>Says for all parameters whether gradients are wanted: false freezes them, so that a step leaves them
    /// as they are.</summary>
    /// <remarks>A gradient that is already there stays; call <see cref="ZeroGrad"/> before the next step of an
    /// optimizer.</remarks>
    public void RequireGrad(bool required = true)
    {
        foreach (Tensor p in ParameterArray()) p.RequireGrad(required);
    }

    /// <summary>Forgets the gradients of all parameters.</summary>
    public void ZeroGrad()
    {
        foreach (Tensor p in ParameterArray()) p.ZeroGrad();
    }

    // ---- State ---------------------------------------------------------------------------------------------------

    /// <summary>The parameters by their names in PyTorch's state dictionary, in the order of registration.</summary>
    /// <returns>The parameters themselves, not copies: a later step changes them.</returns>
    public IReadOnlyDictionary<string, Tensor> StateDict()
    {
        var state = new OrderedDictionary<string, Tensor>(StringComparer.Ordinal);
        foreach ((string name, Tensor value) in AllNames("")) state.Add(name, value);
        return state;
    }

    /// <summary>Copies values into the parameters; when anything is wrong, nothing is copied and one error names
    /// everything that is.</summary>
    /// <param name="state">Tensors by name.</param>
    /// <param name="strict">Whether the names must be the same on both sides; shapes must be in any case.</param>
    /// <param name="source">Where the values come from, for the error: the name of a file. Null for values from
    /// memory.</param>
    /// <param name="prefix">What the names begin with in <paramref name="state"/>, such as <c>model.</c>; names that
    /// begin otherwise
    /// are passed over.</param>
    /// <returns>The names that were left out, which can only be any when not <paramref name="strict"/>.</returns>
    /// <exception cref="ArgumentException">A shape differs; or a name is missing or unknown and <paramref
    /// name="strict"/> is set.</exception>
    public StateDictDifference LoadStateDict(
        IReadOnlyDictionary<string, Tensor> state, bool strict = true, string? source = null, string prefix = "")
    {
        var check = new StateDictionary(state, source, $"{GetType().Name}.LoadStateDict", prefix);
        var copies = new List<(Tensor Target, Tensor Value)>();
        foreach ((string name, Tensor target) in AllNames(""))
            if (check.Ask(name, target.Shape) is { } value) copies.Add((target, value));
        check.ThrowIfWrong(strict, "parameter");
        foreach ((Tensor target, Tensor value) in copies) target.CopyFrom(value);
        return new StateDictDifference(check.Missing, check.Unknown);
    }

    // ---- Children ------------------------------------------------------------------------------------------------

    /// <summary>The direct children with their names.</summary>
    public IEnumerable<(string Name, Module Value)> Children() => children;

    /// <summary>Puts this module and its children into training mode.</summary>
    public void Train() => SetTraining(true);

    /// <summary>Puts this module and its children into evaluation mode: dropout does nothing.</summary>
    public void Eval() => SetTraining(false);

    private void SetTraining(bool training)
    {
        IsTraining = training;
        foreach ((_, Module child) in children) child.SetTraining(training);
    }
}
