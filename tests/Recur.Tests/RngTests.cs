using System.Security.Cryptography;
using System.Text.Json;
using static Recur.Tests.FixtureExtensions;

namespace Recur.Tests;

[Collection(AloneCollection.Name)]
public sealed class RngTests
{
    // PyTorch takes logarithm, sine and cosine of blocks from AVX2 polynomials of about 1 ulp; below 16 numbers both
    // sides work
    // in double and only the last rounding can differ. Numbers reach 4 in magnitude, so 1e-7 relative is 3 ulps of the
    // largest.
    private const double NormalTolerance = 1.5e-7;

    public static TheoryData<string> Seeds() =>
        ["0", "1", "42", "123456789", "4294967295", "4294967301", "9223372036854788153", "18446744073709551615"];

    private static JsonElement Case(string seed)
    {
        using JsonDocument fixture = Fixture.Open("rng.json");
        return fixture.RootElement.GetProperty("cases").EnumerateArray().Single(c => c.GetProperty("seed").GetString() == seed).Clone();
    }

    private static Rng New(string seed) => new(ulong.Parse(seed));

    private static float[] Bits(JsonElement element) =>
        [.. element.EnumerateArray().Select(v => BitConverter.UInt32BitsToSingle(v.GetUInt32()))];

    private static float[] Ends(float[] values, int count) => [.. values[..count], .. values[^count..]];

    private static string Hash(Rng rng) => Convert.ToHexStringLower(SHA256.HashData(rng.GetState()));

    private static float[] Uniform(Rng rng, int n, float low, float high)
    {
        var values = new float[n];
        rng.FillUniform(values, low, high);
        return values;
    }

    private static float[] Normal(Rng rng, int n, float mean = 0f, float std = 1f)
    {
        var values = new float[n];
        rng.FillNormal(values, mean, std);
        return values;
    }

    [Theory, MemberData(nameof(Seeds))]
    public void NextUniform_AnySeed_EqualsTorchBitForBit(string seed)
    {
        Rng rng = New(seed);
        foreach (float expected in Bits(Case(seed).GetProperty("uniform"))) Assert.Equal(expected, rng.NextUniform());
    }

    [Theory, MemberData(nameof(Seeds))]
    public void FillUniform_WithBounds_EqualsTorchBitForBit(string seed)
    {
        JsonElement c = Case(seed);
        float bound = (float)(1 / Math.Sqrt(10));
        float[] values = Uniform(New(seed), 1500, -bound, bound);
        Assert.Equal(Bits(c.GetProperty("uniform_bound")), Ends(values, 8));
        values = Uniform(New(seed), 700, 2f, 5.5f);
        Assert.Equal(Bits(c.GetProperty("uniform_range")), Ends(values, 8));
    }

    [Theory, MemberData(nameof(Seeds))]
    public void FillNormal_EveryLength_MatchesTorch(string seed)
    {
        foreach (JsonProperty length in Case(seed).GetProperty("normal").EnumerateObject())
        {
            int n = int.Parse(length.Name);
            float[] values = Normal(New(seed), n);
            float[] shown = n <= 16 ? values : Ends(values, 16);
            AssertClose(length.Value.Floats(), shown, NormalTolerance, $"seed {seed}, {n} numbers");
        }
    }

    [Theory, MemberData(nameof(Seeds))]
    public void FillNormal_ScaledAndAfterAnOddLength_MatchesTorch(string seed)
    {
        JsonElement c = Case(seed);
        AssertClose(c.Floats("normal_scaled"), Normal(New(seed), 33, 2f, 0.25f), NormalTolerance, "normal_(2, 0.25)");
        Rng rng = New(seed);
        Normal(rng, 3);
        AssertClose(c.Floats("normal_after_3"), Normal(rng, 4), NormalTolerance, "after three");
    }

    [Theory, MemberData(nameof(Seeds))]
    public void PermutationAndNextInt_AnySeed_EqualTorch(string seed)
    {
        JsonElement c = Case(seed);
        Rng rng = New(seed);
        Assert.Equal(c.Ints("permutation"), rng.Permutation(20));
        Assert.Equal(c.Ints("permutation_1"), rng.Permutation(1));
        Assert.Equal(c.GetProperty("state_permutation").GetString(), Hash(rng));
        rng = New(seed);
        IEnumerable<int> narrow = Enumerable.Range(0, 10).Select(_ => rng.NextInt(-5, 100));
        IEnumerable<int> wide = Enumerable.Range(0, 6).Select(_ => rng.NextInt(int.MinValue, int.MaxValue));
        int[] integers = [.. narrow, .. wide];
        Assert.Equal(c.Ints("integers"), integers);
    }

    [Theory, MemberData(nameof(Seeds))]
    public void NextUniformDouble_AnySeed_EqualsTorch(string seed)
    {
        Rng rng = New(seed);
        foreach (JsonElement expected in Case(seed).GetProperty("double").EnumerateArray())
            Assert.Equal(expected.GetDouble(), rng.NextUniformDouble());
    }

    [Theory, MemberData(nameof(Seeds))]
    public void FillBernoulli_AsDropoutDraws_EqualsTorch(string seed)
    {
        JsonElement c = Case(seed);
        Rng rng = New(seed);
        var mask = new float[40];
        rng.FillBernoulli(mask, 1 - 0.3);
        Assert.Equal(c.Floats("dropout"), mask.Select(m => m / 0.7f));
        foreach (float expected in Bits(c.GetProperty("after_dropout"))) Assert.Equal(expected, rng.NextUniform());
    }

    [Theory, MemberData(nameof(Seeds))]
    public void GetState_AfterEveryKindOfDraw_IsTorchsByteForByte(string seed)
    {
        JsonElement c = Case(seed);
        Rng rng = New(seed);
        Assert.Equal(c.GetProperty("state_fresh").GetString(), Hash(rng));
        Uniform(rng, 12, 0, 1);
        Assert.Equal(c.GetProperty("state_uniform").GetString(), Hash(rng));
    }

    [Fact]
    public void SetState_InTheMiddleOfANormalPair_ContinuesBitForBit()
    {
        var rng = new Rng(5);
        Normal(rng, 3);
        Uniform(rng, 700, 0, 1);
        byte[] state = rng.GetState();
        float[] expected = [.. Normal(rng, 5), .. Uniform(rng, 1000, -1, 1), .. Normal(rng, 20)];

        var other = new Rng(99);
        other.SetState(state);
        Assert.Equal(state, other.GetState());
        Assert.Equal(5UL, other.InitialSeed);
        float[] actual = [.. Normal(other, 5), .. Uniform(other, 1000, -1, 1), .. Normal(other, 20)];
        Assert.Equal(expected, actual);
    }

    [Fact]
    public void SetState_Damaged_SaysWhatIsWrongAndChangesNothing()
    {
        var rng = new Rng(5);
        byte[] before = rng.GetState();
        var error = Assert.Throws<ArgumentException>(() => rng.SetState(new byte[10]));
        Assert.Equal("Rng.SetState: the state must have 5056 bytes but has 10.", error.Message);
        byte[] damaged = rng.GetState();
        damaged[16] = 200; // as many words taken, and 624 left
        damaged[8] = 0x70;
        damaged[9] = 2;
        error = Assert.Throws<ArgumentException>(() => rng.SetState(damaged));
        Assert.Equal("Rng.SetState: the state is damaged (position 200, 624 left of 624).", error.Message);
        Assert.Equal(before, rng.GetState());
    }

    [Fact]
    public void Seed_AgainAndAgain_BeginsTheSameStream()
    {
        Rng.Seed(17);
        float[] first = Normal(Rng.Default, 3);
        Rng.Seed(17);
        Assert.Equal(first, Normal(Rng.Default, 3));
    }

    [Fact]
    public void Draws_FromManyThreads_TakeEveryWordOnce()
    {
        const int each = 5000;
        var shared = new Rng(8);
        var drawn = new uint[4 * each];
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(t => new Thread(() =>
        {
            for (int i = 0; i < each; i++) drawn[t * each + i] = shared.NextUInt32();
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();

        var alone = new Rng(8);
        uint[] expected = [.. Enumerable.Range(0, 4 * each).Select(_ => alone.NextUInt32()).Order()];
        Array.Sort(drawn);
        Assert.Equal(expected, drawn);
    }

    [Fact]
    public void Arguments_OutOfRange_AreErrors()
    {
        var rng = new Rng(0);
        Assert.Equal(
            "Rng.NextInt: high must be above low = 3 but was 3.",
            Assert.Throws<ArgumentException>(() => rng.NextInt(3, 3)).Message);
        Assert.Equal(
            "Rng.Permutation: n must not be negative but was -1.",
            Assert.Throws<ArgumentException>(() => rng.Permutation(-1)).Message);
        Assert.Equal(
            "Rng.FillUniform: low and high must be finite and in order but were 1 and 0.",
            Assert.Throws<ArgumentException>(() => rng.FillUniform(new float[1], 1, 0)).Message);
        Assert.Equal(
            "Rng.FillNormal: mean and std must be finite and std 0 or greater but were 0 and -1.",
            Assert.Throws<ArgumentException>(() => rng.FillNormal(new float[1], 0, -1)).Message);
        Assert.Equal(
            "Rng.FillBernoulli: probability must be in [0, 1] but was 1.5.",
            Assert.Throws<ArgumentException>(() => rng.FillBernoulli(new float[1], 1.5)).Message);
    }

    [Fact]
    public void NextUInt32_TenThousandthDraw_IsTheStandards()
    {
        // The value the C++ standard prescribes for the 10000th draw of mt19937 from seed 5489 ([rand.predef]).
        var rng = new Rng(5489);
        uint last = 0;
        for (int i = 0; i < 10000; i++) last = rng.NextUInt32();
        Assert.Equal(4123659995u, last);
    }
}
