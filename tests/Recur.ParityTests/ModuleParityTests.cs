using System.Text.Json.Nodes;
using Recur.Nn;
using Recur.Optim;
using Recur.Peers;

namespace Recur.ParityTests;

/// <summary>Embedding, LayerNorm and the activation modules with random options against torch.nn.</summary>
public sealed class ModuleParityTests(PyTorchOracle pytorch)
{
    private const int Cases = 40;

    public static TheoryData<string> Names =>
    [
        "Embedding", "LayerNorm", "Tanh", "Sigmoid", "ReLU", "LeakyReLU", "ELU", "GELU", "SiLU", "Softplus", "Softmax",
        "LogSoftmax", "Identity", "Flatten",
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public void ForwardBackward_RandomOptions_MatchesPyTorch(string name)
    {
        var random = new Random(9);
        for (int i = 0; i < Cases; i++)
        {
            int[] shape = [.. Enumerable.Range(0, random.Next(2, 4)).Select(_ => random.Next(1, 25))];
            JsonObject keywords = [];
            UnaryModule module = Create(name, random, shape, keywords);
            foreach (Tensor p in module.Parameters()) p.CopyFrom(PeerTensor.Uniform(random, p.Length, 2f));
            bool isTable = module is Embedding;
            int length = shape.Aggregate(1, (a, b) => a * b);
            float[] values = module is Embedding table
                ? [.. Enumerable.Range(0, length).Select(_ => (float)random.Next(table.NumEmbeddings))]
                : PeerTensor.Uniform(random, length, 4f);
            Tensor x = Tensor.From(values, new Shape(shape)).RequireGrad(!isTable);
            int steps = isTable ? random.Next(1, 4) : 0;
            List<PeerTensor> tensors = [new PeerTensor("x", shape, values), .. PeerTensor.OfParameters(module)];

            Sgd? optimizer = steps > 0 ? new Sgd(module.Parameters(), 0.1f) : null;
            Tensor? gy = null;
            PeerTensor? y = null;
            for (int s = 0; s < Math.Max(1, steps); s++)
            {
                module.ZeroGrad();
                Tensor result = module.Forward(x);
                gy ??= Tensor.From(PeerTensor.Uniform(random, result.Length), result.Shape);
                y = PeerTensor.Of("y", result);
                (result * gy.Value).Sum().Backward();
                optimizer?.Step();
            }

            List<PeerTensor> results = [y!, .. PeerTensor.OfParameters(module), .. PeerTensor.OfGradients(module)];
            if (!isTable) results.Add(PeerTensor.Of("grad.x", x.Grad!.Value));
            var options = new JsonObject { ["name"] = name, ["keywords"] = keywords, ["steps"] = steps };
            string? difference = Agreement.Check(
                pytorch.Compute("module", options, [.. tensors, PeerTensor.Of("gy", gy!.Value)]), results);
            Assert.True(
                difference is null, $"case {i}, [{string.Join(", ", shape)}] {options.ToJsonString()}: {difference}");
        }
    }

    private static UnaryModule Create(string name, Random random, int[] shape, JsonObject keywords)
    {
        float number = MathF.Round(0.05f + random.NextSingle(), 3);
        int dim = random.Next(-shape.Length, shape.Length);
        switch (name)
        {
            case "Embedding": return CreateEmbedding(random, keywords);
            case "LayerNorm":
                int[] normalized = shape[random.Next(shape.Length)..];
                if (normalized.Aggregate(1, (a, b) => a * b) == 1) normalized = shape; // a variance of one number is 0
                bool affine = random.Next(3) != 0;
                keywords["normalized_shape"] = new JsonArray([.. normalized.Select(d => JsonValue.Create(d))]);
                keywords["eps"] = number / 10;
                keywords["elementwise_affine"] = affine;
                return new LayerNorm(new Shape(normalized), number / 10, affine);
            case "Tanh": return new Tanh();
            case "Sigmoid": return new Sigmoid();
            case "ReLU": return new Relu();
            case "LeakyReLU":
                keywords["negative_slope"] = number;
                return new LeakyRelu(number);
            case "ELU":
                keywords["alpha"] = number;
                return new Elu(number);
            case "GELU":
                bool tanh = random.Next(2) == 0;
                keywords["approximate"] = tanh ? "tanh" : "none";
                return new Gelu(tanh);
            case "SiLU": return new Silu();
            case "Softplus":
                keywords["beta"] = number * 3;
                keywords["threshold"] = 20 * number;
                return new Softplus(number * 3, 20 * number);
            case "Softmax":
                keywords["dim"] = dim;
                return new Softmax(dim);
            case "LogSoftmax":
                keywords["dim"] = dim;
                return new LogSoftmax(dim);
            case "Identity": return new Identity();
            default:
                int start = random.Next(shape.Length);
                keywords["start_dim"] = start;
                return new Flatten(start);
        }
    }

    private static Embedding CreateEmbedding(Random random, JsonObject keywords)
    {
        int rows = random.Next(1, 30), size = random.Next(1, 40);
        bool byFrequency = random.Next(4) == 0, sparse = !byFrequency && random.Next(2) == 0;
        int? padding = random.Next(2) == 0 ? random.Next(-rows, rows) : null;
        float? maxNorm = random.Next(2) == 0 ? 0.5f + random.NextSingle() * 3f : null;
        float type = ((float[])[1f, 2f, 3f])[random.Next(3)];
        keywords["num_embeddings"] = rows;
        keywords["embedding_dim"] = size;
        keywords["padding_idx"] = padding;
        keywords["max_norm"] = maxNorm;
        keywords["norm_type"] = type;
        keywords["scale_grad_by_freq"] = byFrequency;
        keywords["sparse"] = sparse;
        return new Embedding(rows, size, padding, maxNorm, type, byFrequency, sparse);
    }
}
