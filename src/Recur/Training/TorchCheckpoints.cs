using Recur.IO;
using Recur.Optim;

namespace Recur.Training;

/// <summary>Goes on with a training run that PyTorch has begun.</summary>
public static class TorchCheckpoints
{
    /// <summary>Takes over the <c>optimizer.state_dict()</c> that stands in a .pt file: rates and other options of every
    /// group, and what the rule has kept of every parameter.</summary>
    /// <remarks>
    /// <code>
    /// TorchValue checkpoint = TorchFile.Load("checkpoint.pt");
    /// model.Load("checkpoint.pt", prefix: "model.");
    /// adam.LoadTorchState(checkpoint["optimizer"]);
    /// </code>
    /// When anything is wrong, nothing is changed. A schedule stands in another dictionary; of it the rates reached are
    /// taken.
    /// </remarks>
    /// <param name="optimizer">The same rule over the same parameters in the same order.</param>
    /// <param name="stateDict">The dictionary with <c>state</c> and <c>param_groups</c>.</param>
    /// <exception cref="ModelFormatException">It is not such a dictionary.</exception>
    /// <exception cref="ArgumentException">An entry is missing, unknown, of another shape, or cannot be.</exception>
    public static void LoadTorchState(this Optimizer optimizer, TorchValue stateDict)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        ArgumentNullException.ThrowIfNull(stateDict);
        var state = new Dictionary<int, IReadOnlyDictionary<string, Tensor>>();
        foreach ((TorchValue id, TorchValue entry) in stateDict["state"].Entries)
        {
            state.Add(
                ToInt32(id), entry.Entries.Where(e => e.Value.Kind != TorchKind.None)
                    .ToDictionary(e => e.Key.ToText(), e => ToTensor(e.Value)));
        }

        var groups = new List<TorchParameterGroup>();
        foreach (TorchValue group in stateDict["param_groups"].Items)
        {
            var options = new Dictionary<string, IReadOnlyList<double>>();
            foreach ((TorchValue name, TorchValue value) in group.Entries)
                if (name.ToText() != "params" && Numbers(value) is { } numbers) options.Add(name.ToText(), numbers);
            groups.Add(new TorchParameterGroup([.. group["params"].Items.Select(ToInt32)], options));
        }

        optimizer.LoadTorchState(new TorchOptimizerState(state, groups), stateDict.File);
    }

    private static int ToInt32(TorchValue value) => value.ToInt64() is >= 0 and <= int.MaxValue and var number
        ? (int)number
        : throw value.Wrong("the number of a parameter");

    private static Tensor ToTensor(TorchValue value) =>
        value.Kind == TorchKind.Tensor ? value.ToTensor() : Tensor.Scalar((float)value.ToDouble());

    // lr may be a tensor, betas are a tuple; None and texts say nothing that a rule here knows.
    private static double[]? Numbers(TorchValue value) => value.Kind switch
    {
        TorchKind.Boolean => [value.ToBoolean() ? 1 : 0],
        TorchKind.Integer or TorchKind.Number => [value.ToDouble()],
        TorchKind.Tensor => value.AsTensor().ElementCount == 1 ? value.AsTensor().ToDouble() : null,
        TorchKind.Tuple or TorchKind.List => [.. value.Items.Select(item => item.ToDouble())],
        _ => null,
    };
}
