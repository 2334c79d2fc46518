using System.Globalization;
using System.Text;

namespace Recur;

/// <summary>The check of named tensors before they are copied into a module or an optimizer: everything that is wrong,
/// in one sentence.</summary>
internal sealed class StateDictionary
{
    private readonly IReadOnlyDictionary<string, Tensor> state;
    private readonly string subject;
    private readonly string holder;
    private readonly string prefix;
    private readonly List<string> wrong = [];
    private readonly HashSet<string> asked = new(StringComparer.Ordinal);

    /// <param name="state">What came.</param>
    /// <param name="source">The file it came from; null when it came from memory.</param>
    /// <param name="caller">Who complains when there is no file.</param>
    /// <param name="prefix">What the names of this part begin with; names that begin otherwise belong to somebody
    /// else.</param>
    public StateDictionary(IReadOnlyDictionary<string, Tensor> state, string? source, string caller, string prefix)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(prefix);
        this.state = state;
        this.prefix = prefix;
        subject = source ?? caller;
        holder = source is null ? "the state" : "the file";
    }

    /// <summary>The names that were asked for and did not come.</summary>
    public List<string> Missing { get; } = [];

    /// <summary>The names that came and were not asked for.</summary>
    public List<string> Unknown { get; } = [];

    /// <summary>The tensor of that name, when it is there and has that shape; what is wrong with it otherwise is
    /// noted.</summary>
    public Tensor? Ask(string name, in Shape shape)
    {
        string fullName = prefix + name;
        asked.Add(fullName);
        if (!state.TryGetValue(fullName, out Tensor value))
        {
            Missing.Add(fullName);
            return null;
        }

        if (value.Shape == shape) return value;
        wrong.Add($"{fullName} must be {shape} but {holder} has {value.Shape}");
        return null;
    }

    /// <summary>Notes a value that has the right shape and cannot be right.</summary>
    public void AddWrong(string problem) => wrong.Add(problem);

    /// <summary>An error about the whole: what <paramref name="problem"/> says of the state or the file.</summary>
    public ArgumentException Error(string problem) => new($"{subject}: {holder} {problem}.");

    /// <summary>Throws when anything was noted; missing and unknown names only when <paramref
    /// name="strict"/>.</summary>
    /// <param name="strict">Whether the names must be the same on both sides.</param>
    /// <param name="noun">What the tensors are, such as "parameter".</param>
    public void ThrowIfWrong(bool strict, string noun)
    {
        foreach (string name in state.Keys)
            if (name.StartsWith(prefix, StringComparison.Ordinal) && !asked.Contains(name)) Unknown.Add(name);

        if (strict)
        {
            if (Missing.Count > 0) wrong.Add(List(Missing, $" {noun}", "missing"));
            if (Unknown.Count > 0) wrong.Add(List(Unknown, Missing.Count > 0 ? "" : $" {noun}", "unknown"));
        }

        if (wrong.Count > 0) throw new ArgumentException($"{subject}: {string.Join("; ", wrong)}.");
    }

    private static string List(List<string> names, string noun, string what)
    {
        if (names.Count > 1 && noun.Length > 0) noun = noun.EndsWith('y') ? noun[..^1] + "ies" : noun + "s";
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{names.Count}{noun}");
        text.Append(names.Count > 1 ? " are " : " is ").Append(what).Append(" (").AppendJoin(", ", names).Append(')');
        return text.ToString();
    }
}
