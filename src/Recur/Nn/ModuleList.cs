using System.Collections;

namespace Recur.Nn;

/// <summary>Modules in a list whose parameters belong to whoever holds it; names as torch.nn.ModuleList (0, 1,
/// ...).</summary>
/// <typeparam name="T">What the modules are.</typeparam>
public sealed class ModuleList<T> : Module, IReadOnlyList<T> where T : Module
{
    private readonly List<T> modules = [];

    /// <summary>A list of the given modules.</summary>
    /// <param name="modules">In their order; more can be added.</param>
    public ModuleList(params ReadOnlySpan<T> modules)
    {
        foreach (T module in modules) Add(module);
    }

    /// <summary>The number of modules.</summary>
    public int Count => modules.Count;

    /// <summary>Module <paramref name="index"/>, counted from the first.</summary>
    public T this[int index] => modules[index];

    /// <summary>Adds a module at the end; before optimizers are made, for these keep the parameters they are
    /// given.</summary>
    /// <param name="module">The module.</param>
    public void Add(T module)
    {
        if (module is null) throw new ArgumentException($"ModuleList: module {Count} is null.");
        modules.Add(Register($"{Count}", module));
    }

    /// <inheritdoc/>
    public IEnumerator<T> GetEnumerator() => modules.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
