using Recur.IO;

namespace Recur.Training;

/// <summary>The tensors given to <see cref="Trainer{TBatch}.Keep"/>.</summary>
internal sealed class KeptTensors
{
    private readonly List<(string Name, Tensor Value)> tensors = [];

    public IReadOnlyList<(string Name, Tensor Value)> Tensors => tensors;

    public void Add(string name, Tensor tensor)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!tensor.IsLeaf)
            throw new ArgumentException(
                $"Trainer.Keep: {name} is the result of a recorded operation; keep a leaf and copy into it.");
        if (tensors.Exists(e => e.Name == name))
            throw new ArgumentException($"Trainer.Keep: the name {name} comes twice.");
        tensors.Add((name, tensor));
    }

    /// <summary>Throws when the checkpoint's kept tensors are others.</summary>
    public void Check(Checkpoint checkpoint)
    {
        foreach ((string name, Tensor value) in tensors)
        {
            if (!checkpoint.Tensors.TryGetValue(Checkpoint.ExtraPrefix + name, out Tensor saved))
                throw new ModelFormatException($"{checkpoint.FileName}: {Checkpoint.ExtraPrefix}{name} is missing.");
            if (saved.Shape != value.Shape)
                throw new ModelFormatException(
                    $"{checkpoint.FileName}: {Checkpoint.ExtraPrefix}{name} must be {value.Shape} but the file has " +
                    $"{saved.Shape}.");
        }

        string? unknown = checkpoint.Tensors.Keys.FirstOrDefault(n =>
            n.StartsWith(Checkpoint.ExtraPrefix, StringComparison.Ordinal)
            && !tensors.Exists(e => Checkpoint.ExtraPrefix + e.Name == n));
        if (unknown is not null)
            throw new ModelFormatException(
                $"{checkpoint.FileName}: {unknown} is unknown; give it to Trainer.Keep before Resume.");
    }

    /// <summary>Sets them to the checkpoint's values, after <see cref="Check"/>.</summary>
    public void Take(Checkpoint checkpoint)
    {
        foreach ((string name, Tensor value) in tensors)
            value.CopyFrom(checkpoint.Tensors[Checkpoint.ExtraPrefix + name]);
    }
}
