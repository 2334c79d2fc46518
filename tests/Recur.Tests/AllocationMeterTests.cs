namespace Recur.Tests;

public class AllocationMeterTests
{
    [Fact]
    public void Of_AStepThatAllocates_CountsItsBytes()
    {
        object? kept = null;
        long one = AllocationMeter.Of(1, () => kept = new byte[1000]);
        Assert.InRange(one, 1000, 1100);
        Assert.NotNull(kept);
    }
}
