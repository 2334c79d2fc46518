using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text;
using Recur.Autograd;

namespace Recur;

/// <summary>An n-dimensional array of float32, row-major and contiguous, that can take part in automatic
/// differentiation.</summary>
/// <remarks>
/// A tensor is a handle: copying it copies a reference, as with a class, and nobody disposes anything. Results of
/// operations that were recorded for <see cref="Backward()"/> live until the first recorded operation after that call;
/// then their
/// memory serves the next step. Reading such a handle afterwards throws and names the cure, it never shows another
/// step's
/// values. <see cref="Detach"/> keeps values for good. All other tensors live as long as they are referenced.
/// See docs/decisions/0001-tensor-handles.md.
/// </remarks>
public readonly partial struct Tensor : IEquatable<Tensor>
{
    private readonly TensorCore? core;
    private readonly int generation;

    internal Tensor(TensorCore core)
    {
        this.core = core;
        generation = core.Generation;
    }

    /// <summary>The live core behind this handle; throws when the step it belonged to has ended.</summary>
    internal TensorCore Core
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            TensorCore? c = core;
            if (c is null || !c.IsAlive(generation)) ThrowNotAlive(c);
            return c;
        }
    }

    /// <summary>Whether the step this handle belonged to is over, so that its values are gone.</summary>
    internal bool IsStale => core is not null && !core.IsAlive(generation);

    [DoesNotReturn]
    private static void ThrowNotAlive(TensorCore? core)
    {
        if (core is null) throw new InvalidOperationException("Tensor: this is default(Tensor), which has no values; create one with Tensor.Zeros or Tensor.From.");
        throw new InvalidOperationException(
            "Tensor: this result belongs to a step that is over (Backward was called and a new step has begun, or an inference scope has ended), " +
            "so its memory is in use again. " +
            "Keep values with Detach(), Item() or ToArray() before the next step; a hidden state carried into the next step needs Detach().");
    }

    /// <summary>The dimensions, outermost first.</summary>
    public Shape Shape => Core.Shape;

    /// <summary>The number of dimensions.</summary>
    public int Rank => Core.Shape.Rank;

    /// <summary>The number of elements.</summary>
    public int Length => Core.Shape.ElementCount;

    /// <summary>Whether gradients flow to this tensor: a parameter, or a recorded result of one.</summary>
    public bool RequiresGrad => Core.RequiresGrad;

    /// <summary>Whether this tensor was made by the user rather than by a recorded operation; gradients are kept for
    /// leaves only.</summary>
    public bool IsLeaf => Core.Producer is null;

    /// <summary>The accumulated gradient of a leaf; null before the first <see cref="Backward()"/> and after
    /// <see cref="ZeroGrad"/>.</summary>
    public Tensor? Grad => Core is { HasGrad: true, Grad: { } g } ? new Tensor(g) : null;

    /// <summary>The elements, to read.</summary>
    public ReadOnlySpan<float> Span => Core.Span;

    /// <summary>The elements, to write; marks the tensor as changed, so that packed copies of its weights are
    /// renewed.</summary>
    /// <remarks>Writing to a tensor between a recorded forward pass and its backward pass gives wrong
    /// gradients.</remarks>
    public Span<float> MutableSpan
    {
        get
        {
            TensorCore c = Core;
            c.Version++;
            return c.Span;
        }
    }

    /// <summary>A tensor of zeros.</summary>
    public static Tensor Zeros(Shape shape) => new(new TensorCore(shape, new float[shape.ElementCount]));

    /// <summary>A tensor of ones.</summary>
    public static Tensor Ones(Shape shape) => Full(shape, 1f);

    /// <summary>A tensor with every element equal to <paramref name="value"/>.</summary>
    public static Tensor Full(Shape shape, float value)
    {
        Tensor t = Empty(shape);
        t.Core.Span.Fill(value);
        return t;
    }

    /// <summary>A tensor with a copy of <paramref name="values"/>, in row-major order.</summary>
    /// <exception cref="ShapeException">The number of values is not the shape's length.</exception>
    public static Tensor From(ReadOnlySpan<float> values, Shape shape)
    {
        if (values.Length != shape.ElementCount)
            throw new ShapeException($"Tensor.From: {shape} needs {shape.ElementCount} values but {values.Length} came.");
        Tensor t = Empty(shape);
        values.CopyTo(t.Core.Span);
        return t;
    }

    /// <summary>A one-dimensional tensor with a copy of <paramref name="values"/>.</summary>
    public static Tensor From(ReadOnlySpan<float> values) => From(values, [values.Length]);

    /// <summary>A tensor of rank 0 that holds one value.</summary>
    public static Tensor Scalar(float value) => Full([], value);

    /// <summary>A tensor with unspecified contents, for a caller that writes every element.</summary>
    internal static Tensor Empty(in Shape shape) =>
        new(new TensorCore(shape, GC.AllocateUninitializedArray<float>(shape.ElementCount)));

    /// <summary>A tensor over the beginning of an array, for memory that serves several shapes.</summary>
    internal static Tensor Over(float[] memory, in Shape shape) => new(new TensorCore(shape, memory));

    /// <summary>The only element.</summary>
    /// <exception cref="ShapeException">There is not exactly one element.</exception>
    public float Item()
    {
        TensorCore c = Core;
        if (c.Shape.ElementCount != 1) ShapeException.Throw("Tensor.Item: the tensor", "of one element", c.Shape);
        return c.Span[0];
    }

    /// <summary>A copy of the elements in row-major order.</summary>
    public float[] ToArray() => Core.Span.ToArray();

    /// <summary>A copy of the values that belongs to no graph and lives as long as it is referenced.</summary>
    /// <remarks>To carry a state into the next training step without allocating, use
    /// <see cref="CopyFrom(Tensor)"/>.</remarks>
    public Tensor Detach() => From(Span, Shape);

    /// <summary>Copies the values of <paramref name="source"/>, of the same shape, into this tensor; no gradient
    /// flows.</summary>
    public void CopyFrom(Tensor source)
    {
        if (source.Shape != Shape) ShapeException.Throw("Tensor.CopyFrom: source", $"{Shape}", source.Shape);
        source.Span.CopyTo(MutableSpan);
    }

    /// <summary>Copies <paramref name="values"/>, one per element in row-major order, into this tensor.</summary>
    public void CopyFrom(ReadOnlySpan<float> values)
    {
        if (values.Length != Length)
            throw new ShapeException($"Tensor.CopyFrom: {Shape} needs {Length} values but {values.Length} came.");
        values.CopyTo(MutableSpan);
    }

    /// <summary>Says whether gradients are wanted for this leaf (a fresh tensor wants none; a module's parameter
    /// does).</summary>
    /// <returns>This tensor, so that a call can be chained.</returns>
    /// <exception cref="InvalidOperationException">The tensor is the result of a recorded operation, or a
    /// gradient.</exception>
    public Tensor RequireGrad(bool required = true)
    {
        TensorCore c = Core;
        if (c.Producer is not null)
            throw new InvalidOperationException("Tensor.RequireGrad: only a leaf can change this; the tensor is the result of a recorded operation. Use Detach() first.");
        if (c.IsGradient && required)
            throw new InvalidOperationException("Tensor.RequireGrad: a gradient cannot be differentiated again; double backward is not supported.");
        c.RequiresGrad = required;
        return this;
    }

    /// <summary>Forgets the gradient of this leaf; its memory is kept for the next one.</summary>
    public void ZeroGrad() => Core.HasGrad = false;

    /// <summary>Computes the gradients of this scalar for every leaf it depends on that requires one, and adds them to
    /// their <see cref="Grad"/>.</summary>
    /// <remarks>Frees the graph: a second call through the same operations throws. Intermediate results stay readable
    /// until the
    /// next recorded operation.</remarks>
    /// <exception cref="InvalidOperationException">Not a scalar, no graph, or a graph that is already
    /// freed.</exception>
    public void Backward() => Tape.Current.Backward(this, null);

    /// <summary>Computes gradients from the given gradient of this tensor.</summary>
    /// <param name="gradient">dLoss/dThis, of this tensor's shape.</param>
    public void Backward(Tensor gradient) => Tape.Current.Backward(this, gradient);

    /// <summary>Whether both handles name the same tensor (not whether the values are equal).</summary>
    public bool Equals(Tensor other) => ReferenceEquals(core, other.core) && generation == other.generation;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Tensor other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => core is null ? 0 : RuntimeHelpers.GetHashCode(core);

    /// <summary>Whether both handles name the same tensor.</summary>
    public static bool operator ==(Tensor left, Tensor right) => left.Equals(right);

    /// <summary>Whether the handles name different tensors.</summary>
    public static bool operator !=(Tensor left, Tensor right) => !left.Equals(right);

    /// <summary>Shape and first values, for people.</summary>
    public override string ToString()
    {
        if (core is null) return "Tensor (default)";
        if (IsStale) return "Tensor (of a step that is over)";
        const int shown = 8;
        ReadOnlySpan<float> values = Span;
        var text = new StringBuilder("Tensor ").Append(Shape.ToString()).Append(" {");
        for (int i = 0; i < Math.Min(shown, values.Length); i++) text.Append(i == 0 ? " " : ", ").Append(values[i]);
        return text.Append(values.Length > shown ? ", ... }" : " }").ToString();
    }
}
