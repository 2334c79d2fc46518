using System.Text.Json.Nodes;
using Recur.Optim;
using Recur.Peers;

namespace Recur.ParityTests;

/// <summary>Update rules and clipping on random tensors against PyTorch.</summary>
public sealed class OptimizerParityTests(PyTorchOracle pytorch)
{
    private const int Cases = 200;

    /// <summary>Twenty updates, each rounded in float32 in an order of its own.</summary>
    private const float UpdateTolerance = 3e-6f;

    /// <summary>The norm is a sum over all elements; what it scales carries its rounding.</summary>
    private const float ClipTolerance = 3e-6f;

    [Fact]
    public void Step_RandomOptions_MatchesPyTorch()
    {
        var random = new Random(1);
        for (int i = 0; i < Cases; i++)
        {
            const int steps = 20;
            int count = random.Next(1, 5);
            var optimizer = OptimizerCase.Next(random, groups: count);
            Tensor[] parameters = [.. Enumerable.Range(0, count).Select(_ => RandomTensor(random, 2f).RequireGrad())];
            List<PeerTensor> tensors = [.. parameters.Select((p, k) => PeerTensor.Of($"p{k}", p))];
            Optimizer ours = optimizer.CreateGroups([.. parameters.Select(p => new ParameterGroup([p]))]);
            for (int s = 0; s < steps; s++)
            {
                for (int k = 0; k < count; k++)
                {
                    var gradient = Tensor.From(PeerTensor.Uniform(random, parameters[k].Length), parameters[k].Shape);
                    tensors.Add(PeerTensor.Of($"g{k}.{s}", gradient));
                    SetGradient(parameters[k], gradient);
                }

                ours.Step();
            }

            var options = new JsonObject
            {
                ["optimizer"] = optimizer.Name,
                ["optimizer_options"] = optimizer.Options.DeepClone(),
                ["groups"] = optimizer.Groups.DeepClone(),
                ["parameters"] = count,
                ["steps"] = steps,
            };
            string? difference = Agreement.Check(
                pytorch.Compute("optimizer", options, tensors),
                [.. parameters.Select((p, k) => PeerTensor.Of($"p{k}", p))], _ => UpdateTolerance);
            Assert.True(difference is null, $"case {i}, {optimizer}: {difference}");
        }
    }

    [Fact]
    public void Clip_RandomGradients_MatchesPyTorch()
    {
        var random = new Random(2);
        for (int i = 0; i < Cases; i++)
        {
            int count = random.Next(1, 5);
            Tensor[] parameters = [.. Enumerable.Range(0, count).Select(_ => RandomTensor(random, 1f).RequireGrad())];
            var tensors = new List<PeerTensor>();
            for (int k = 0; k < count; k++)
            {
                var gradient = Tensor.From(PeerTensor.Uniform(random, parameters[k].Length, 3f), parameters[k].Shape);
                tensors.Add(PeerTensor.Of($"g{k}", gradient));
                SetGradient(parameters[k], gradient);
            }

            var options = new JsonObject { ["parameters"] = count };
            var results = new List<PeerTensor>();
            if (random.Next(4) == 0)
            {
                float value = random.NextSingle() * 3f;
                options["value"] = value;
                GradientClipping.ClipValue(parameters, value);
            }
            else
            {
                float type = ((float[])[1f, 2f, 2f, 3f, 0.5f, float.PositiveInfinity])[random.Next(6)];
                float maxNorm = random.NextSingle() * 20f;
                options["norm_type"] = float.IsInfinity(type) ? "inf" : JsonValue.Create(type);
                options["max_norm"] = maxNorm;
                results.Add(new("norm", [], [GradientClipping.ClipNorm(parameters, maxNorm, type)]));
            }

            results.AddRange(parameters.Select((p, k) => PeerTensor.Of($"g{k}", p.Grad!.Value)));
            IReadOnlyList<PeerTensor> expected = pytorch.Compute("clip", options, tensors);
            string? difference = Agreement.Check(expected, results, _ => ClipTolerance);
            Assert.True(difference is null, $"case {i}, {options.ToJsonString()}: {difference}");
        }
    }

    private static Tensor RandomTensor(Random random, float scale)
    {
        Shape shape = random.Next(2) == 0 ? [random.Next(1, 100)] : [random.Next(1, 30), random.Next(1, 30)];
        return Tensor.From(PeerTensor.Uniform(random, shape.ElementCount, scale), shape);
    }

    /// <summary>Makes a gradient arrive as it does in training: d/dp of sum(p · g) is g.</summary>
    private static void SetGradient(Tensor parameter, Tensor gradient)
    {
        parameter.ZeroGrad();
        (parameter * gradient).Sum().Backward();
    }
}
