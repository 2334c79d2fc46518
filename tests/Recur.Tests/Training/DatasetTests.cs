using Recur.Data;
using Recur.Nn;

namespace Recur.Tests.Training;

/// <summary>What data sets put into a batch.</summary>
public sealed class DatasetTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void SequenceDataset_TargetPerStep_IsWhatPadMakes(bool batchFirst)
    {
        int[] lengths = [3, 1, 4, 2];
        Tensor[] x = [.. lengths.Select((n, i) => Numbers([n, 2], 10 * i))], y = [.. lengths.Select((n, i) => Numbers([n], 100 * i))];
        var data = new SequenceDataset(x, y, targetPerStep: true, batchFirst, inputPadding: -1f, targetPadding: -100f);
        SequenceBatch batch = data.Collate([2, 0, 3], new BatchMemory());

        Assert.Equal([4, 3, 2], batch.Lengths);
        AssertEqual(Sequences.Pad([x[2], x[0], x[3]], batchFirst, -1f), batch.Input);
        AssertEqual(Sequences.Pad([y[2], y[0], y[3]], batchFirst, -100f), batch.Target);
        AssertEqual(Sequences.Mask([4, 3, 2], batchFirst: batchFirst), batch.Mask);
    }

    [Fact]
    public void SequenceDataset_OneTarget_IsStacked()
    {
        var data = new SequenceDataset([Numbers([2, 1]), Numbers([0, 1])], [Numbers([3], 1), Numbers([3], 7)]);
        SequenceBatch batch = data.Collate([1, 0], new BatchMemory());
        AssertEqual(Tensor.Stack([Numbers([3], 7), Numbers([3], 1)]), batch.Target);
        Assert.Equal([0, 2], batch.Lengths);

        // Nothing but empty sequences has one step all the same: a recurrent layer wants one.
        Assert.Equal([1, 1, 1], data.Collate([1], new BatchMemory()).Input.Shape);
    }

    [Fact]
    public void SequenceDataset_WrongShapes_SaysWhich()
    {
        Tensor a = Numbers([2, 1]), b = Numbers([3, 2]);
        Check("SequenceDataset: there are no sequences.", () => new SequenceDataset([], []));
        Check("SequenceDataset: 1 inputs need as many targets but there are 2.", () => new SequenceDataset([a], [a, a]));
        Check("SequenceDataset: inputs[1] must be [2, 1] (as the first one) but for its length but was [3, 2].",
            () => new SequenceDataset([a, b], [a, a]));
        Check("SequenceDataset: targets[1] must be [2, 1] but was [3, 2].", () => new SequenceDataset([a, a], [a, b]));
        Check("SequenceDataset: targets[0] must be [2, 2] but was [3, 2].", () => new SequenceDataset([a], [b], targetPerStep: true));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WindowDataset_Windows_AreSlicesOfTheSeries(bool batchFirst)
    {
        Tensor[] series = [Numbers([9, 2]), Numbers([3, 2], 50), Numbers([6, 2], 100)];
        var data = new WindowDataset(series, window: 3, horizon: 2, stride: 2, gap: 1, batchFirst);
        // 9 steps: windows at 0 and 2; 3 steps: none; 6 steps: one at 0.
        Assert.Equal(3, data.Count);
        Assert.Equal([(0, 0), (0, 2), (2, 0)], Enumerable.Range(0, 3).Select(data.Find));
        Batch batch = data.Collate([2, 1], new BatchMemory());
        int dim = batchFirst ? 0 : 1;
        AssertEqual(Tensor.Stack([series[2].Slice(0, 0, 3), series[0].Slice(0, 2, 3)], dim), batch.Input);
        AssertEqual(Tensor.Stack([series[2].Slice(0, 4, 2), series[0].Slice(0, 6, 2)], dim), batch.Target);
    }

    [Fact]
    public void WindowDataset_WrongNumbers_SaysWhich()
    {
        Tensor a = Numbers([4, 1]);
        Check("WindowDataset: window must be at least 1 but was 0.", () => new WindowDataset(a, 0));
        Check("WindowDataset: one window needs 5 steps but the longest series has 4.", () => new WindowDataset(a, 4));
        Check("WindowDataset: series 0 must be [steps, F] but was [4].", () => new WindowDataset(Numbers([4]), 1));
        Check("WindowDataset: series 1 must be [steps, 1] (as series 0) but was [4, 2].",
            () => new WindowDataset([a, Numbers([4, 2])], 1));
        Assert.Equal(3, new WindowDataset(a, 1).Count);
    }

    [Fact]
    public void BatchMemory_SmallerShapeAfterALarger_SharesItsMemory()
    {
        var memory = new BatchMemory();
        Tensor large = memory.Tensor(0, [2, 3]);
        large.MutableSpan.Fill(1f);
        Tensor small = memory.Tensor(0, [2]);
        small.MutableSpan.Fill(5f);
        Assert.Equal([5f, 5f, 1f, 1f, 1f, 1f], large.ToArray());
        Assert.Equal(large, memory.Tensor(0, [2, 3]));
        Assert.NotEqual(large, memory.Tensor(1, [2, 3]));
        Assert.Same(memory.Integers(0, 4), memory.Integers(0, 4));
    }

    [Fact]
    public void AddingProblem_Batches_HaveTwoMarksAndTheirSum()
    {
        var source = new AddingProblem(length: 11, batchSize: 64, batchCount: 3);
        source.BeginEpoch(0, new Rng(4));
        float[] first = source.GetBatch(0).Input.ToArray(), second = source.GetBatch(1).Input.ToArray();
        Assert.NotEqual(first, second);
        Assert.Equal(first, source.GetBatch(0).Input.ToArray()); // nothing random happens here
        source.BeginEpoch(1, new Rng(5));
        Assert.NotEqual(first, source.GetBatch(0).Input.ToArray());

        Batch batch = AddingProblem.Draw(11, 2000, new Rng(0));
        double sum = 0, squares = 0;
        for (int n = 0; n < 2000; n++)
        {
            int[] marks = [.. Enumerable.Range(0, 11).Where(t => batch.Input.Span[2 * (t * 2000 + n) + 1] == 1f)];
            Assert.Equal(2, marks.Length);
            Assert.True(marks[0] < 5 && marks[1] >= 5);
            float target = marks.Sum(t => batch.Input.Span[2 * (t * 2000 + n)]);
            Assert.Equal(target, batch.Target.Span[n]);
            sum += target - 1;
            squares += (target - 1) * (target - 1);
        }

        // Five standard errors of 2000 numbers: mean 0, variance 1/6.
        Assert.Equal(0, sum / 2000, 5 * Math.Sqrt(AddingProblem.ErrorOfTheMean / 2000));
        Assert.Equal(AddingProblem.ErrorOfTheMean, squares / 2000, 0.02);
        Check("AddingProblem: length must be at least 2 but was 1.", () => new AddingProblem(1, 1));
    }

    private static void Check(string error, Func<object> make) =>
        Assert.Equal(error, Assert.ThrowsAny<ArgumentException>(make).Message);

    private static void AssertEqual(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        Assert.Equal(expected.ToArray(), actual.ToArray());
    }

    private static Tensor Numbers(Shape shape, float first = 0f) =>
        Tensor.From([.. Enumerable.Range(0, shape.ElementCount).Select(i => first + i)], shape);
}
