using Recur.Kernels;

namespace Recur.Tests.Kernels;

public class BlocksTests
{
    private const float Guard = -77f;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5)]
    public void Copy_EveryLength_CopiesTheRowsAndNothingElse(int count)
    {
        for (int length = 0; length <= 70; length++)
        {
            for (int gap = 0; gap <= 3; gap++)
            {
                int sourceStep = length + gap, targetStep = length + (gap + 1) % 4;
                float[] source = [.. Enumerable.Range(0, count * sourceStep).Select(i => (float)i)];
                var target = new float[count * targetStep];
                Array.Fill(target, Guard);
                Blocks.Copy(source, sourceStep, target, targetStep, length, count);
                for (int at = 0; at < target.Length; at++)
                {
                    int row = at / targetStep, column = at % targetStep;
                    Assert.Equal(column < length ? source[row * sourceStep + column] : Guard, target[at]);
                }
            }
        }
    }
}
