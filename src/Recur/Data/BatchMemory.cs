namespace Recur.Data;

/// <summary>The memory a data set fills with one batch after the other.</summary>
/// <remarks>Every batch takes what it needs by number. The memory of a number grows to the largest use and serves all
/// shapes, so batches of changing length allocate nothing once the longest one has come and each shape has been seen. A
/// <see cref="DataLoader{TBatch}"/> has one of these for every batch it prepares.</remarks>
public sealed class BatchMemory
{
    private readonly List<TensorSlot> tensors = [];
    private readonly List<Dictionary<int, int[]>> integers = [];

    /// <summary>A tensor of unspecified contents; all tensors taken under one number share their memory.</summary>
    /// <param name="number">0 for the first tensor of a batch, 1 for the next ...</param>
    /// <param name="shape">Its shape.</param>
    public Tensor Tensor(int number, Shape shape)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        while (tensors.Count <= number) tensors.Add(new TensorSlot());
        return tensors[number].Take(shape);
    }

    /// <summary>Whole numbers of unspecified contents, such as the lengths of sequences.</summary>
    /// <param name="number">0 for the first array of a batch, 1 for the next ...</param>
    /// <param name="count">Its length.</param>
    public int[] Integers(int number, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        while (integers.Count <= number) integers.Add([]);
        if (!integers[number].TryGetValue(count, out int[]? array))
            integers[number].Add(count, array = new int[count]);
        return array;
    }

    private sealed class TensorSlot
    {
        private readonly Dictionary<Shape, Tensor> handles = [];
        private float[] memory = [];

        public Tensor Take(Shape shape)
        {
            if (handles.TryGetValue(shape, out Tensor known)) return known;
            if (memory.Length < shape.ElementCount)
            {
                handles.Clear();
                memory = new float[shape.ElementCount];
            }

            Tensor handle = Recur.Tensor.Over(memory, shape);
            handles.Add(shape, handle);
            return handle;
        }
    }
}
