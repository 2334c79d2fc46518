using System.Buffers.Binary;
using Recur.Kernels;

namespace Recur;

/// <summary>A stream of random numbers: the same as PyTorch's CPU generator makes from the same seed.</summary>
/// <remarks>
/// <see cref="Seed"/> is <c>torch.manual_seed</c>: modules created after it start with PyTorch's values. The bits come
/// from MT19937
/// (Matsumoto and Nishimura 1998); the distributions draw and round as ATen does
/// (aten/src/ATen/core/DistributionsHelper.h and
/// native/cpu/DistributionTemplates.h). Uniform numbers, permutations and integers equal PyTorch's bit for bit, normal
/// numbers to
/// about two units in the last place (PyTorch's own differ as much between its builds).
/// <para>Calls from several threads are safe, each call draws as a whole, but which thread draws first is chance: for
/// a repeatable
/// run give every thread a generator of its own.</para>
/// </remarks>
public sealed class Rng
{
    /// <summary>The seed of <see cref="Default"/> until <see cref="Seed"/> is called; PyTorch gives it to a new
    /// torch.Generator.</summary>
    public const ulong DefaultSeed = 67280421310721;

    /// <summary>The length of <see cref="GetState"/>: PyTorch's struct, with the 624 words widened to 64
    /// bits.</summary>
    public const int StateLength = 24 + MersenneTwister.Words * 8 + 40;

    private const float TwoToMinus24 = 1f / (1 << 24);
    private const double TwoToMinus53 = 1.0 / (1L << 53);
    private const int NormalBlock = 16;

    private readonly Lock gate = new();
    private readonly uint[] state = new uint[MersenneTwister.Words];
    private readonly uint[] output = new uint[MersenneTwister.Words]; // state, tempered
    private ulong seed;
    private int next;        // of the next word in output
    private int left;        // words left plus one, as PyTorch counts and stores them
    private double cachedNormal;
    private bool hasCachedNormal;

    /// <summary>A generator that begins as <c>torch.Generator().manual_seed(seed)</c>.</summary>
    /// <param name="seed">Any number; as in PyTorch only its lower 32 bits choose the stream.</param>
    public Rng(ulong seed) => Reseed(seed);

    /// <summary>The generator of this process, from which modules draw their first weights and dropout its
    /// masks.</summary>
    /// <remarks>Shared by all threads: for a repeatable run create modules, and train with dropout, on one thread at a
    /// time.</remarks>
    public static Rng Default { get; } = new(DefaultSeed);

    /// <summary>Begins the stream of <see cref="Default"/> anew, as <c>torch.manual_seed(seed)</c>.</summary>
    /// <param name="seed">Any number; as in PyTorch only its lower 32 bits choose the stream.</param>
    public static void Seed(ulong seed) => Default.Reseed(seed);

    /// <summary>Begins this generator's stream anew.</summary>
    /// <param name="seed">Any number; as in PyTorch only its lower 32 bits choose the stream.</param>
    public void Reseed(ulong seed)
    {
        lock (gate)
        {
            this.seed = seed;
            MersenneTwister.Initialize((uint)seed, state);
            left = 1;
            next = 0;
            hasCachedNormal = false;
        }
    }

    /// <summary>The seed this stream began with.</summary>
    public ulong InitialSeed => seed;

    // ---- Single numbers ------------------------------------------------------------------------------------------

    /// <summary>32 random bits.</summary>
    public uint NextUInt32()
    {
        lock (gate) return Draw32();
    }

    /// <summary>64 random bits: two draws, the first in the upper half.</summary>
    public ulong NextUInt64()
    {
        lock (gate) return Draw64();
    }

    /// <summary>A number in [0, 1) with 24 random bits, as <c>torch.rand(1)</c>.</summary>
    public float NextUniform() => ToUniform(NextUInt32());

    /// <summary>A number in [0, 1) with 53 random bits, as <c>torch.rand(1, dtype=torch.float64)</c>.</summary>
    public double NextUniformDouble() => ToUniform(NextUInt64());

    /// <summary>An integer from <paramref name="low"/> (included) to <paramref name="high"/> (excluded), as
    /// <c>torch.randint</c>.</summary>
    /// <exception cref="ArgumentException"><paramref name="high"/> is not above <paramref name="low"/>.</exception>
    public int NextInt(int low, int high)
    {
        if (high <= low) throw new ArgumentException($"Rng.NextInt: high must be above low = {low} but was {high}.");
        return (int)(low + NextUInt32() % ((long)high - low));
    }

    // Below, gate is held.

    private uint Draw32()
    {
        if (--left == 0) Refill();
        return output[next++];
    }

    private ulong Draw64() => (ulong)Draw32() << 32 | Draw32();

    private static float ToUniform(uint bits) => (bits & 0xFFFFFF) * TwoToMinus24;

    private static double ToUniform(ulong bits) => (bits & ((1UL << 53) - 1)) * TwoToMinus53;

    private void Refill()
    {
        MersenneTwister.Twist(state);
        MersenneTwister.Temper(state, output);
        left = MersenneTwister.Words;
        next = 0;
    }

    // ---- Many numbers --------------------------------------------------------------------------------------------

    /// <summary>Fills with numbers from [low, high), as <c>Tensor.uniform_(low, high)</c>.</summary>
    /// <exception cref="ArgumentException"><paramref name="low"/> is above <paramref name="high"/>, or one is not
    /// finite.</exception>
    public void FillUniform(Span<float> destination, float low = 0f, float high = 1f)
    {
        if (!(low <= high) || !float.IsFinite(high - low))
            throw new ArgumentException(
                $"Rng.FillUniform: low and high must be finite and in order but were {low} and {high}.");
        float range = high - low;
        lock (gate)
        {
            // Fused, as PyTorch's kernel is compiled: the last bit of a default-initialised weight depends on it.
            for (int i = 0; i < destination.Length; i++)
                destination[i] = MathF.FusedMultiplyAdd(ToUniform(Draw32()), range, low);
        }
    }

    /// <summary>Fills with normal numbers, as <c>Tensor.normal_(mean, std)</c>.</summary>
    /// <remarks>Box and Muller 1958. Like PyTorch, fewer than 16 numbers are computed one by one in double, the second
    /// of each pair
    /// kept for the next call; 16 and more are computed in float from blocks of 16 uniform numbers, and a last block
    /// that is not
    /// full is drawn anew over the last 16 places.</remarks>
    /// <exception cref="ArgumentException"><paramref name="std"/> is negative, or one is not finite.</exception>
    public void FillNormal(Span<float> destination, float mean = 0f, float std = 1f)
    {
        if (!(std >= 0f) || !float.IsFinite(std) || !float.IsFinite(mean))
            throw new ArgumentException(
                $"Rng.FillNormal: mean and std must be finite and std 0 or greater but were {mean} and {std}.");
        lock (gate) DrawNormals(destination, mean, std);
    }

    private void DrawNormals(Span<float> destination, float mean, float std)
    {
        if (destination.Length < NormalBlock)
        {
            for (int i = 0; i < destination.Length; i++) destination[i] = (float)(NextNormal() * std + mean);
            return;
        }

        for (int i = 0; i < destination.Length; i++) destination[i] = ToUniform(Draw32());
        for (int i = 0; i <= destination.Length - NormalBlock; i += NormalBlock)
            NormalsFromUniforms(destination.Slice(i, NormalBlock), mean, std);
        if (destination.Length % NormalBlock == 0) return;
        Span<float> last = destination[^NormalBlock..];
        for (int i = 0; i < last.Length; i++) last[i] = ToUniform(Draw32());
        NormalsFromUniforms(last, mean, std);
    }

    /// <summary>A standard normal number; every second one comes from the pair before.</summary>
    private double NextNormal()
    {
        if (hasCachedNormal)
        {
            hasCachedNormal = false;
            return cachedNormal;
        }

        double u1 = ToUniform(Draw64());
        double u2 = ToUniform(Draw64());
        double radius = Math.Sqrt(-2.0 * Math.Log(1.0 - u2)); // 1 - u2 is exact: u2 is a multiple of 2^-53
        double theta = 2.0 * Math.PI * u1;
        cachedNormal = radius * Math.Sin(theta);
        hasCachedNormal = true;
        return radius * Math.Cos(theta);
    }

    // Elements j and j + 8 of 16 uniform numbers become a pair of normal ones. Every step is rounded to float where
    // PyTorch's
    // AVX2 kernel rounds; its logarithm, sine and cosine are polynomials, ours the correctly rounded values.
    private static void NormalsFromUniforms(Span<float> block, float mean, float std)
    {
        const float twoPi = (float)(2.0 * Math.PI);
        for (int j = 0; j < NormalBlock / 2; j++)
        {
            float radius = MathF.Sqrt(-2f * (float)Math.Log(1f - block[j])); // [0, 1) to (0, 1] for the logarithm
            float theta = twoPi * block[j + NormalBlock / 2];
            block[j] = MathF.FusedMultiplyAdd(radius * (float)Math.Cos(theta), std, mean);
            block[j + NormalBlock / 2] = MathF.FusedMultiplyAdd(radius * (float)Math.Sin(theta), std, mean);
        }
    }

    /// <summary>Fills with 1 at the given probability and 0 otherwise, as
    /// <c>Tensor.bernoulli_(probability)</c>.</summary>
    /// <remarks>Equals PyTorch where it does not take its masks from Intel MKL (which has a generator of its own):
    /// Debian's builds,
    /// Arm builds, and all builds on processors of other makers.</remarks>
    /// <exception cref="ArgumentException"><paramref name="probability"/> is not in [0, 1].</exception>
    public void FillBernoulli(Span<float> destination, double probability)
    {
        if (!(probability is >= 0 and <= 1))
            throw new ArgumentException($"Rng.FillBernoulli: probability must be in [0, 1] but was {probability}.");
        lock (gate)
        {
            for (int i = 0; i < destination.Length; i++) destination[i] = ToUniform(Draw64()) < probability ? 1f : 0f;
        }
    }

    /// <summary>The numbers 0 to n-1 in random order, as <c>torch.randperm(n)</c>.</summary>
    /// <exception cref="ArgumentException"><paramref name="n"/> is negative.</exception>
    public int[] Permutation(int n)
    {
        if (n < 0) throw new ArgumentException($"Rng.Permutation: n must not be negative but was {n}.");
        int[] permutation = new int[n];
        FillPermutation(permutation);
        return permutation;
    }

    /// <summary>Fills with the numbers 0 to length-1 in random order, as <c>torch.randperm(length)</c>.</summary>
    public void FillPermutation(Span<int> destination)
    {
        int n = destination.Length;
        // Above this PyTorch takes 64 bits a draw, because the remainder of 32 would be visibly uneven.
        bool wide = n >= uint.MaxValue / 20;
        for (int i = 0; i < n; i++) destination[i] = i;
        lock (gate)
        {
            for (int i = 0; i < n - 1; i++)
            {
                int j = i + (int)((wide ? Draw64() : Draw32()) % (ulong)(n - i));
                (destination[i], destination[j]) = (destination[j], destination[i]);
            }
        }
    }

    // ---- State ---------------------------------------------------------------------------------------------------

    // PyTorch's CPUGeneratorImplState, little-endian:
    //   0 seed u64 | 8 left i32 | 12 seeded i32 | 16 next u64 | 24 words 624 · u64 | 5016 unused f64 | 5024 cached
    // normal f64
    //   5032 unused f64 | 5040 has cached normal i32 | 5044 padding, and a cached float normal that CPU code never uses
    private const int WordsAt = 24;
    private const int CachedNormalAt = WordsAt + MersenneTwister.Words * 8 + 8;
    private const int HasCachedNormalAt = CachedNormalAt + 16;

    /// <summary>Everything the next numbers depend on, the kept normal number included; in the layout of
    /// <c>torch.get_rng_state()</c>.</summary>
    /// <returns><see cref="StateLength"/> bytes.</returns>
    public byte[] GetState()
    {
        var bytes = new byte[StateLength];
        lock (gate)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, seed);
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), left);
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), 1);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(16), (ulong)next);
            for (int i = 0; i < state.Length; i++)
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(WordsAt + 8 * i), state[i]);
            if (hasCachedNormal)
            {
                BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(CachedNormalAt), cachedNormal);
                BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(HasCachedNormalAt), 1);
            }
        }

        return bytes;
    }

    /// <summary>Goes on where <see cref="GetState"/> was called, or <c>torch.get_rng_state()</c>.</summary>
    /// <param name="bytes"><see cref="StateLength"/> bytes.</param>
    /// <exception cref="ArgumentException">Not a state; this generator is unchanged.</exception>
    public void SetState(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != StateLength)
            throw new ArgumentException(
                $"Rng.SetState: the state must have {StateLength} bytes but has {bytes.Length}.");
        int newLeft = BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]);
        ulong newNext = BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]);
        if (BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]) == 0 || newLeft is < 1 or > MersenneTwister.Words
            || newNext > (ulong)(MersenneTwister.Words + 1 - newLeft))
            throw new ArgumentException(
                $"Rng.SetState: the state is damaged (position {newNext}, {newLeft} left of {MersenneTwister.Words}).");

        lock (gate)
        {
            seed = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            left = newLeft;
            next = (int)newNext;
            for (int i = 0; i < state.Length; i++)
                state[i] = (uint)BinaryPrimitives.ReadUInt64LittleEndian(bytes[(WordsAt + 8 * i)..]);
            MersenneTwister.Temper(state, output);
            cachedNormal = BinaryPrimitives.ReadDoubleLittleEndian(bytes[CachedNormalAt..]);
            hasCachedNormal = BinaryPrimitives.ReadInt32LittleEndian(bytes[HasCachedNormalAt..]) != 0;
        }
    }
}
