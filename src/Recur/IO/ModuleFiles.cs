using Recur.Nn;

namespace Recur.IO;

/// <summary>Modules as safetensors files, with PyTorch's names.</summary>
public static class ModuleFiles
{
    /// <summary>Writes the module's state dictionary; the file appears complete or not at all.</summary>
    /// <param name="module">The module.</param>
    /// <param name="path">The file; one that exists is replaced.</param>
    /// <param name="metadata">Strings to put beside the tensors, such as the module's configuration.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Save(this Module module, string path, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(module);
        Safetensors.Save(path, module.StateDict(), metadata);
    }

    /// <summary>Copies the file's tensors into the module's parameters; when anything is wrong, the module is
    /// unchanged.</summary>
    /// <param name="module">The module.</param>
    /// <param name="path">A file by <see cref="Save"/>, or one that PyTorch users made of a state dictionary.</param>
    /// <param name="strict">Whether the names must be the same on both sides; shapes must be in any case.</param>
    /// <returns>The names that were left out, which can only be any when not <paramref name="strict"/>.</returns>
    /// <exception cref="ModelFormatException">The file breaks a rule of the format; a shape differs; or a name is
    /// missing or unknown and <paramref name="strict"/> is set.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    public static StateDictDifference Load(this Module module, string path, bool strict = true)
    {
        ArgumentNullException.ThrowIfNull(module);
        OrderedDictionary<string, Tensor> state = Safetensors.Load(path);
        try
        {
            return module.LoadStateDict(state, strict, Path.GetFileName(path));
        }
        catch (ArgumentException e)
        {
            throw new ModelFormatException(e.Message, e);
        }
    }
}
