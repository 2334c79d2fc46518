namespace Recur.Data;

/// <summary>Examples cut from two tensors along their first dimension, as torch.utils.data.TensorDataset.</summary>
/// <remarks>Batches have the examples along their first dimension, so they suit modules with <c>batchFirst: true</c>.
/// <see cref="TensorBatches"/> is the short way to the same batches without threads.</remarks>
public sealed class TensorDataset : IDataset<Batch>
{
    private readonly Tensor inputs, targets;

    /// <summary>Keeps the tensors; they are not copied.</summary>
    /// <param name="inputs">[number of examples, ...].</param>
    /// <param name="targets">[number of examples, ...].</param>
    /// <exception cref="ShapeException">Another number of targets than of inputs, or a scalar.</exception>
    public TensorDataset(Tensor inputs, Tensor targets)
    {
        if (inputs.Rank == 0) ShapeException.Throw("TensorDataset: inputs", "[number of examples, ...]", inputs.Shape);
        if (targets.Rank == 0 || targets.Shape[0] != inputs.Shape[0])
            ShapeException.Throw(
                "TensorDataset: targets", $"[{inputs.Shape[0]}, ...] (as many as inputs)", targets.Shape);
        this.inputs = inputs;
        this.targets = targets;
    }

    /// <summary>The number of examples.</summary>
    public int Count => inputs.Shape[0];

    /// <summary>1.</summary>
    public int LengthOf(int example) => 1;

    /// <summary>The examples one after the other.</summary>
    public Batch Collate(ReadOnlySpan<int> examples, BatchMemory memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        var batch = new Batch(
            memory.Tensor(0, inputs.Shape.With(0, examples.Length)),
            memory.Tensor(1, targets.Shape.With(0, examples.Length)));
        Gather(inputs, examples, batch.Input);
        Gather(targets, examples, batch.Target);
        return batch;
    }

    private static void Gather(Tensor source, ReadOnlySpan<int> examples, Tensor destination)
    {
        ReadOnlySpan<float> from = source.Span;
        Span<float> to = destination.MutableSpan;
        int length = examples.Length == 0 ? 0 : to.Length / examples.Length;
        for (int i = 0; i < examples.Length; i++) from.Slice(examples[i] * length, length).CopyTo(to[(i * length)..]);
    }
}
