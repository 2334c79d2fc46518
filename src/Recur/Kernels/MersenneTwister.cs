using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Recur.Kernels;

/// <summary>The 32-bit Mersenne Twister MT19937 of Matsumoto and Nishimura (1998), a whole state of 624 words at a
/// time.</summary>
internal static class MersenneTwister
{
    public const int Words = 624;                  // n of the paper
    private const int Middle = 397;                // m
    private const uint TwistMatrix = 0x9908b0df;   // a
    private const uint UpperBit = 0x80000000;

    // The initialisation of 2002 (init_genrand): x[0] = seed, x[i] = 1812433253 · (x[i-1] ⊕ (x[i-1] ≫ 30)) + i.
    //   state [624]  out
    public static void Initialize(uint seed, Span<uint> state)
    {
        state[0] = seed;
        for (int i = 1; i < Words; i++) state[i] = 1812433253u * (state[i - 1] ^ (state[i - 1] >> 30)) + (uint)i;
    }

    // x[i] ← x[i+m mod n] ⊕ (upper bit of x[i] | lower 31 bits of x[i+1]) · A, for all i in turn.
    //   state [624]  in/out
    // A vector at i reads old words i .. i+width and writes i .. i+width-1; the words at i+m (still old) and at i-(n-m)
    // (already new) are at least 227 away, so wide steps see just what the loop of single steps sees.
    public static void Twist(Span<uint> state)
    {
        ref uint x = ref MemoryMarshal.GetReference(state[..Words]);
        int i = 0;
        i = TwistRange(ref x, i, Words - Middle, Middle);
        i = TwistRange(ref x, i, Words - 1, Middle - Words);
        state[i] = state[i + Middle - Words] ^ Mix(state[i], state[0]);
    }

    private static int TwistRange(ref uint x, int i, int end, int distance)
    {
        for (; i <= end - Vector<uint>.Count; i += Vector<uint>.Count)
        {
            Vector<uint> next = Vector.LoadUnsafe(ref x, (nuint)i + 1);
            Vector<uint> current = Vector.LoadUnsafe(ref x, (nuint)i);
            Vector<uint> y = (current & new Vector<uint>(UpperBit)) | (next & new Vector<uint>(~UpperBit));
            Vector<uint> odd = Vector<uint>.Zero - (next & Vector<uint>.One);
            Vector<uint> mixed = (y >>> 1) ^ (odd & new Vector<uint>(TwistMatrix));
            (Vector.LoadUnsafe(ref x, (nuint)(i + distance)) ^ mixed).StoreUnsafe(ref x, (nuint)i);
        }

        for (; i < end; i++)
            Unsafe.Add(ref x, i) =
                Unsafe.Add(ref x, i + distance) ^ Mix(Unsafe.Add(ref x, i), Unsafe.Add(ref x, i + 1));
        return i;
    }

    private static uint Mix(uint current, uint next) =>
        (((current & UpperBit) | (next & ~UpperBit)) >> 1) ^ ((0u - (next & 1)) & TwistMatrix);

    // The tempering of the paper, which makes the output equidistributed.
    //   state [624]  in      output [624]  out
    public static void Temper(ReadOnlySpan<uint> state, Span<uint> output)
    {
        ref uint source = ref MemoryMarshal.GetReference(state[..Words]);
        ref uint target = ref MemoryMarshal.GetReference(output[..Words]);
        int i = 0;
        for (; i <= Words - Vector<uint>.Count; i += Vector<uint>.Count)
        {
            Vector<uint> y = Vector.LoadUnsafe(ref source, (nuint)i);
            y ^= y >>> 11;
            y ^= (y << 7) & new Vector<uint>(0x9d2c5680);
            y ^= (y << 15) & new Vector<uint>(0xefc60000);
            y ^= y >>> 18;
            y.StoreUnsafe(ref target, (nuint)i);
        }

        for (; i < Words; i++)
        {
            uint y = Unsafe.Add(ref source, i);
            y ^= y >> 11;
            y ^= (y << 7) & 0x9d2c5680;
            y ^= (y << 15) & 0xefc60000;
            y ^= y >> 18;
            Unsafe.Add(ref target, i) = y;
        }
    }
}
