using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Recur.Autograd;

/// <summary>One recorded operation: its inputs, its outputs, what it saved, and how gradients flow back.</summary>
/// <remarks>
/// An operation is one class with a static <c>Apply</c> (forward) beside <see cref="Backward"/>. Nothing is registered
/// anywhere. The class needs a parameterless constructor, because nodes are used again step after step; fields set in
/// Apply are simply set anew. See docs/adding-an-op.md.
/// <code>
/// public sealed class SquareOp : Node
/// {
///     public static Tensor Apply(Tensor x)
///     {
///         var op = Begin&lt;SquareOp&gt;(x);
///         Tensor y = op.NewOutput(x.Shape);
///         // ... y.MutableSpan from x.Span
///         return op.Record(y);
///     }
///
///     protected override void Backward()
///     {
///         // ... add 2 x dy to InputGrad(0)
///     }
/// }
/// </code>
/// </remarks>
public abstract class Node
{
    private Tensor[] inputs = new Tensor[2];
    private bool[] needsGrad = new bool[2];
    private TensorCore?[] outputs = new TensorCore?[1];
    private float[]?[] saved = [];
    private int inputCount, outputCount, savedCount;
    private Tape tape = null!;
    private bool isLending;

    /// <summary>Position in the order of recording: an operation's inputs always have smaller numbers.</summary>
    internal long Number;
    internal long VisitedBy;
    internal bool Freed;
    internal int PoolIndex;

    /// <summary>Whether this operation will be recorded: recording is on and an input requires a gradient.</summary>
    protected bool IsTracked { get; private set; }

    /// <summary>The number of inputs.</summary>
    protected int InputCount => inputCount;

    // ---- Forward -------------------------------------------------------------------------------------------------

    /// <summary>Starts an operation with one input.</summary>
    protected static T Begin<T>(Tensor input) where T : Node, new() => Begin<T>([input], default);

    /// <summary>Starts an operation with two inputs; one that is absent is <c>default</c>.</summary>
    protected static T Begin<T>(Tensor first, Tensor second) where T : Node, new() => Begin<T>([first, second], default);

    /// <summary>Starts an operation with two inputs and a list of others, such as a module's parameters.</summary>
    protected static T Begin<T>(Tensor first, Tensor second, ReadOnlySpan<Tensor> others) where T : Node, new() =>
        Begin<T>([first, second], others);

    /// <summary>Starts an operation with three inputs and a list of others.</summary>
    private protected static T Begin<T>(Tensor first, Tensor second, Tensor third, ReadOnlySpan<Tensor> others) where T : Node, new() =>
        Begin<T>([first, second, third], others);

    /// <summary>Starts an operation; an optional input that is absent is <c>default</c>.</summary>
    /// <exception cref="InvalidOperationException">An input belongs to a graph that Backward has freed.</exception>
    protected static T Begin<T>(ReadOnlySpan<Tensor> inputs) where T : Node, new() => Begin<T>(inputs, default);

    private static T Begin<T>(ReadOnlySpan<Tensor> first, ReadOnlySpan<Tensor> others) where T : Node, new()
    {
        Tape current = Tape.Current;
        bool tracked = current.GradEnabled && (AnyTracked<T>(first) | AnyTracked<T>(others));
        // The handles are checked; a step begins here, so what Backward has left readable is taken back now.
        if (tracked) current.ReclaimFreedNodes();
        T op = current.RentNode<T>();
        Node node = op;
        node.tape = current;
        node.IsTracked = tracked;
        node.isLending = !tracked && current.LendsResults;
        node.inputCount = first.Length + others.Length;
        node.outputCount = 0;
        node.savedCount = 0;
        if (node.inputs.Length < node.inputCount)
        {
            node.inputs = new Tensor[node.inputCount];
            node.needsGrad = new bool[node.inputCount];
        }

        first.CopyTo(node.inputs);
        others.CopyTo(node.inputs.AsSpan(first.Length));
        for (int i = 0; i < node.inputCount; i++)
            node.needsGrad[i] = tracked && !IsAbsent(node.inputs[i]) && node.inputs[i].Core.RequiresGrad;
        return op;
    }

    private static bool AnyTracked<T>(ReadOnlySpan<Tensor> inputs)
    {
        bool tracked = false;
        foreach (ref readonly Tensor input in inputs)
        {
            if (IsAbsent(input) || !input.Core.RequiresGrad) continue;
            if (input.Core.Freed) ThrowFreed(typeof(T));
            tracked = true;
        }

        return tracked;
    }

    private static bool IsAbsent(in Tensor tensor) => tensor == default;

    /// <summary>Memory for the next output, of unspecified contents; Apply writes every element.</summary>
    protected Tensor NewOutput(in Shape shape)
    {
        if (!IsTracked && !isLending) return Tensor.Empty(shape);
        TensorCore core = NextOutputCore(shape);
        core.Array = tape.Buffers.Rent(shape.ElementCount);
        core.Offset = BufferPool.StartOf(core.Array);
        core.Base = null;
        return new Tensor(core);
    }

    /// <summary>An output that shares the memory of input <paramref name="index"/> from element
    /// <paramref name="offset"/> on.</summary>
    protected Tensor NewView(int index, in Shape shape, int offset = 0)
    {
        TensorCore core = IsTracked || isLending ? NextOutputCore(shape) : new TensorCore(shape, []);
        core.ViewOf(inputs[index].Core, offset);
        return new Tensor(core);
    }

    private TensorCore NextOutputCore(in Shape shape)
    {
        if (outputCount == outputs.Length) Array.Resize(ref outputs, outputs.Length * 2);
        TensorCore core = outputs[outputCount++] ??= new TensorCore(shape, []);
        core.Shape = shape;
        core.Freed = false;
        core.HasGrad = false;
        return core;
    }

    /// <summary>Memory that stays as written until <see cref="Backward"/> has run: values the backward pass
    /// needs.</summary>
    protected Span<float> Save(int length)
    {
        if (savedCount == saved.Length) Array.Resize(ref saved, Math.Max(2, saved.Length * 2));
        float[] buffer = tape.Buffers.Rent(length);
        saved[savedCount++] = buffer;
        return buffer.AsSpan(BufferPool.StartOf(buffer), length);
    }

    /// <summary>Ends the forward pass of an operation with one output: it joins the graph when an input is
    /// tracked.</summary>
    protected Tensor Record(Tensor output)
    {
        Record();
        return output;
    }

    /// <summary>Ends the forward pass of an operation with several outputs.</summary>
    protected void Record()
    {
        if (isLending)
        {
            ReturnSaved();
            ForgetInputs();
            tape.Lend(this);
            return;
        }

        if (!IsTracked)
        {
            Release();
            return;
        }

        long newestInput = 0;
        for (int i = 0; i < inputCount; i++)
            if (needsGrad[i] && inputs[i].Core.Producer is { } producer) newestInput = Math.Max(newestInput, producer.Number);
        Number = tape.NextNumber(newestInput);
        Freed = false;
        for (int i = 0; i < outputCount; i++)
        {
            TensorCore core = outputs[i]!;
            core.Producer = this;
            core.RequiresGrad = true;
        }
    }

    // ---- Backward ------------------------------------------------------------------------------------------------

    /// <summary>Adds this operation's share to the gradient of every input that needs one.</summary>
    protected abstract void Backward();

    /// <summary>Ends what <see cref="Backward"/> has put off by <see cref="FinishLater"/>; all nodes have run then.</summary>
    private protected virtual void Finish()
    {
    }

    /// <summary>Keeps what this node holds until all others have run, and calls <see cref="Finish"/> then.</summary>
    private protected void FinishLater()
    {
        IsUnfinished = true;
        tape.FinishLater(this);
    }

    /// <summary>The nodes that will be finished later.</summary>
    private protected ReadOnlySpan<Node> Unfinished => tape.Unfinished;

    internal bool IsUnfinished { get; private set; }

    internal void RunBackward() => Backward();

    internal void RunFinish() => Finish();

    /// <summary>Input <paramref name="index"/> as given to Apply.</summary>
    protected Tensor Input(int index) => inputs[index];

    /// <summary>Whether a gradient for input <paramref name="index"/> is wanted; the work for one that is not can be
    /// saved.</summary>
    protected bool NeedsGrad(int index) => needsGrad[index];

    /// <summary>The values of output <paramref name="index"/>.</summary>
    protected ReadOnlySpan<float> Output(int index = 0) => outputs[index]!.Span;

    /// <summary>The shape of output <paramref name="index"/>.</summary>
    protected Shape OutputShape(int index = 0) => outputs[index]!.Shape;

    /// <summary>Whether any gradient reached output <paramref name="index"/>.</summary>
    protected bool HasOutputGrad(int index = 0) => outputs[index]!.HasGrad;

    /// <summary>The gradient of output <paramref name="index"/>; zeros when none reached it. It may be overwritten:
    /// nobody reads it again.</summary>
    protected Span<float> OutputGrad(int index = 0) => GradOf(outputs[index]!);

    /// <summary>The gradient of input <paramref name="index"/>, to add to. It is not complete: other operations may add to it
    /// later.</summary>
    protected Span<float> InputGrad(int index)
    {
        Debug.Assert(needsGrad[index], "InputGrad of an input that needs none");
        return GradOf(inputs[index].Core);
    }

    /// <summary>The same for an operation whose first product overwrites what nobody has added to yet.</summary>
    /// <param name="index">The input.</param>
    /// <param name="fresh">Whether the memory holds no gradient, but whatever was there before; all of it must be
    /// written then.</param>
    private protected Span<float> InputGrad(int index, out bool fresh)
    {
        Debug.Assert(needsGrad[index], "InputGrad of an input that needs none");
        fresh = !inputs[index].Core.HasGrad;
        return GradOf(inputs[index].Core, clear: false);
    }

    /// <summary>The same for an operation that adds to few rows of the input: those of a leaf are listed, so that
    /// nobody need look at the others.</summary>
    /// <param name="index">The input.</param>
    /// <param name="rows">The numbers of the rows that will be added to; negative ones stand for none.</param>
    private protected Span<float> InputGradRows(int index, ReadOnlySpan<int> rows)
    {
        TensorCore core = inputs[index].Core;
        if (core.Producer is not null) return InputGrad(index);
        TouchedRows touched = core.TouchedRows ??= new TouchedRows();
        if (!core.HasGrad) touched.Begin(AllocateGrad(core), core.Shape[0]);
        touched.Add(rows);
        return core.Grad!.Span;
    }

    /// <summary>Saved memory number <paramref name="index"/>, in the order of the calls of
    /// <see cref="Save"/>.</summary>
    protected Span<float> Saved(int index, int length)
    {
        float[] buffer = saved[index]!;
        return buffer.AsSpan(BufferPool.StartOf(buffer), length);
    }

    /// <summary>The number that the next saved memory will have.</summary>
    private protected int SavedCount => savedCount;

    /// <summary>Memory for the backward pass alone, of unspecified contents.</summary>
    protected Span<float> Scratch(int length) => Save(length);

    private Span<float> GradOf(TensorCore core, bool clear = true)
    {
        core.TouchedRows?.AddAll();
        if (core.HasGrad) return core.Grad!.Span;
        TensorCore grad = AllocateGrad(core);
        if (clear) grad.Span.Clear();
        return grad.Span;
    }

    private TensorCore AllocateGrad(TensorCore core)
    {
        TensorCore grad = core.Grad ??= new TensorCore(core.Shape, []) { IsGradient = true };
        grad.Shape = core.Shape;
        if (core.Producer is not null)
        {
            grad.Array = tape.Buffers.Rent(core.Shape.ElementCount);
            grad.Offset = BufferPool.StartOf(grad.Array);
        }
        else if (grad.Array.Length != core.Shape.ElementCount) grad.Array = new float[core.Shape.ElementCount];
        core.HasGrad = true;
        return grad;
    }

    /// <summary>Sets the gradient Backward starts from.</summary>
    internal static void Seed(Node producer, TensorCore core, ReadOnlySpan<float> gradient)
    {
        Span<float> grad = producer.GradOf(core);
        if (gradient.IsEmpty) grad.Fill(1f); // one element, or none
        else gradient.CopyTo(grad);
    }

    // ---- Life cycle ----------------------------------------------------------------------------------------------

    internal ReadOnlySpan<Tensor> Inputs => inputs.AsSpan(0, inputCount);

    internal bool InputNeedsGrad(int index) => needsGrad[index];

    /// <summary>From now on memory comes from and goes to the pools of this tape.</summary>
    internal void MoveTo(Tape owner) => tape = owner;

    /// <summary>After Backward: the saved memory and the outputs' gradients go back at once; the outputs stay
    /// readable.</summary>
    internal void Free()
    {
        Freed = true;
        IsUnfinished = false;
        for (int i = 0; i < outputCount; i++)
        {
            TensorCore core = outputs[i]!;
            core.Freed = true;
            if (!core.HasGrad) continue;
            tape.Buffers.Return(core.Grad!.Array);
            core.Grad.Array = [];
            core.HasGrad = false;
        }

        ReturnSaved();
    }

    /// <summary>When the next step begins or an inference scope ends: the outputs' memory goes back and their handles become
    /// stale.</summary>
    internal void Reclaim()
    {
        for (int i = 0; i < outputCount; i++)
        {
            TensorCore core = outputs[i]!;
            core.Generation++;
            core.Producer = null;
            core.RequiresGrad = false;
            if (core.Base is null) tape.Buffers.Return(core.Array);
            core.Array = [];
            core.Base = null;
        }

        Release();
    }

    private void Release()
    {
        ReturnSaved();
        ForgetInputs();
        tape.ReturnNode(this);
    }

    private void ForgetInputs() => Array.Clear(inputs, 0, inputCount);

    private void ReturnSaved()
    {
        for (int i = 0; i < savedCount; i++)
        {
            tape.Buffers.Return(saved[i]!);
            saved[i] = null;
        }

        savedCount = 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowFreed(Type op)
    {
        // An operation shared by many functions is named by the function.
        string name = op.IsGenericType ? op.GenericTypeArguments[0].Name : op.Name;
        if (name.EndsWith("Op", StringComparison.Ordinal)) name = name[..^2];
        throw new InvalidOperationException(
            $"{name}: an input belongs to a graph that Backward has already freed. " +
            "A hidden state carried into the next step needs Detach(); " +
            "losses of one graph are summed and Backward called once.");
    }
}
