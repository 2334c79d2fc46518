using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>SplitMix64 (Steele, Lea, Flood 2014): 64 random bits in five operations, from a state that only
/// counts.</summary>
internal static class SplitMix
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    /// <summary>The next 64 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Next(ref ulong state) => Mix(state += Golden);

    /// <summary>A state for each pair of numbers; neighbours have nothing in common.</summary>
    public static ulong Seed(ulong a, ulong b) => Mix(Mix(a + Golden) ^ (b * Golden));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>A whole number from 0 to n - 1 out of 32 random bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Below(uint bits, int n) => (int)(((ulong)bits * (uint)n) >> 32);
}
