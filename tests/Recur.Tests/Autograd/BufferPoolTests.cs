using Recur.Autograd;

namespace Recur.Tests.Autograd;

public class BufferPoolTests
{
    [Fact]
    public unsafe void Rent_EveryLength_HoldsItFromAWholeCacheLineOn()
    {
        var pool = new BufferPool();
        for (int length = 0; length <= 5000; length += length < 70 ? 1 : 37)
        {
            float[] array = pool.Rent(length);
            int start = BufferPool.StartOf(array);
            Assert.True(start >= 0 && start + length <= array.Length, $"{length} elements from {start} on in {array.Length}.");
            if (length < 1024) continue;
            fixed (float* p = array) Assert.Equal(0u, (nuint)(p + start) % 64);
        }
    }

    [Fact]
    public void Return_AnyLength_ServesTheSameLengthAgain()
    {
        foreach (int length in (int[])[0, 1, 16, 17, 1000, 1023, 1024, 1025, 1039, 1040, 1041, 1280, 4096, 100_000])
        {
            var pool = new BufferPool();
            float[] array = pool.Rent(length);
            pool.Return(array);
            Assert.Same(array, pool.Rent(length));
        }
    }
}
