using System.Text.Json;
using Recur.Nn;
using static Recur.Tests.FixtureExtensions;

namespace Recur.Tests.Nn;

public sealed class InitTests
{
    /// <summary>Products of a bound with numbers that are equal bit for bit, and normal numbers of two units in the
    /// last
    /// place.</summary>
    private const double Tolerance = 3e-7;

    /// <summary>PyTorch's own QR and inverse error function are float32: they lose some digits where columns are nearly
    /// dependent, and where a number is far out.</summary>
    private const double ComputedTolerance = 5e-6;

    private static readonly Dictionary<string, Func<Tensor, Rng, Tensor>> Cases = new()
    {
        ["uniform"] = (t, r) => Init.Uniform(t, rng: r),
        ["uniform_range"] = (t, r) => Init.Uniform(t, -2.5, 0.5, r),
        ["normal"] = (t, r) => Init.Normal(t, rng: r),
        ["normal_scaled"] = (t, r) => Init.Normal(t, 2, 0.25, r),
        ["constant"] = (t, _) => Init.Constant(t, 1.7f),
        ["zeros"] = (t, _) => Init.Zeros(t),
        ["ones"] = (t, _) => Init.Ones(t),
        ["eye"] = (t, _) => Init.Eye(t),
        ["dirac"] = (t, _) => Init.Dirac(t),
        ["dirac_groups"] = (t, _) => Init.Dirac(t, 3),
        ["xavier_uniform"] = (t, r) => Init.XavierUniform(t, rng: r),
        ["xavier_uniform_gain"] = (t, r) => Init.XavierUniform(t, Init.CalculateGain(Activation.Tanh), r),
        ["xavier_normal"] = (t, r) => Init.XavierNormal(t, rng: r),
        ["xavier_normal_gain"] = (t, r) => Init.XavierNormal(t, Init.CalculateGain(Activation.Relu), r),
        ["kaiming_uniform"] = (t, r) => Init.KaimingUniform(t, rng: r),
        ["kaiming_uniform_out"] = (t, r) => Init.KaimingUniform(t, 0, FanMode.FanOut, Activation.Relu, r),
        ["kaiming_uniform_slope"] = (t, r) => Init.KaimingUniform(t, Math.Sqrt(5), rng: r),
        ["kaiming_normal"] = (t, r) => Init.KaimingNormal(t, rng: r),
        ["kaiming_normal_out"] = (t, r) => Init.KaimingNormal(t, 0, FanMode.FanOut, Activation.Tanh, r),
        ["kaiming_normal_selu"] = (t, r) => Init.KaimingNormal(t, nonlinearity: Activation.Selu, rng: r),
        ["orthogonal_wide"] = (t, r) => Init.Orthogonal(t, rng: r),
        ["orthogonal_tall"] = (t, r) => Init.Orthogonal(t, 1.5, r),
        ["orthogonal_square"] = (t, r) => Init.Orthogonal(t, rng: r),
        ["orthogonal_rank3"] = (t, r) => Init.Orthogonal(t, rng: r),
        ["sparse"] = (t, r) => Init.Sparse(t, 0.25, rng: r),
        ["sparse_std"] = (t, r) => Init.Sparse(t, 0.5, 2, r),
        ["trunc_normal"] = (t, r) => Init.TruncatedNormal(t, rng: r),
        ["trunc_normal_scaled"] = (t, r) => Init.TruncatedNormal(t, 0.5, 0.4, -0.25, 1.5, r),
        ["trunc_normal_tail"] = (t, r) => Init.TruncatedNormal(t, 0, 1, 1.5, 4, r),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory, MemberData(nameof(Names))]
    public void Fill_SameSeed_MatchesTorchAndDrawsAsMuch(string name)
    {
        using JsonDocument fixture = Fixture.Open("init.json");
        int found = 0;
        foreach (JsonElement c in fixture.RootElement.GetProperty("cases").EnumerateArray())
        {
            if (c.GetProperty("name").GetString() != name) continue;
            found++;
            var rng = new Rng((ulong)c.Int("seed"));
            Tensor tensor = Tensor.Full(new Shape(c.Ints("shape")), 77f);
            Assert.Equal(tensor, Cases[name](tensor, rng));
            bool computed = name.StartsWith("orthogonal") || name.StartsWith("trunc");
            AssertClose(c.Floats("values"), tensor.Span, computed ? ComputedTolerance : Tolerance, name);
            Assert.Equal(c.GetProperty("next").GetSingle(), rng.NextUniform());
        }

        Assert.Equal(2, found);
    }

    [Fact]
    public void CalculateGain_EveryActivation_IsTorchs()
    {
        using JsonDocument fixture = Fixture.Open("init.json");
        foreach (JsonElement c in fixture.RootElement.GetProperty("gains").EnumerateArray())
        {
            JsonElement param = c.GetProperty("param");
            double gain = Init.CalculateGain(
                Enum.Parse<Activation>(c.GetProperty("name").GetString()!),
                param.ValueKind == JsonValueKind.Null ? null : param.GetDouble());
            Assert.Equal(c.GetProperty("gain").GetDouble(), gain);
        }
    }

    [Theory]
    [InlineData(200, 70)]
    [InlineData(70, 200)]
    [InlineData(128, 128)]
    public void Orthogonal_AnyShape_HasOrthonormalRowsOrColumns(int rows, int columns)
    {
        Tensor w = Init.Orthogonal(Tensor.Zeros([rows, columns]), 2, new Rng(3));
        Tensor product = rows <= columns ? w.MatMul(w.Transpose(0, 1)) : w.Transpose(0, 1).MatMul(w);
        int n = Math.Min(rows, columns);
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++)
                Assert.Equal(i == j ? 4f : 0f, product.Span[i * n + j], 1e-5f); // float32's rounding of 200 terms
    }

    [Fact]
    public void Orthogonal_DependentRows_AreZeroInsteadOfNoise()
    {
        float[] rows = [1, 2, 2, 2, 4, 4, 0, 0, 3];
        Recur.Kernels.GramSchmidt.Orthonormalize(rows, 3, 3);
        Assert.Equal([0, 0, 0], rows[3..6]);
        Assert.Equal(1f / 3f, rows[0], 1e-6f);
        Assert.Equal(0f, rows[0] * rows[6] + rows[1] * rows[7] + rows[2] * rows[8], 1e-6f);
    }

    [Fact]
    public void Sparse_EveryColumn_HasItsZeros()
    {
        Tensor w = Init.Sparse(Tensor.Zeros([23, 40]), 0.3, rng: new Rng(1));
        for (int c = 0; c < 40; c++)
            Assert.Equal(7, Enumerable.Range(0, 23).Count(r => w.Span[r * 40 + c] == 0f)); // ⌈0.3 · 23⌉
    }

    [Fact]
    public void TruncatedNormal_ManyNumbers_HaveTheDistributionsMoments()
    {
        Tensor w = Init.TruncatedNormal(Tensor.Zeros([100_000]), rng: new Rng(2));
        double mean = 0, square = 0;
        foreach (float v in w.Span)
        {
            Assert.InRange(v, -2f, 2f);
            mean += v / 1e5;
            square += v * v / 1e5;
        }

        // Var = 1 - 2·2 φ(2) / (2 Φ(2) - 1) = 0.7737; four standard errors of 100,000 numbers
        Assert.InRange(mean, -0.012, 0.012);
        Assert.InRange(square, 0.7737 - 0.012, 0.7737 + 0.012);
    }

    [Fact]
    public void ErrorFunction_AndItsInverse_AreExact()
    {
        // Values of the standard library of Python (math.erf) and their inverse.
        (double X, double Erf)[] values =
        [
            (1e-10, 1.1283791670955127e-10), (0.1, 0.1124629160182849), (0.5, 0.5204998778130465),
            (1, 0.8427007929497149), (2, 0.9953222650189527), (3, 0.9999779095030014),
        ];
        foreach ((double x, double erf) in values)
        {
            Assert.Equal(erf, Recur.Kernels.ErrorFunction.Erf(x), 1e-15);
            Assert.Equal(-erf, Recur.Kernels.ErrorFunction.Erf(-x), 1e-15);
            Assert.Equal(x, Recur.Kernels.ErrorFunction.Inverse(erf), 1e-11 * x);
        }

        Assert.Equal(1, Recur.Kernels.ErrorFunction.Erf(9));
        Assert.Equal(double.NegativeInfinity, Recur.Kernels.ErrorFunction.Inverse(-1));
    }

    [Fact]
    public void Arguments_OutOfRange_AreErrors()
    {
        static string Message(Action call) => Assert.ThrowsAny<ArgumentException>(call).Message;
        Tensor vector = Tensor.Zeros([3]), matrix = Tensor.Zeros([3, 2]);
        Assert.Equal("Init.Eye: tensor must be a matrix but was [3].", Message(() => Init.Eye(vector)));
        Assert.Equal(
            "Init.Dirac: tensor must be of 3, 4 or 5 dimensions but was [3, 2].",
            Message(() => Init.Dirac(matrix)));
        Assert.Equal(
            "Init.Dirac: groups must divide 3 (outputs) but was 2.",
            Message(() => Init.Dirac(Tensor.Zeros([3, 1, 1]), 2)));
        Assert.Equal(
            "Init.XavierUniform: tensor must be of at least two dimensions but was [3].",
            Message(() => Init.XavierUniform(vector)));
        Assert.Equal(
            "Init.Uniform: a and b must be finite and in order but were 1 and 0.",
            Message(() => Init.Uniform(vector, 1, 0)));
        Assert.Equal(
            "Init.Normal: mean and std must be finite and std 0 or greater but were 0 and -1.",
            Message(() => Init.Normal(vector, 0, -1)));
        Assert.Equal("Init.Sparse: sparsity must be in [0, 1] but was 2.", Message(() => Init.Sparse(matrix, 2)));
        Assert.Equal(
            "Init.Orthogonal: tensor must be of at least two dimensions but was [3].",
            Message(() => Init.Orthogonal(vector)));
        Assert.Equal(
            "Init.TruncatedNormal: a must not be above b but they were 3 and 2.",
            Message(() => Init.TruncatedNormal(vector, a: 3)));
        Assert.Equal(
            "Init.TruncatedNormal: std must be greater than 0 but was 0.",
            Message(() => Init.TruncatedNormal(vector, std: 0)));
    }
}
