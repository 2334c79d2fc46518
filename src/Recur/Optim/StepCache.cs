namespace Recur.Optim;

/// <summary>The numbers of a step, kept as long as they hold: usually all parameters of a group are at the same step,
/// so that the powers in them are computed once for all.</summary>
internal struct StepCache<TNumbers> where TNumbers : struct
{
    private ParameterGroup? group;
    private long step;
    private int version;

    /// <summary>The numbers; to be set when <see cref="IsStale"/> said so.</summary>
    public TNumbers Numbers;

    /// <summary>Whether <see cref="Numbers"/> must be computed for this group and step.</summary>
    public bool IsStale(ParameterGroup group, long step)
    {
        if (this.group == group && this.step == step && version == group.Version) return false;
        (this.group, this.step, version) = (group, step, group.Version);
        return true;
    }
}
