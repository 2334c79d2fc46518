using System.Text.Json.Nodes;
using Recur.Nn;
using Recur.Peers;

namespace Recur.ParityTests;

/// <summary>Every random initialiser on random shapes after the same seed, and how much it draws.</summary>
public sealed class InitParityTests(PyTorchOracle pytorch)
{
    private const int Cases = 40;

    /// <summary>Uniform numbers are equal bit for bit, normal ones to two units in the last place of numbers up to 5.
    /// </summary>
    private const float Tolerance = 1e-6f;

    /// <summary>PyTorch factorizes in float32: with square matrices of up to 40 rows, whose last row is nearly
    /// dependent on
    /// the others, up to some hundred roundings.</summary>
    private const float OrthogonalTolerance = 2e-4f;

    private static readonly Activation[] Activations = Enum.GetValues<Activation>();
    private static readonly string[] Names = ["linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu"];

    public static TheoryData<string> Functions =>
    [
        "uniform_", "normal_", "trunc_normal_", "xavier_uniform_", "xavier_normal_", "kaiming_uniform_",
        "kaiming_normal_", "orthogonal_", "sparse_", "dirac_",
    ];

    [Theory]
    [MemberData(nameof(Functions))]
    public void Fill_SameSeed_MatchesPyTorch(string function)
    {
        var random = new Random(8);
        for (int i = 0; i < Cases; i++)
        {
            int[] shape = function == "dirac_"
                ? [random.Next(1, 5), random.Next(1, 5), random.Next(1, 6), random.Next(1, 4)]
                : [random.Next(1, 41), random.Next(1, 41)];
            if (function[0] is 'x' or 'k' && random.Next(3) == 0) shape = [.. shape, random.Next(1, 4)];
            JsonObject keywords = [];
            Func<Tensor, Rng, Tensor> ours = Draw(function, random, keywords);
            var options = new JsonObject
            {
                ["name"] = function,
                ["seed"] = i,
                ["shape"] = new JsonArray([.. shape.Select(d => JsonValue.Create(d))]),
                ["keywords"] = keywords,
            };
            var rng = new Rng((ulong)i);
            Tensor values = ours(Tensor.Zeros(new Shape(shape)), rng);
            string? difference = Agreement.Check(
                pytorch.Compute("init", options, []),
                [PeerTensor.Of("values", values), new PeerTensor("next", [1], [rng.NextUniform()])],
                name => name == "next" ? 0f : function == "orthogonal_" ? OrthogonalTolerance : Tolerance);
            Assert.True(difference is null, $"case {i}, {options.ToJsonString()}: {difference}");
        }
    }

    private static Func<Tensor, Rng, Tensor> Draw(string function, Random random, JsonObject keywords)
    {
        double first = Number("mean", "a", -2), second = Number("std", "b", 0.1);

        double Number(string normal, string uniform, double from)
        {
            double value = Math.Round(from + 2 * random.NextDouble(), 3);
            if (function is "normal_" or "trunc_normal_") keywords[normal] = value;
            if (function is "uniform_") keywords[uniform] = value;
            return value;
        }

        double gain = Math.Round(0.5 + random.NextDouble(), 3);
        switch (function)
        {
            case "uniform_": return (t, r) => Init.Uniform(t, first, second, r);
            case "normal_": return (t, r) => Init.Normal(t, first, second, r);
            case "trunc_normal_":
                keywords["a"] = -1.5;
                keywords["b"] = 1.25;
                return (t, r) => Init.TruncatedNormal(t, first, second, -1.5, 1.25, r);
            case "sparse_":
                keywords["sparsity"] = gain / 1.5;
                keywords["std"] = second;
                return (t, r) => Init.Sparse(t, gain / 1.5, second, r);
            case "dirac_": return (t, _) => Init.Dirac(t);
            case "xavier_uniform_" or "xavier_normal_" or "orthogonal_":
                keywords["gain"] = gain;
                return function switch
                {
                    "xavier_uniform_" => (t, r) => Init.XavierUniform(t, gain, r),
                    "xavier_normal_" => (t, r) => Init.XavierNormal(t, gain, r),
                    _ => (t, r) => Init.Orthogonal(t, gain, r),
                };
            default:
                int which = random.Next(Names.Length);
                FanMode mode = random.Next(2) == 0 ? FanMode.FanIn : FanMode.FanOut;
                keywords["a"] = gain;
                keywords["mode"] = mode == FanMode.FanIn ? "fan_in" : "fan_out";
                keywords["nonlinearity"] = Names[which];
                return function == "kaiming_uniform_"
                    ? (t, r) => Init.KaimingUniform(t, gain, mode, Activations[which], r)
                    : (t, r) => Init.KaimingNormal(t, gain, mode, Activations[which], r);
        }
    }
}
