using Recur.Ops;

namespace Recur.Tests.Ops;

[Collection(AloneCollection.Name)]
public sealed class RaggedRowsTests
{
    [Fact]
    public void Plan_TiesAndEmptySequences_SortsLongestFirstInTheGivenOrder()
    {
        int[] sorted = new int[6], unsorted = new int[6], batchSizes = new int[5], offsets = new int[6];
        int longest = RaggedRows.Plan([2, 0, 4, 2, 4, 1], sorted, batchSizes, offsets);
        RaggedRows.Invert(sorted, unsorted);
        Assert.Equal(4, longest);
        Assert.Equal([2, 4, 0, 3, 5, 1], sorted);
        Assert.Equal([2, 5, 0, 3, 1, 4], unsorted);
        Assert.Equal([5, 4, 2, 2, 0], batchSizes);
        Assert.Equal([0, 5, 9, 11, 13, 13], offsets);
    }

    [Fact]
    public void Plan_NoSequencesOrNoSteps_IsEmpty()
    {
        int[] batchSizes = [7, 7], offsets = [7, 7, 7], sorted = [7, 7, 7];
        Assert.Equal(0, RaggedRows.Plan([], [], batchSizes, offsets));
        Assert.Equal([0, 0], batchSizes);
        Assert.Equal([0, 0, 0], offsets);
        Assert.Equal(0, RaggedRows.Plan([0, 0, 0], sorted, [], offsets.AsSpan(0, 1)));
        Assert.Equal([0, 1, 2], sorted);
    }

    [Fact]
    public void Plan_Any_MatchesAStableSort()
    {
        var random = new Random(3);
        for (int round = 0; round < 200; round++)
        {
            int n = random.Next(0, 40), steps = random.Next(0, 10);
            int[] lengths = [.. Enumerable.Range(0, n).Select(_ => random.Next(0, steps + 1))];
            int[] sorted = new int[n], batchSizes = new int[steps], offsets = new int[steps + 1];
            Assert.Equal(lengths.Append(0).Max(), RaggedRows.Plan(lengths, sorted, batchSizes, offsets));
            Assert.Equal(Enumerable.Range(0, n).OrderByDescending(i => lengths[i]), sorted); // OrderBy is stable
            Assert.Equal(Enumerable.Range(0, steps).Select(t => lengths.Count(l => l > t)), batchSizes);
            Assert.Equal(lengths.Sum(), offsets[steps]);
        }
    }

    [Fact]
    public void CheckAndPlan_Always_AllocateNothing()
    {
        int[] lengths = [2, 0, 4], sorted = new int[3], batchSizes = new int[4], offsets = new int[5];
        Run();
        Assert.Equal(0, AllocationMeter.Of(1, Run));

        void Run()
        {
            RaggedRows.Check("Lstm.Forward", lengths, 3, 4);
            RaggedRows.Plan(lengths, sorted, batchSizes, offsets);
        }
    }

    [Theory]
    [InlineData(new[] { 1, 2 }, "Lstm.Forward: lengths must have 3 values (N = 3) but had 2.")]
    [InlineData(new[] { 1, -1, 2 }, "Lstm.Forward: lengths[1] must be in 0..4 (T = 4) but was -1.")]
    [InlineData(new[] { 1, 2, 5 }, "Lstm.Forward: lengths[2] must be in 0..4 (T = 4) but was 5.")]
    public void Check_WrongLengths_SaysWhatWasExpected(int[] lengths, string text) => Assert.Equal(
        text, Assert.ThrowsAny<ArgumentException>(() => RaggedRows.Check("Lstm.Forward", lengths, 3, 4)).Message);
}
