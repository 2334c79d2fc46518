namespace Recur.Optim;

/// <summary>What the <c>state_dict()</c> of a PyTorch optimizer holds, for <see
/// cref="Optimizer.LoadTorchState"/>.</summary>
/// <param name="State">Its <c>state</c>: per parameter's number the tensors by name, such as <c>exp_avg</c>; a plain
/// number such as an integer <c>step</c> is a tensor of shape [], and entries that are None are left out.</param>
/// <param name="ParameterGroups">Its <c>param_groups</c>.</param>
public sealed record TorchOptimizerState(
    IReadOnlyDictionary<int, IReadOnlyDictionary<string, Tensor>> State,
    IReadOnlyList<TorchParameterGroup> ParameterGroups)
{
    /// <summary>The tensors under names such as <c>state.0.exp_avg</c>.</summary>
    internal Dictionary<string, Tensor> Flatten()
    {
        var tensors = new Dictionary<string, Tensor>();
        foreach ((int id, IReadOnlyDictionary<string, Tensor> entry) in State)
            foreach ((string name, Tensor value) in entry) tensors.Add($"state.{id}.{name}", value);
        return tensors;
    }

    /// <summary>Whether PyTorch keeps anything for a parameter.</summary>
    internal bool HasState(int id) => State.TryGetValue(id, out IReadOnlyDictionary<string, Tensor>? e) && e.Count > 0;

    /// <summary>Compares the groups with ours, and prepares to take their numbers.</summary>
    /// <param name="groups">Our groups.</param>
    /// <param name="options">What our rule knows.</param>
    /// <param name="check">Told what is wrong with a number.</param>
    /// <param name="apply">Gets what sets the numbers.</param>
    /// <returns>The number in <see cref="State"/> of each of our parameters.</returns>
    internal int[] AskGroups(
        IReadOnlyList<ParameterGroup> groups, OptimizerOption[] options, StateDictionary check, List<Action> apply)
    {
        if (ParameterGroups.Count != groups.Count)
            throw check.Error($"has {ParameterGroups.Count} groups of parameters but the optimizer has {groups.Count}");
        var ids = new List<int>();
        for (int i = 0; i < groups.Count; i++)
        {
            (TorchParameterGroup theirs, ParameterGroup ours) = (ParameterGroups[i], groups[i]);
            if (theirs.Parameters.Count != ours.Parameters.Count)
                throw check.Error(
                    $"has {theirs.Parameters.Count} parameters in group {i} but the optimizer has " +
                    $"{ours.Parameters.Count}");
            ids.AddRange(theirs.Parameters);
            foreach (OptimizerOption option in options) AskOption(option, i, theirs, ours, check, apply);
            double? initialRate = theirs.Find("initial_lr", 0);
            apply.Add(() => ours.InitialLearningRate = initialRate ?? ours.InitialLearningRate);
        }

        return [.. ids];
    }

    private static void AskOption(
        OptimizerOption option, int number, TorchParameterGroup theirs, ParameterGroup ours, StateDictionary check,
        List<Action> apply)
    {
        OptionInfo info = OptionInfo.Of(option);
        string name = $"param_groups.{number}.{info.TorchKey}";
        if (theirs.Find(info.TorchKey, info.TorchIndex) is not { } value)
        {
            // A version of PyTorch that did not have the option yet; all have a rate.
            if (option == OptimizerOption.LearningRate) check.Missing.Add(name);
        }
        else if (!info.IsInRange(value))
        {
            check.AddWrong($"{name} must be {info.Expected} but is {OptionInfo.Show(value)}");
        }
        else if (!info.IsFixed)
        {
            apply.Add(() => ours.Restore(option, value));
        }
        else if (option != OptimizerOption.InitialAccumulatorValue && value != ours[option])
        {
            check.AddWrong($"{name} is {value} but the optimizer was made with {ours[option]}");
        }
    }
}

/// <summary>One entry of <c>param_groups</c>.</summary>
/// <param name="Parameters">Its <c>params</c>: the parameters' numbers.</param>
/// <param name="Options">The other entries, such as <c>lr</c> with one number and <c>betas</c> with two; a truth value
/// is 0 or 1, and entries that are None are left out.</param>
public sealed record TorchParameterGroup(
    IReadOnlyList<int> Parameters, IReadOnlyDictionary<string, IReadOnlyList<double>> Options)
{
    internal double? Find(string key, int index) =>
        Options.TryGetValue(key, out IReadOnlyList<double>? values) && values.Count > index ? values[index] : null;
}
