using System.Text.Json;
using Recur.Nn;
using Recur.Optim;
using static Recur.Tests.FixtureExtensions;

namespace Recur.Tests.Nn;

[Collection(AloneCollection.Name)]
public sealed class EmbeddingTests
{
    /// <summary>Normal first values equal PyTorch's to two units in the last place; norms and updates round a few times
    /// more.</summary>
    private const double Tolerance = 1e-6;

    private static Embedding Create(JsonElement options)
    {
        JsonElement? Find(string name) => options.TryGetProperty(name, out JsonElement value) ? value : null;
        float Norm(JsonElement value) =>
            value.ValueKind == JsonValueKind.String ? float.PositiveInfinity : value.GetSingle();
        return new Embedding(
            7, 5, Find("padding_idx")?.GetInt32(), Find("max_norm")?.GetSingle(),
            Find("norm_type") is { } type ? Norm(type) : 2f, Find("scale_grad_by_freq")?.GetBoolean() ?? false,
            Find("sparse")?.GetBoolean() ?? false);
    }

    [Fact]
    public void ThreeStepsOfSgd_EveryFixture_FollowTorch()
    {
        using JsonDocument fixture = Fixture.Open("modules.json");
        foreach (JsonElement c in fixture.RootElement.GetProperty("embedding").EnumerateArray())
        {
            string what = $"seed {c.Int("seed")}";
            Embedding module = DefaultRng.Seeded((ulong)c.Int("seed"), () => Create(c.GetProperty("options")));
            AssertClose(c.Floats("weight"), module.Weight.Span, Tolerance, what);
            var optimizer = new Sgd(module.Parameters(), 0.1f);
            bool asTensor = false;
            foreach (JsonElement step in c.GetProperty("steps").EnumerateArray())
            {
                var shape = new Shape(step.Ints("shape"));
                optimizer.ZeroGrad();
                asTensor = !asTensor;
                Tensor y = asTensor
                    ? module.Forward(Tensor.From(step.Floats("indices"), shape))
                    : module.Forward(step.Ints("indices"), shape);
                Assert.Equal(new Shape([.. shape.AsSpan(), 5]), y.Shape);
                AssertClose(step.Floats("y"), y.Span, Tolerance, $"{what} y");
                (y * Tensor.From(step.Floats("dy"), y.Shape)).Sum().Backward();
                AssertClose(step.Floats("grad"), module.Weight.Grad!.Value.Span, Tolerance, $"{what} gradient");
                optimizer.Step();
                AssertClose(step.Floats("weight"), module.Weight.Span, Tolerance, $"{what} weight");
            }
        }
    }

    [Fact]
    public void Step_Sparse_VisitsOnlyTouchedRows()
    {
        var module = new Embedding(6, 2, sparse: true);
        var optimizer = new Sgd(module.Parameters(), 0.5f);
        float[] before = module.Weight.ToArray();
        module.Forward([1, 4, 1]).Sum().Backward();
        // What nobody clears and nobody applies stays: seen from inside, past the version that a user's write raises.
        module.Weight.Core.Grad!.Span[2 * 2] = 99f;
        optimizer.Step();
        optimizer.ZeroGrad();
        module.Forward([0]).Sum().Backward();
        optimizer.Step();
        Assert.Equal([1, 1, 0, 0, 99, 0, 0, 0, 0, 0, 0, 0], module.Weight.Grad!.Value.ToArray());
        float[] steps = [0.5f, 1f, 0, 0, 0.5f, 0];
        for (int i = 0; i < before.Length; i++) Assert.Equal(before[i] - steps[i / 2], module.Weight.Span[i]);
    }

    [Fact]
    public void Step_SparseGradientThatTheUserChanged_IsAppliedWhole()
    {
        var module = new Embedding(4, 1, sparse: true);
        var optimizer = new Sgd(module.Parameters(), 1f);
        Init.Zeros(module.Weight);
        module.Forward([1]).Sum().Backward();
        Tensor gradient = module.Weight.Grad!.Value;
        gradient.MutableSpan[3] = 5f;
        optimizer.Step();
        Assert.Equal([0, -1, 0, -5], module.Weight.ToArray());
        optimizer.ZeroGrad();
        module.Forward([0]).Sum().Backward();
        Assert.Equal([1, 0, 0, 0], module.Weight.Grad!.Value.ToArray());
    }

    [Fact]
    public void Backward_SparseTableSharedWithALinear_HasTheWholeGradient()
    {
        Tensor[] gradients = new Tensor[2];
        for (int sparse = 0; sparse < 2; sparse++)
        {
            Embedding module = Embedding.FromPretrained(
                Tensor.From([1, 2, 3, 4, 5, 6], [3, 2]), freeze: false, sparse: sparse == 1);
            for (int step = 0; step < 3; step++)
            {
                module.ZeroGrad();
                Tensor h = module.Forward([step, 1]);
                (step == 1 ? h.MatMul(module.Weight.Transpose(0, 1)) : h).Pow(2).Sum().Backward();
            }

            module.Forward([0]).Sum().Backward(); // a second pass adds
            gradients[sparse] = module.Weight.Grad!.Value;
        }

        Assert.Equal([1, 1, 6, 8, 10, 12], gradients[0].ToArray());
        Assert.Equal(gradients[0].ToArray(), gradients[1].ToArray());
    }

    [Fact]
    public void Training_SparseOrDense_GivesTheSameWeightsWithEveryOptimizer()
    {
        Func<IEnumerable<Tensor>, Optimizer>[] rules =
        [
            p => new Sgd(p, 0.1f), p => new Sgd(p, 0.1f, momentum: 0.9), p => new Sgd(p, 0.1f, weightDecay: 0.1),
            p => new Adam(p, 0.1f),
        ];
        foreach (Func<IEnumerable<Tensor>, Optimizer> rule in rules)
        {
            float[][] weights = new float[2][];
            for (int sparse = 0; sparse < 2; sparse++)
            {
                Embedding module = DefaultRng.Seeded(1, () => new Embedding(9, 3, paddingIdx: 2, sparse: sparse == 1));
                Optimizer optimizer = rule(module.Parameters());
                var random = new Random(4);
                for (int step = 0; step < 10; step++)
                {
                    optimizer.ZeroGrad();
                    module.Forward([random.Next(9), 2, random.Next(9)]).Pow(2).Sum().Backward();
                    optimizer.Step();
                }

                weights[sparse] = module.Weight.ToArray();
            }

            Assert.Equal(weights[0], weights[1]);
        }
    }

    [Fact]
    public void Step_SparseWarmedUp_AllocatesNothing()
    {
        var module = new Embedding(50, 4, sparse: true, maxNorm: 1f);
        var optimizer = new Sgd(module.Parameters(), 0.1f);
        int[] indices = [3, 17, 3, 49];
        for (int i = 0; i < 3; i++) Step();
        Assert.Equal(0, AllocationMeter.Of(3, Step));

        void Step()
        {
            optimizer.ZeroGrad();
            module.Forward(indices).Sum().Backward();
            optimizer.Step();
        }
    }

    [Fact]
    public void New_PaddingIndex_IsZeroAndCountsFromTheEnd()
    {
        var module = new Embedding(4, 2, paddingIdx: -1);
        Assert.Equal(3, module.PaddingIdx);
        Assert.Equal([0, 0], module.Weight.Span[6..].ToArray());
        Assert.Equal(["weight"], module.StateDict().Keys);
    }

    [Fact]
    public void FromPretrained_Frozen_IsACopyWithoutGradient()
    {
        Tensor vectors = Tensor.From([1, 2, 3, 4], [2, 2]);
        Embedding module = Embedding.FromPretrained(vectors, paddingIdx: 0);
        Assert.False(module.Weight.RequiresGrad);
        vectors.MutableSpan[0] = 9;
        Assert.Equal([3, 4, 1, 2], module.Forward([1, 0]).ToArray());
        Assert.True(Embedding.FromPretrained(vectors, freeze: false).Weight.RequiresGrad);
    }

    [Fact]
    public void Arguments_OutOfRange_AreErrors()
    {
        static string Message(Func<object> call) => Assert.ThrowsAny<ArgumentException>(call).Message;
        Assert.Equal("Embedding: numEmbeddings must be greater than 0 but was 0.", Message(() => new Embedding(0, 1)));
        Assert.Equal("Embedding: embeddingDim must be greater than 0 but was -1.", Message(() => new Embedding(1, -1)));
        Assert.Equal(
            "Embedding: paddingIdx must be from -3 to 2 (numEmbeddings = 3) but was 3.",
            Message(() => new Embedding(3, 1, 3)));
        Assert.Equal(
            "Embedding: maxNorm must be greater than 0 but was 0.",
            Message(() => new Embedding(1, 1, maxNorm: 0f)));
        Assert.Equal(
            "Embedding: normType must be greater than 0 but was -2.",
            Message(() => new Embedding(1, 1, normType: -2f)));
        Assert.Equal(
            "Embedding: scaleGradByFreq cannot be used together with sparse.",
            Message(() => new Embedding(1, 1, scaleGradByFreq: true, sparse: true)));
        Assert.Equal(
            "Embedding.FromPretrained: embeddings must be [NumEmbeddings, EmbeddingDim] but was [3].",
            Message(() => Embedding.FromPretrained(Tensor.Zeros([3]))));
        var module = new Embedding(3, 1);
        Assert.Equal(
            "Embedding.Forward: index 0.5 at position 1 is not one of the rows 0 to 2.",
            Message(() => module.Forward(Tensor.From([0f, 0.5f]))));
        Assert.Equal(
            "Embedding.Forward: [2] needs 2 indices but 3 came.",
            Message(() => module.Forward([0, 1, 2], [2])));
    }
}
