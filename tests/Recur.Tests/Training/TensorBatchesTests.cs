using Recur.Data;

namespace Recur.Tests.Training;

public sealed class TensorBatchesTests
{
    private static Tensor Counting(params int[] shape)
    {
        Tensor t = Tensor.Zeros(new Shape(shape));
        for (int i = 0; i < t.Length; i++) t.MutableSpan[i] = i;
        return t;
    }

    [Fact]
    public void GetBatch_InOrder_CutsTheTensors()
    {
        var batches = new TensorBatches(Counting(5, 2), Counting(5), 2, shuffle: false);
        batches.BeginEpoch(0, new Rng(0));
        Assert.Equal(3, batches.BatchCount);
        Batch first = batches.GetBatch(0);
        Assert.Equal([2, 2], first.Input.Shape);
        Assert.Equal([0f, 1, 2, 3], first.Input.ToArray());
        Assert.Equal([0f, 1], first.Target.ToArray());
        Batch last = batches.GetBatch(2);
        Assert.Equal([1, 2], last.Input.Shape);
        Assert.Equal([8f, 9], last.Input.ToArray());
        Assert.Equal([4f], last.Target.ToArray());
        Assert.Equal(2, new TensorBatches(Counting(5, 2), Counting(5), 2, dropLast: true).BatchCount);
        Assert.Equal(1, new TensorBatches(Counting(5, 2), Counting(5), 9).BatchCount);
    }

    [Fact]
    public void BeginEpoch_Shuffled_IsTheGeneratorsPermutation()
    {
        var batches = new TensorBatches(Counting(7, 1), Counting(7, 1), 3);
        var rng = new Rng(5);
        byte[] state = rng.GetState();
        var orders = new List<int[]>();
        for (int epoch = 0; epoch < 3; epoch++)
        {
            batches.BeginEpoch(epoch, rng);
            int[] order = [.. Enumerable.Range(0, 3).SelectMany(i => batches.GetBatch(i).Target.ToArray()).Select(v => (int)v)];
            Assert.Equal(Enumerable.Range(0, 7), order.Order());
            orders.Add(order);
        }

        rng.SetState(state);
        foreach (int[] order in orders) Assert.Equal(rng.Permutation(7), order);
    }

    [Fact]
    public void New_WrongArguments_SayWhich()
    {
        Assert.Equal("TensorBatches: targets must be [5, ...] (as many as inputs) but was [4].",
            Assert.Throws<ShapeException>(() => new TensorBatches(Counting(5, 2), Counting(4), 2)).Message);
        Assert.Equal("TensorBatches: inputs must be [number of examples, ...] but was [].",
            Assert.Throws<ShapeException>(() => new TensorBatches(Tensor.Scalar(1), Counting(4), 2)).Message);
        Assert.Equal("TensorBatches: batchSize must be at least 1 but was 0.",
            Assert.Throws<ArgumentException>(() => new TensorBatches(Counting(5), Counting(5), 0)).Message);
        Assert.Equal("TensorBatches: 5 examples make no batch of 6 (dropLast is set).",
            Assert.Throws<ArgumentException>(() => new TensorBatches(Counting(5), Counting(5), 6, dropLast: true)).Message);
        Assert.Equal("TensorBatches: 0 examples make no batch of 6.",
            Assert.Throws<ArgumentException>(() => new TensorBatches(Counting(0), Counting(0), 6)).Message);
    }
}
