using Recur.Text;

namespace Recur.Tests.Text;

public sealed class TokenSamplerTests
{
    private const int Draws = 40_000;

    private static readonly float[] Logits = [1f, -1f, 2f, 0.5f, 2f, -20f];

    [Theory]
    [InlineData(1f, null, null, -1)]
    [InlineData(0.5f, null, null, -1)]
    [InlineData(2f, 3, null, -1)]
    [InlineData(1f, null, 0.7f, -1)]
    [InlineData(1f, 4, 0.9f, -1)]
    [InlineData(1f, null, null, 2)]
    public void Next_ManyDraws_FollowTheDistribution(float temperature, int? topK, float? topP, int excluded)
    {
        double[] expected = Distribution(temperature, topK, topP, excluded);
        var sampler = new TokenSampler(
            new SamplingOptions { Temperature = temperature, TopK = topK, TopP = topP, Seed = 11 }, Logits.Length);
        int[] counts = new int[Logits.Length];
        for (int i = 0; i < Draws; i++) counts[sampler.Next(Logits, excluded)]++;
        double chiSquare = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            if (expected[i] == 0) Assert.Equal(0, counts[i]);
            else if (expected[i] * Draws >= 5)
                chiSquare += Math.Pow(counts[i] - (expected[i] * Draws), 2) / (expected[i] * Draws);
        }

        Assert.True(chiSquare < 20.5, $"chi-square {chiSquare}"); // one in a thousand at 5 degrees of freedom
    }

    [Fact]
    public void Next_TemperatureZero_TakesTheFirstOfTheMostProbable()
    {
        var sampler = new TokenSampler(new SamplingOptions { Temperature = 0f }, Logits.Length);
        Assert.Equal(2, sampler.Next(Logits));
        Assert.Equal(4, sampler.Next(Logits, excluded: 2));
    }

    [Fact]
    public void Next_SameSeed_SameTokens()
    {
        static int[] Tokens(ulong seed)
        {
            var sampler = new TokenSampler(new SamplingOptions { Seed = seed }, Logits.Length);
            return [.. Enumerable.Range(0, 50).Select(_ => sampler.Next(Logits))];
        }

        Assert.Equal(Tokens(3), Tokens(3));
        Assert.NotEqual(Tokens(3), Tokens(4));
    }

    [Fact]
    public void Next_WarmedUp_AllocatesNothing()
    {
        var sampler = new TokenSampler(new SamplingOptions(), Logits.Length);
        for (int i = 0; i < 100; i++) sampler.Next(Logits);
        Assert.Equal(0, AllocationMeter.Of(100, () => sampler.Next(Logits)));
    }

    [Theory]
    [InlineData("Temperature", "finite and at least 0", "-1")]
    [InlineData("TopK", "at least 1", "0")]
    [InlineData("TopP", "greater than 0 and at most 1", "1.5")]
    public void Options_OutOfRange_AreSentences(string name, string expected, string actual)
    {
        var options = new SamplingOptions
        {
            Temperature = name == "Temperature" ? -1f : 1f, TopK = name == "TopK" ? 0 : null,
            TopP = name == "TopP" ? 1.5f : null,
        };
        var e = Assert.Throws<ArgumentException>(() => new TokenSampler(options, 3));
        Assert.Equal($"SamplingOptions: {name} must be {expected} but was {actual}.", e.Message);
    }

    // By the definition, without cleverness.
    private static double[] Distribution(float temperature, int? topK, float? topP, int excluded)
    {
        double[] p = [.. Logits.Select((l, i) => i == excluded ? 0 : Math.Exp(l / temperature))];
        int[] order = [.. Enumerable.Range(0, p.Length).OrderByDescending(i => p[i])];
        foreach (int i in order.Skip(topK ?? p.Length)) p[i] = 0;
        double total = p.Sum(), before = 0;
        foreach (int i in order)
        {
            if (before >= (topP ?? 2) * total) p[i] = 0;
            before += p[i];
        }

        total = p.Sum();
        return [.. p.Select(v => v / total)];
    }
}
