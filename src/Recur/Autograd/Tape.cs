using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Recur.Autograd;

/// <summary>One thread's recording: the grad mode, the pools, and the walk backward over what was recorded.</summary>
/// <remarks>
/// Nodes hang on the tensors they made, so a graph that nobody differentiates is simply collected. Nodes that Backward
/// has
/// passed wait in <see cref="freed"/>, readable, until the next recorded operation takes their memory back.
/// </remarks>
internal sealed class Tape
{
    [ThreadStatic] private static Tape? current;
    private static int nodeTypes;
    private static long lastWalk;

    /// <summary>The tape of this thread.</summary>
    public static Tape Current => current ??= new Tape();

    private readonly List<Node> freed = [];
    private readonly List<Node> unfinished = [];
    private readonly List<Node> lent = [];
    private readonly Stack<Node> pending = new();
    private Stack<Node>?[] nodePools = new Stack<Node>?[64];
    private Node[] order = new Node[64];
    private long[] orderKeys = new long[64];
    private long lastNumber;
    private long nodesLent;
    private bool walking;
    private int collected;

    public bool GradEnabled { get; set; } = true;

    /// <summary>Inside <see cref="GradMode.Inference"/>: results of untracked operations come from the pool until the scope
    /// ends.</summary>
    public bool LendsResults { get; set; }

    /// <summary>Operations whose results are lent.</summary>
    public int LentNodes => lent.Count;

    public BufferPool Buffers { get; } = new();

    /// <summary>A number above those of the inputs, which another thread may have recorded.</summary>
    public long NextNumber(long newestInput) => lastNumber = Math.Max(lastNumber, newestInput) + 1;

    // ---- Pool of nodes -------------------------------------------------------------------------------------------

    private static class NodeType<T>
    {
        public static readonly int Index = Interlocked.Increment(ref nodeTypes) - 1;
    }

    public T RentNode<T>() where T : Node, new()
    {
        int index = NodeType<T>.Index;
        nodesLent++;
        if (index >= nodePools.Length) Array.Resize(ref nodePools, Math.Max(index + 1, nodePools.Length * 2));
        if (nodePools[index] is { Count: > 0 } pool) return (T)pool.Pop();
        return new T { PoolIndex = index };
    }

    public void ReturnNode(Node node)
    {
        if (nodesLent == 0) return; // it comes from another thread's tape: see BufferPool.Return
        nodesLent--;
        if (node.PoolIndex >= nodePools.Length) Array.Resize(ref nodePools, Math.Max(node.PoolIndex + 1, nodePools.Length * 2));
        (nodePools[node.PoolIndex] ??= new Stack<Node>()).Push(node);
    }

    /// <summary>Takes back the memory of the nodes that Backward has freed; called when the next operation is
    /// recorded.</summary>
    public void ReclaimFreedNodes()
    {
        if (freed.Count == 0) return;
        // Newest last in `freed` is the oldest node: returned in walking order, so that the pools hand them out in
        // recording order.
        foreach (Node node in freed) node.Reclaim();
        freed.Clear();
    }

    // ---- Inference scopes ----------------------------------------------------------------------------------------

    /// <summary>Keeps an operation that has lent its results.</summary>
    public void Lend(Node node) => lent.Add(node);

    /// <summary>Ends the life of what was lent since there were <paramref name="count"/> such operations.</summary>
    public void TakeBackResults(int count)
    {
        for (int i = lent.Count - 1; i >= count; i--) lent[i].Reclaim();
        lent.RemoveRange(count, lent.Count - count);
    }

    // ---- Backward ------------------------------------------------------------------------------------------------

    public void Backward(Tensor root, Tensor? gradient)
    {
        TensorCore core = root.Core;
        if (core.Freed) ThrowFreed();
        if (core.Producer is not { } producer)
        {
            if (!core.RequiresGrad) ThrowNoGraph();
            throw new InvalidOperationException("Tensor.Backward: this tensor is a leaf, not the result of a recorded operation.");
        }

        if (gradient is { } given)
        {
            if (given.Shape != core.Shape) ShapeException.Throw("Tensor.Backward: gradient", $"{core.Shape}", given.Shape);
        }
        else if (core.Shape.ElementCount != 1)
        {
            ShapeException.Throw("Tensor.Backward: without a gradient the tensor", "of one element (call Sum or Mean, or pass a gradient)", core.Shape);
        }

        if (walking) ThrowNested();
        bool enabled = GradEnabled;
        GradEnabled = false; // what a Backward computes is never recorded: double backward is not supported
        walking = true;
        int count = 0, passed = 0;
        try
        {
            count = CollectNewestFirst(producer);
            Node.Seed(producer, core, gradient is { } g ? g.Span : default);
            while (passed < count)
            {
                Node node = order[passed];
                node.RunBackward();
                freed.Add(node);
                passed++;
                if (!node.IsUnfinished) node.Free();
            }

            foreach (Node node in unfinished) node.RunFinish();
        }
        finally
        {
            // After an exception the whole graph counts as freed: a second attempt would find half of the gradients
            // added.
            for (; passed < count; passed++)
            {
                order[passed].Free();
                freed.Add(order[passed]);
            }

            foreach (Node node in unfinished)
                if (!node.Freed) node.Free();
            unfinished.Clear();

            GradEnabled = enabled;
            walking = false;
            pending.Clear();
            Array.Clear(order, 0, Math.Min(order.Length, collected));
        }
    }

    /// <summary>Nodes that have something to add when all others have run.</summary>
    public ReadOnlySpan<Node> Unfinished => CollectionsMarshal.AsSpan(unfinished);

    public void FinishLater(Node node) => unfinished.Add(node);

    /// <summary>Fills <see cref="order"/> with every node the root depends on, by falling number; no recursion, so
    /// depth does not matter.</summary>
    private int CollectNewestFirst(Node root)
    {
        long walk = Interlocked.Increment(ref lastWalk);
        int count = 0;
        bool sorted = true;
        root.VisitedBy = walk;
        pending.Push(root);
        while (pending.TryPop(out Node? node))
        {
            if (count == order.Length)
            {
                Array.Resize(ref order, count * 2);
                Array.Resize(ref orderKeys, count * 2);
            }

            node.MoveTo(this); // it may have been recorded by another thread, whose pools are not ours to touch
            order[count] = node;
            collected = count + 1;
            orderKeys[count] = -node.Number;
            sorted &= count == 0 || orderKeys[count - 1] < orderKeys[count];
            count++;

            ReadOnlySpan<Tensor> inputs = node.Inputs;
            for (int i = 0; i < inputs.Length; i++)
            {
                if (!node.InputNeedsGrad(i)) continue;
                if (inputs[i].IsStale) ThrowFreed();
                TensorCore input = inputs[i].Core;
                if (input.Producer is not { } producer || producer.VisitedBy == walk) continue;
                if (producer.Freed) ThrowFreed();
                producer.VisitedBy = walk;
                pending.Push(producer);
            }
        }

        if (!sorted) Array.Sort(orderKeys, order, 0, count);
        return count;
    }

    [DoesNotReturn]
    private static void ThrowNested() => throw new InvalidOperationException(
        "Tensor.Backward: this thread is inside another Backward; an operation computes its gradients without calling Backward.");

    [DoesNotReturn]
    private static void ThrowFreed() => throw new InvalidOperationException(
        "Tensor.Backward: an earlier Backward has already freed a part of this graph. " +
        "Sum the losses and call Backward once; a hidden state carried into the next step needs Detach().");

    [DoesNotReturn]
    private static void ThrowNoGraph() => throw new InvalidOperationException(
        "Tensor.Backward: this tensor has no graph: no input requires a gradient, it was made under GradMode.NoGrad or Inference, " +
        "or it was computed from a gradient (double backward is not supported).");
}
