using System.Runtime.CompilerServices;
using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Optim;

/// <summary>Changes parameters after their gradients: the part that every update rule shares.</summary>
/// <remarks>
/// A rule of one's own derives from this class, names its buffers to the constructor and implements <see
/// cref="Update"/>. Buffers are zeros at first; each kind lies in one array over all parameters. A step allocates
/// nothing.
/// </remarks>
public abstract class Optimizer
{
    private protected const string MomentumBuffer = "momentum_buffer";
    private const int StepDigit = 1 << 24; // floats hold every integer up to here

    private readonly ParameterGroup[] groups;
    private readonly ParameterGroup[] groupOf; // of each parameter
    private readonly Tensor[] parameters;
    private readonly TensorCore[] cores;
    private readonly int[] offsets;
    private readonly long[] steps;
    private readonly List<string> bufferNames = [];
    private readonly List<float[]> buffers = [];
    private readonly List<(string Name, float[] Values)> numbers = []; // one per parameter
    private int partStart, partLength = -1; // the row that Update is given; -1 for the whole parameter

    /// <summary>Checks and keeps the parameters, all in one group.</summary>
    /// <param name="parameters">Leaves, at least one, none twice.</param>
    /// <param name="learningRate">Per step; finite and not negative.</param>
    /// <param name="bufferNames">One name for every number the rule keeps per element, such as <c>exp_avg</c>.</param>
    /// <exception cref="ArgumentException">No parameters, one that stands twice, one that is not a leaf, or a wrong
    /// rate.</exception>
    protected Optimizer(IEnumerable<Tensor> parameters, float learningRate, params ReadOnlySpan<string> bufferNames)
        : this(
            [new ParameterGroup(parameters)],
            new ParameterGroup(nameof(Optimizer), (OptimizerOption.LearningRate, learningRate)), bufferNames)
    {
    }

    /// <summary>Checks and keeps groups of parameters.</summary>
    /// <param name="groups">At least one parameter in all, none twice; they belong to this optimizer from now
    /// on.</param>
    /// <param name="defaults">Every number the rule has, with its value for groups that do not set it; its parameters
    /// are not looked at.</param>
    /// <param name="bufferNames">One name for every number the rule keeps per element, such as <c>exp_avg</c>.</param>
    /// <exception cref="ArgumentException">No parameters, one that stands twice, one that is not a leaf, no learning
    /// rate, a group with a number the rule does not have, or a group of another optimizer.</exception>
    protected Optimizer(
        IReadOnlyList<ParameterGroup> groups, ParameterGroup defaults, params ReadOnlySpan<string> bufferNames)
    {
        ArgumentNullException.ThrowIfNull(groups);
        ArgumentNullException.ThrowIfNull(defaults);
        Name = GetType().Name;
        this.groups = [.. groups];
        parameters = [.. this.groups.SelectMany(g => g.Parameters)];
        groupOf = [.. this.groups.SelectMany(g => Enumerable.Repeat(g, g.Parameters.Count))];
        if (parameters.Length == 0) throw new ArgumentException($"{Name}: the list of parameters is empty.");
        if (!defaults.Has(OptimizerOption.LearningRate))
            throw new ArgumentException($"{Name}: the groups' defaults must have a LearningRate.");
        cores = new TensorCore[parameters.Length];
        offsets = new int[parameters.Length + 1];
        steps = new long[parameters.Length];

        var positions = new Dictionary<Tensor, int>();
        long length = 0;
        for (int i = 0; i < parameters.Length; i++)
        {
            Tensor p = parameters[i];
            if (!p.IsLeaf)
                throw new ArgumentException(
                    $"{Name}: parameter {i} is the result of an operation, only leaves can be optimized.");
            if (!positions.TryAdd(p, i))
                throw new ArgumentException($"{Name}: parameter {i} is the same tensor as parameter {positions[p]}.");
            cores[i] = p.Core;
            length += p.Length;
            if (length > Array.MaxLength)
                throw new ArgumentException(
                    $"{Name}: the parameters have more than {Array.MaxLength} elements; use several optimizers.");
            offsets[i + 1] = (int)length;
        }

        for (int i = 0; i < this.groups.Length; i++) this.groups[i].Join(this, Name, i, defaults);
        foreach (string name in bufferNames) AddBuffer(name);
    }

    /// <summary>The rule's name, as errors begin.</summary>
    private protected string Name { get; }

    /// <summary>The parameters, in the order given, group after group.</summary>
    public IReadOnlyList<Tensor> Parameters => parameters;

    /// <summary>The groups, in the order given; one, when parameters were given without groups.</summary>
    public IReadOnlyList<ParameterGroup> Groups => groups;

    /// <summary>The size of a step: of the first group to read, of all groups to write. May be changed between
    /// steps.</summary>
    /// <exception cref="ArgumentException">Negative, infinite or not a number.</exception>
    public float LearningRate
    {
        get => (float)groups[0][OptimizerOption.LearningRate];
        set
        {
            foreach (ParameterGroup group in groups) group.LearningRate = value;
        }
    }

    /// <summary>Forgets the gradients of all parameters.</summary>
    public void ZeroGrad()
    {
        foreach (TensorCore core in cores) core.HasGrad = false;
    }

    /// <summary>Changes every parameter that has a gradient; the others, and their state, stay as they are.</summary>
    public void Step()
    {
        for (int i = 0; i < cores.Length; i++)
        {
            TensorCore core = cores[i];
            if (!core.HasGrad) continue;
            core.Version++; // packed copies of the weights are out of date
            steps[i]++;
            if (SkipsZeroGradients(GroupOf(i)) && core.TouchedRows is { } touched && touched.Covers(core.Grad!))
                UpdateRows(i, core, touched.Rows);
            else
                Update(i, core.Span, core.Grad!.Span, steps[i]);
        }
    }

    /// <summary>Whether <see cref="Update"/> leaves an element of a group whose gradient is 0, and its buffers, as they
    /// are: then it is given only the rows of a sparse gradient that were touched.</summary>
    private protected virtual bool SkipsZeroGradients(ParameterGroup group) => false;

    private void UpdateRows(int index, TensorCore core, ReadOnlySpan<int> rows)
    {
        int length = core.Shape.ElementCount / core.Shape[0];
        partLength = length;
        foreach (int row in rows)
        {
            partStart = row * length;
            Update(index, core.Span.Slice(partStart, length), core.Grad!.Span.Slice(partStart, length), steps[index]);
        }

        (partStart, partLength) = (0, -1);
    }

    /// <summary>Changes one parameter.</summary>
    /// <param name="index">Its place in <see cref="Parameters"/>.</param>
    /// <param name="parameter">Its elements, to change.</param>
    /// <param name="gradient">Its gradient, of the same length.</param>
    /// <param name="step">How often it has been changed, this time included: 1 at first.</param>
    protected abstract void Update(int index, Span<float> parameter, ReadOnlySpan<float> gradient, long step);

    /// <summary>The elements of one buffer that belong to one parameter, or to the rows of it that Update was
    /// given.</summary>
    /// <param name="kind">The place of the buffer's name in the constructor's list.</param>
    /// <param name="index">The parameter's place.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected Span<float> Buffer(int kind, int index) =>
        buffers[kind].AsSpan(
            offsets[index] + partStart, partLength < 0 ? offsets[index + 1] - offsets[index] : partLength);

    /// <summary>The group of one parameter.</summary>
    /// <param name="index">The parameter's place.</param>
    protected ParameterGroup GroupOf(int index) => groupOf[index];

    /// <summary>Whether the rule keeps a buffer for a group; the state holds no others.</summary>
    private protected virtual bool Uses(int kind, ParameterGroup group) => true;

    /// <summary>Gives a group whose momentum was 0 a direction, as if it had not taken a step.</summary>
    internal void BeginMomentum(ParameterGroup group)
    {
        int kind = bufferNames.IndexOf(MomentumBuffer);
        if (kind < 0) kind = AddBuffer(MomentumBuffer);
        for (int i = 0; i < parameters.Length; i++)
        {
            if (groupOf[i] != group) continue;
            Buffer(kind, i).Clear();
            if (!IsCountedByTorch) steps[i] = 0; // Sgd asks only whether there was a step
        }
    }

    private int AddBuffer(string name)
    {
        bufferNames.Add(name);
        buffers.Add(new float[offsets[^1]]);
        return buffers.Count - 1;
    }

    /// <summary>Adds a number per parameter to the state.</summary>
    private protected float[] AddNumbers(string name)
    {
        var values = new float[parameters.Length];
        numbers.Add((name, values));
        return values;
    }

    /// <summary>Whether an option is not 0 for any of the groups.</summary>
    private protected static bool Any(
        IReadOnlyList<ParameterGroup> groups, ParameterGroup defaults, OptimizerOption option)
    {
        ArgumentNullException.ThrowIfNull(groups);
        return groups.Any(g => (g.Has(option) ? g : defaults)[option] != 0);
    }

    /// <summary>How a group's gradients are prepared.</summary>
    private protected static Decay DecayOf(ParameterGroup group, bool decoupled = false)
    {
        double decay = group[OptimizerOption.WeightDecay];
        return new Decay
        {
            Sign = group.Is(OptimizerOption.Maximize) ? -1f : 1f,
            WeightDecay = decoupled ? 0f : (float)decay,
            Shrink = decoupled ? (float)(1.0 - group[OptimizerOption.LearningRate] * decay) : 1f,
        };
    }

    // ---- State ---------------------------------------------------------------------------------------------------

    /// <summary>Everything the next steps depend on besides the parameters, to be stored in a checkpoint.</summary>
    /// <returns>
    /// Every number of the groups, such as <c>learning_rate</c> [number of groups, 4], each as the 64 bits of a double,
    /// 16 per element, lowest first; <c>step</c> [number of parameters, 2], the steps each parameter has taken as s
    /// mod 2²⁴ and s / 2²⁴, so that any number is exact in float32; and one tensor per buffer and parameter, such as
    /// <c>exp_avg.0</c>, of the parameter's shape. All are copies. Switches such as <see
    /// cref="ParameterGroup.Nesterov"/> are the constructor's.
    /// </returns>
    public IEnumerable<(string Name, Tensor Value)> State()
    {
        foreach (OptimizerOption option in Options())
            yield return (OptionInfo.Of(option).Key, ExactNumbers.ToTensor([.. groups.Select(g => g[option])]));
        yield return ("step", StepsAsTensor());
        foreach ((string name, float[] values) in numbers) yield return (name, Tensor.From(values));
        for (int k = 0; k < buffers.Count; k++)
            for (int i = 0; i < parameters.Length; i++)
                if (Uses(k, groupOf[i]))
                    yield return ($"{bufferNames[k]}.{i}", Tensor.From(Buffer(k, i), parameters[i].Shape));
    }

    /// <summary>Goes on where <see cref="State"/> was called; when anything is wrong, nothing is changed.</summary>
    /// <param name="state">Tensors by name.</param>
    /// <param name="source">Where they come from, for the error: the name of a file. Null for values from
    /// memory.</param>
    /// <param name="prefix">What the names begin with in <paramref name="state"/>, such as <c>optimizer.</c>; names
    /// that begin otherwise are passed over.</param>
    /// <exception cref="ArgumentException">A name is missing or unknown, a shape differs, or a number cannot
    /// be.</exception>
    public void LoadState(IReadOnlyDictionary<string, Tensor> state, string? source = null, string prefix = "")
    {
        var check = new StateDictionary(state, source, $"{Name}.LoadState", prefix);
        var apply = new List<Action>();
        foreach (OptimizerOption option in Options())
        {
            OptionInfo info = OptionInfo.Of(option);
            if (ExactNumbers.Ask(check, prefix, info.Key, groups.Length) is not { } values) continue;
            foreach (double v in values.Where(v => !info.IsInRange(v)).Take(1))
                check.AddWrong($"{prefix}{info.Key} must be {info.Expected} but is {OptionInfo.Show(v)}");
            apply.Add(() =>
            {
                for (int i = 0; i < values.Length; i++) groups[i].Restore(option, values[i]);
            });
        }

        Tensor? counts = check.Ask("step", [parameters.Length, 2]);
        if (counts is { } c && !AreSteps(c.Span))
            check.AddWrong($"{prefix}step must hold pairs of whole numbers below 2^24");
        foreach ((string name, float[] target) in numbers)
            if (check.Ask(name, [target.Length]) is { } value) apply.Add(() => value.Span.CopyTo(target));
        for (int k = 0; k < buffers.Count; k++)
        {
            for (int i = 0; i < parameters.Length; i++)
            {
                (int kind, int index) = (k, i);
                if (Uses(k, groupOf[i]) && check.Ask($"{bufferNames[k]}.{i}", parameters[i].Shape) is { } value)
                    apply.Add(() => value.Span.CopyTo(Buffer(kind, index)));
            }
        }

        check.ThrowIfWrong(strict: true, "entry");
        ReadOnlySpan<float> digits = counts!.Value.Span;
        for (int i = 0; i < steps.Length; i++) steps[i] = (long)digits[2 * i] + (long)digits[2 * i + 1] * StepDigit;
        foreach (Action action in apply) action();
    }

    /// <summary>Goes on where an optimizer of PyTorch stopped: sets state and numbers of all groups from what its
    /// <c>state_dict()</c> held. When anything is wrong, nothing is changed.</summary>
    /// <remarks>The groups must have as many parameters as PyTorch's, in the same order; switches such as amsgrad must
    /// be the same. Parameters that never had a gradient there begin anew, as they would in PyTorch.</remarks>
    /// <param name="state">The contents of the dictionary.</param>
    /// <param name="source">Where it comes from, for the error: the name of a file. Null for values from
    /// memory.</param>
    /// <exception cref="ArgumentException">The groups differ, a name is missing or unknown, a shape differs, or a
    /// number is out of its range.</exception>
    public void LoadTorchState(TorchOptimizerState state, string? source = null)
    {
        ArgumentNullException.ThrowIfNull(state);
        var check = new StateDictionary(state.Flatten(), source, $"{Name}.LoadTorchState", "");
        var apply = new List<Action>();
        int[] ids = state.AskGroups(groups, [.. AllOptions()], check, apply);
        for (int i = 0; i < parameters.Length; i++) AskTorchParameter(i, ids[i], state, check, apply);
        check.ThrowIfWrong(strict: true, "entry");
        foreach (Action action in apply) action();
    }

    /// <summary>Whether PyTorch's rule counts steps. If not, a buffer says that there was one.</summary>
    private protected virtual bool IsCountedByTorch => true;

    /// <summary>Sets buffers and numbers of a parameter to what they are before its first step.</summary>
    private protected virtual void Reset(int index)
    {
        for (int k = 0; k < buffers.Count; k++) Buffer(k, index).Clear();
    }

    private void AskTorchParameter(
        int index, int id, TorchOptimizerState state, StateDictionary check, List<Action> apply)
    {
        string prefix = $"state.{id}.";
        bool isKnown = state.HasState(id);
        long count = isKnown ? 1 : 0;
        if (isKnown && IsCountedByTorch && check.Ask(prefix + "step", []) is { } value)
        {
            count = (long)value.Item();
            if (!(value.Item() >= 0) || count != value.Item())
                check.AddWrong($"{prefix}step must be a whole number but is {OptionInfo.Show(value.Item())}");
        }

        apply.Add(() =>
        {
            steps[index] = count;
            Reset(index);
        });
        if (!isKnown) return;
        foreach ((string name, float[] target) in numbers)
            if (check.Ask(prefix + name, []) is { } number) apply.Add(() => target[index] = number.Item());
        for (int k = 0; k < buffers.Count; k++)
        {
            int kind = k;
            if (Uses(k, groupOf[index]) && check.Ask(prefix + bufferNames[k], parameters[index].Shape) is { } elements)
                apply.Add(() => elements.Span.CopyTo(Buffer(kind, index)));
        }
    }

    // The options that a state holds.
    private IEnumerable<OptimizerOption> Options() => AllOptions().Where(o => !OptionInfo.Of(o).IsFixed);

    private IEnumerable<OptimizerOption> AllOptions() => Enum.GetValues<OptimizerOption>().Where(groups[0].Has);

    private Tensor StepsAsTensor()
    {
        Tensor tensor = Tensor.Zeros([steps.Length, 2]);
        Span<float> digits = tensor.MutableSpan;
        for (int i = 0; i < steps.Length; i++)
        {
            digits[2 * i] = steps[i] % StepDigit;
            digits[2 * i + 1] = steps[i] / StepDigit;
        }

        return tensor;
    }

    private static bool AreSteps(ReadOnlySpan<float> digits)
    {
        foreach (float d in digits)
            if (!(d is >= 0 and < StepDigit) || d != MathF.Floor(d)) return false;
        return true;
    }
}
