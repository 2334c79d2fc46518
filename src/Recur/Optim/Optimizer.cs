using System.Runtime.CompilerServices;
using Recur.Autograd;

namespace Recur.Optim;

/// <summary>Changes parameters after their gradients: the part that every update rule shares.</summary>
/// <remarks>
/// A rule of one's own derives from this class, names its buffers to the constructor and implements <see
/// cref="Update"/>.
/// Buffers are zeros at first; each kind lies in one array over all parameters. A step allocates nothing.
/// </remarks>
public abstract class Optimizer
{
    private const int StepDigit = 1 << 24; // floats hold every integer up to here

    private readonly Tensor[] parameters;
    private readonly TensorCore[] cores;
    private readonly int[] offsets;
    private readonly long[] steps;
    private readonly string[] bufferNames;
    private readonly float[][] buffers;
    private int partStart, partLength = -1; // the row that Update is given; -1 for the whole parameter

    /// <summary>Checks and keeps the parameters.</summary>
    /// <param name="parameters">Leaves, at least one, none twice.</param>
    /// <param name="learningRate">Per step; finite and not negative.</param>
    /// <param name="bufferNames">One name for every number the rule keeps per element, such as <c>exp_avg</c>.</param>
    /// <exception cref="ArgumentException">No parameters, one that stands twice, one that is not a leaf, or a wrong
    /// rate.</exception>
    protected Optimizer(IEnumerable<Tensor> parameters, float learningRate, params ReadOnlySpan<string> bufferNames)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        Name = GetType().Name;
        this.parameters = [.. parameters];
        if (this.parameters.Length == 0) throw new ArgumentException($"{Name}: the list of parameters is empty.");
        LearningRate = learningRate;
        cores = new TensorCore[this.parameters.Length];
        offsets = new int[this.parameters.Length + 1];
        steps = new long[this.parameters.Length];

        var positions = new Dictionary<Tensor, int>();
        long length = 0;
        for (int i = 0; i < this.parameters.Length; i++)
        {
            Tensor p = this.parameters[i];
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

        this.bufferNames = bufferNames.ToArray();
        buffers = new float[bufferNames.Length][];
        for (int k = 0; k < buffers.Length; k++) buffers[k] = new float[length];
    }

    /// <summary>The rule's name, as errors begin.</summary>
    private protected string Name { get; }

    /// <summary>The parameters, in the order given.</summary>
    public IReadOnlyList<Tensor> Parameters => parameters;

    /// <summary>The size of a step; may be changed between steps.</summary>
    /// <exception cref="ArgumentException">Negative, infinite or not a number.</exception>
    public float LearningRate
    {
        get;
        set => field = (float)CheckNotNegative("learningRate", value);
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
            if (SkipsZeroGradients && core.TouchedRows is { } touched && touched.Covers(core.Grad!))
                UpdateRows(i, core, touched.Rows);
            else
                Update(i, core.Span, core.Grad!.Span, steps[i]);
        }
    }

    /// <summary>Whether <see cref="Update"/> leaves an element whose gradient is 0, and its buffers, as they are: then
    /// it is
    /// given only the rows of a sparse gradient that were touched.</summary>
    private protected virtual bool SkipsZeroGradients => false;

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

    // ---- State ---------------------------------------------------------------------------------------------------

    /// <summary>Everything the next steps depend on besides the parameters, to be stored in a checkpoint.</summary>
    /// <returns>
    /// <c>learning_rate</c> []; <c>step</c> [number of parameters, 2], the steps each parameter has taken as s mod 2²⁴
    /// and s / 2²⁴, so
    /// that any number is exact in float32; and one tensor per buffer and parameter, such as <c>exp_avg.0</c>, of the
    /// parameter's
    /// shape. All are copies.
    /// </returns>
    public IEnumerable<(string Name, Tensor Value)> State()
    {
        yield return ("learning_rate", Tensor.Scalar(LearningRate));
        yield return ("step", StepsAsTensor());
        for (int k = 0; k < buffers.Length; k++)
            for (int i = 0; i < parameters.Length; i++)
                yield return ($"{bufferNames[k]}.{i}", Tensor.From(Buffer(k, i), parameters[i].Shape));
    }

    /// <summary>Goes on where <see cref="State"/> was called; when anything is wrong, nothing is changed.</summary>
    /// <param name="state">Tensors by name.</param>
    /// <param name="source">Where they come from, for the error: the name of a file. Null for values from
    /// memory.</param>
    /// <param name="prefix">What the names begin with in <paramref name="state"/>, such as <c>optimizer.</c>; names
    /// that begin
    /// otherwise are passed over.</param>
    /// <exception cref="ArgumentException">A name is missing or unknown, a shape differs, or a number cannot
    /// be.</exception>
    public void LoadState(IReadOnlyDictionary<string, Tensor> state, string? source = null, string prefix = "")
    {
        var check = new StateDictionary(state, source, $"{Name}.LoadState", prefix);
        Tensor? rate = check.Ask("learning_rate", []);
        if (rate is { } r && !IsRate(r.Item()))
            check.AddWrong($"{prefix}learning_rate must be finite and not negative but is {r.Item()}");
        Tensor? counts = check.Ask("step", [parameters.Length, 2]);
        if (counts is { } c && !AreSteps(c.Span))
            check.AddWrong($"{prefix}step must hold pairs of whole numbers below 2^24");
        var values = new Tensor?[buffers.Length * parameters.Length];
        for (int k = 0; k < buffers.Length; k++)
            for (int i = 0; i < parameters.Length; i++)
                values[k * parameters.Length + i] = check.Ask($"{bufferNames[k]}.{i}", parameters[i].Shape);
        check.ThrowIfWrong(strict: true, "entry");

        LearningRate = rate!.Value.Item();
        ReadOnlySpan<float> digits = counts!.Value.Span;
        for (int i = 0; i < steps.Length; i++) steps[i] = (long)digits[2 * i] + (long)digits[2 * i + 1] * StepDigit;
        for (int k = 0; k < buffers.Length; k++)
            for (int i = 0; i < parameters.Length; i++)
                values[k * parameters.Length + i]!.Value.Span.CopyTo(Buffer(k, i));
    }

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

    // ---- Checks --------------------------------------------------------------------------------------------------

    private static bool IsRate(double value) => value >= 0 && double.IsFinite(value);

    /// <summary>The value, or an error when it is negative, infinite or not a number.</summary>
    private protected double CheckNotNegative(string argument, double value) => IsRate(value)
        ? value
        : throw new ArgumentException($"{Name}: {argument} must be finite and not negative but was {Show(value)}.");

    /// <summary>The value, or an error when it is not in [0, 1).</summary>
    private protected double CheckDecay(string argument, double value) => value is >= 0 and < 1
        ? value
        : throw new ArgumentException($"{Name}: {argument} must be at least 0 and below 1 but was {Show(value)}.");

    // As the user wrote it: 0.1f, widened, would print as 0.10000000149011612.
    private static string Show(double value) => (float)value == value ? $"{(float)value}" : $"{value}";
}
