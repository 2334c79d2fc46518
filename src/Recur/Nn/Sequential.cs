namespace Recur.Nn;

/// <summary>Modules one after another, each fed with the result of the one before; names as torch.nn.Sequential (0, 1,
/// ...).</summary>
public sealed class Sequential : UnaryModule
{
    private readonly UnaryModule[] modules;

    /// <summary>Chains the modules; without any the input is the result.</summary>
    /// <param name="modules">In the order in which they run.</param>
    public Sequential(params ReadOnlySpan<UnaryModule> modules)
    {
        this.modules = modules.ToArray();
        for (int i = 0; i < modules.Length; i++)
        {
            if (modules[i] is null) throw new ArgumentException($"Sequential: module {i} is null.");
            Register($"{i}", modules[i]);
        }
    }

    /// <summary>The number of modules.</summary>
    public int Count => modules.Length;

    /// <summary>Module <paramref name="index"/>, counted from the first.</summary>
    public UnaryModule this[int index] => modules[index];

    /// <summary>Runs the modules in order.</summary>
    /// <param name="input">Of the shape the first module takes.</param>
    /// <returns>What the last module returns.</returns>
    public override Tensor Forward(Tensor input)
    {
        foreach (UnaryModule module in modules) input = module.Forward(input);
        return input;
    }
}
