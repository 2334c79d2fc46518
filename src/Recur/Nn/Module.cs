namespace Recur.Nn;

/// <summary>A part of a model: it owns parameters and other modules and knows them by the names of PyTorch's state dictionary.</summary>
/// <remarks>A derived class registers its parameters and children in its constructor, in the order in which they shall be listed;
/// there is no reflection.</remarks>
public abstract class Module
{
    private readonly List<(string Name, Tensor Value)> parameters = [];
    private readonly List<(string Name, Module Value)> children = [];

    /// <summary>Whether the module trains (dropout active); true at first. Changed by <see cref="Train"/> and <see cref="Eval"/>.</summary>
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

    /// <summary>All parameters of this module and its children, in the order of registration.</summary>
    public IEnumerable<Tensor> Parameters() => NamedParameters().Select(p => p.Value);

    /// <summary>All parameters with their names in the state dictionary, such as <c>rnn.weight_ih_l0</c>.</summary>
    public IEnumerable<(string Name, Tensor Value)> NamedParameters()
    {
        foreach ((string name, Tensor value) in parameters) yield return (name, value);
        foreach ((string prefix, Module child) in children)
            foreach ((string name, Tensor value) in child.NamedParameters()) yield return ($"{prefix}.{name}", value);
    }

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

    /// <summary>Forgets the gradients of all parameters.</summary>
    public void ZeroGrad()
    {
        foreach (Tensor p in Parameters()) p.ZeroGrad();
    }
}
