using System.Runtime.Intrinsics;
using Recur.Kernels;

namespace Recur.Tests.Repository;

/// <summary>The switches of the instruction-set sweep of .ci/run do what it believes.</summary>
[Collection(AloneCollection.Name)]
public sealed class InstructionSetTests
{
    // Set by .ci/run beside a switch: the widest vectors that the switch leaves.
    private static readonly string? Expected = Environment.GetEnvironmentVariable("RECUR_EXPECT_ISA");
    private static readonly string? Forced = Environment.GetEnvironmentVariable(Isa.Variable);

    [Fact]
    public void Current_InThisProcess_IsWhatTheSwitchLeaves()
    {
        IsaLevel widest = Isa.Available[^1];
        if (string.IsNullOrEmpty(Forced)) Assert.Equal(widest, Isa.Current);
        if (string.IsNullOrEmpty(Expected)) return;

        IsaLevel expected = Expected switch
        {
            "scalar" => IsaLevel.Scalar,
            "128" => IsaLevel.Vector128,
            "256" => IsaLevel.Vector256,
            _ => IsaLevel.Vector512,
        };
        if (!string.IsNullOrEmpty(Forced))
        {
            Assert.Equal(expected, Isa.Current);
            return;
        }

        // Without our own switch the runtime's has taken the instructions away: nothing in the process can use them.
        Assert.True(Isa.Current <= expected, $"{Isa.Current} is wider than {expected}");
        if (expected < IsaLevel.Vector512) Assert.False(Vector512.IsHardwareAccelerated);
        if (expected < IsaLevel.Vector256) Assert.False(Vector256.IsHardwareAccelerated);
        if (expected < IsaLevel.Vector128) Assert.False(Vector128.IsHardwareAccelerated);
    }
}
