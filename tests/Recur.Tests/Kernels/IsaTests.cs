using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Recur.Kernels;

namespace Recur.Tests.Kernels;

[Collection(AloneCollection.Name)]
public sealed class IsaTests
{
    [Fact]
    public void Available_HoldsScalarAndWhatTheProcessorHas()
    {
        Assert.Contains(IsaLevel.Scalar, Isa.Available);
        Assert.Equal(Vector128.IsHardwareAccelerated, Isa.Available.Contains(IsaLevel.Vector128));
        Assert.Equal(Avx2.IsSupported && Fma.IsSupported, Isa.Available.Contains(IsaLevel.Vector256));
        Assert.Equal(
            Vector512.IsHardwareAccelerated && Avx512F.IsSupported, Isa.Available.Contains(IsaLevel.Vector512));
        Assert.Equal(Isa.Available.Order(), Isa.Available);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Pick_Nothing_TakesTheWidest(string? forced) => Assert.Equal(Isa.Available[^1], Isa.Pick(forced));

    [Theory]
    [InlineData("scalar", 0)]
    [InlineData("128", 1)]
    [InlineData("256", 2)]
    [InlineData("512", 3)]
    public void Pick_Width_TakesItOrSaysThatItIsMissing(string forced, int level)
    {
        var wanted = (IsaLevel)level;
        if (Isa.Available.Contains(wanted))
        {
            Assert.Equal(wanted, Isa.Pick(forced));
            return;
        }

        Assert.Equal(
            $"RECUR_ISA is {forced}, but this processor or runtime cannot run {forced}-bit vectors.",
            Assert.Throws<InvalidOperationException>(() => Isa.Pick(forced)).Message);
    }

    [Theory]
    [InlineData("avx2")]
    [InlineData("SCALAR")]
    [InlineData(" 256")]
    public void Pick_UnknownWord_SaysWhatIsKnown(string forced) => Assert.Equal(
        $"RECUR_ISA must be scalar, 128, 256 or 512 but was \"{forced}\".",
        Assert.Throws<InvalidOperationException>(() => Isa.Pick(forced)).Message);

    private struct LaneCount : ISimdKernel
    {
        public int Lanes;

        public void Run<T>() where T : unmanaged, ISimd<T> => Lanes = T.Count;
    }

    [Fact]
    public void Run_EachLevel_RunsThatWidth() => IsaSweep.ForEach(level =>
    {
        var work = default(LaneCount);
        Isa.Run(ref work);
        int lanes = level switch { IsaLevel.Vector512 => 16, IsaLevel.Vector256 => 8, IsaLevel.Vector128 => 4, _ => 1 };
        Assert.Equal(lanes, work.Lanes);
    });
}
