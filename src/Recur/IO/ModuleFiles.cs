using Recur.Nn;

namespace Recur.IO;

/// <summary>Modules as files, with PyTorch's names: safetensors, PyTorch's .pt and .pth, NumPy's .npz.</summary>
/// <remarks>
/// <code>
/// model.Load("model.pt");                                         // torch.save(model.state_dict(), "model.pt")
/// model.Load("checkpoint.pt", prefix: "model.");                  // {"model": ..., "optimizer": ..., "epoch": ...}
/// model.Load("parallel.pt", prefix: "module.", strict: false);    // saved from a DataParallel
/// model.Save("model.pt");                                         // torch.load("model.pt", weights_only=True)
/// </code>
/// </remarks>
public static class ModuleFiles
{
    /// <summary>Writes the module's state dictionary; the file appears complete or not at all.</summary>
    /// <param name="module">The module.</param>
    /// <param name="path">The file; one that exists is replaced. With the extension .pt or .pth it gets PyTorch's
    /// format, with .npz NumPy's, else safetensors.</param>
    /// <param name="metadata">Strings to put beside the tensors of a safetensors file, such as the module's
    /// configuration.</param>
    /// <exception cref="ArgumentException">Metadata for a format that has none.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Save(this Module module, string path, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(module);
        TensorFileFormat format = TensorFileFormats.ByExtension(path) ?? TensorFileFormat.Safetensors;
        if (format == TensorFileFormat.Safetensors)
        {
            Safetensors.Save(path, module.StateDict(), metadata);
            return;
        }

        if (metadata is not null)
            throw new ArgumentException($"Save: {Path.GetFileName(path)} cannot hold metadata; write .safetensors.");
        TensorFiles.Save(path, module.StateDict());
    }

    /// <summary>Copies the file's tensors into the module's parameters; when anything is wrong, the module is
    /// unchanged.</summary>
    /// <param name="module">The module.</param>
    /// <param name="path">A file by <see cref="Save"/>, or one that PyTorch users made of a state dictionary or a
    /// checkpoint; its format is recognised by its content.</param>
    /// <param name="strict">Whether the names must be the same on both sides; shapes must be in any case.</param>
    /// <param name="prefix">What the names begin with in the file, such as <c>model.</c>; tensors whose names begin
    /// otherwise are not read.</param>
    /// <returns>The names that were left out, which can only be any when not <paramref name="strict"/>.</returns>
    /// <exception cref="ModelFormatException">The file breaks a rule of the format; a shape differs; or a name is
    /// missing or unknown and <paramref name="strict"/> is set.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    public static StateDictDifference Load(this Module module, string path, bool strict = true, string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(prefix);
        OrderedDictionary<string, Tensor> state = TensorFiles.Load(path, prefix, leftOut: 0);
        try
        {
            return module.LoadStateDict(state, strict, Path.GetFileName(path), prefix);
        }
        catch (ArgumentException e)
        {
            throw new ModelFormatException(e.Message, e);
        }
    }
}
