using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Recur.Nn;

/// <summary>Modules by name whose parameters belong to whoever holds them; names as torch.nn.ModuleDict.</summary>
/// <typeparam name="T">What the modules are.</typeparam>
[SuppressMessage("Naming", "CA1710:Identifiers should have correct suffix", Justification = "PyTorch's name.")]
public sealed class ModuleDict<T> : Module, IReadOnlyDictionary<string, T> where T : Module
{
    private readonly OrderedDictionary<string, T> modules = new(StringComparer.Ordinal);

    /// <summary>The number of modules.</summary>
    public int Count => modules.Count;

    /// <summary>The names, in the order in which they were added.</summary>
    public IEnumerable<string> Keys => modules.Keys;

    /// <summary>The modules, in the order in which they were added.</summary>
    public IEnumerable<T> Values => modules.Values;

    /// <summary>The module of that name.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public T this[string key] => modules.TryGetValue(key, out T? module)
        ? module
        : throw new KeyNotFoundException($"ModuleDict: there is no module \"{key}\".");

    /// <summary>Adds a module; before optimizers are made, for these keep the parameters they are given.</summary>
    /// <param name="name">Its name, without dots; no other has it.</param>
    /// <param name="module">The module.</param>
    public void Add(string name, T module) => modules.Add(name, Register(name, module));

    /// <inheritdoc/>
    public bool ContainsKey(string key) => modules.ContainsKey(key);

    /// <inheritdoc/>
    public bool TryGetValue(string key, [MaybeNullWhen(false)] out T value) => modules.TryGetValue(key, out value);

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, T>> GetEnumerator() => modules.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
