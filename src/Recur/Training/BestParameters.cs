using Recur.Nn;

namespace Recur.Training;

/// <summary>The parameters of the best epoch so far, for <see cref="EarlyStopping.RestoreBest"/>.</summary>
internal sealed class BestParameters(Module model)
{
    private readonly List<(string Name, Tensor Value)> tensors = [];

    /// <summary>The parameters by their names in the module; none before the first best epoch.</summary>
    public IReadOnlyList<(string Name, Tensor Value)> Tensors => tensors;

    public void Clear() => tensors.Clear();

    /// <summary>Copies the model's parameters.</summary>
    public void Remember()
    {
        IReadOnlyDictionary<string, Tensor> state = model.StateDict();
        if (tensors.Count == 0)
            foreach ((string name, Tensor value) in state) tensors.Add((name, value.Detach()));
        else
            foreach ((string name, Tensor value) in tensors) value.CopyFrom(state[name]);
    }

    /// <summary>Takes those of a checkpoint.</summary>
    /// <returns>Whether they are all there.</returns>
    public bool TryTake(Checkpoint checkpoint)
    {
        foreach ((string name, Tensor value) in model.StateDict())
        {
            if (!checkpoint.Tensors.TryGetValue(Checkpoint.BestPrefix + name, out Tensor saved)
                || saved.Shape != value.Shape)
            {
                tensors.Clear();
                return false;
            }

            tensors.Add((name, saved.Detach()));
        }

        return true;
    }

    /// <summary>Gives the model its best parameters back, if there are any.</summary>
    public void Restore()
    {
        if (tensors.Count == 0) return;
        IReadOnlyDictionary<string, Tensor> state = model.StateDict();
        foreach ((string name, Tensor value) in tensors) state[name].CopyFrom(value);
    }
}
