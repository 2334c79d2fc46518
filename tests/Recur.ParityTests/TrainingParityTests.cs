using System.Text.Json.Nodes;
using Recur.Nn;
using Recur.Optim;
using Recur.Peers;

namespace Recur.ParityTests;

/// <summary>Whole short training runs, from the same weights on the same data, against PyTorch in double.</summary>
public sealed class TrainingParityTests(PyTorchOracle pytorch)
{
    private const int Cases = 40, Steps = 20;

    /// <summary>Roundings feed back through the weights; after 20 steps they are still far below this.</summary>
    private const float LossTolerance = 1e-4f;

    /// <summary>Adam divides a gradient by its own size, so that a tiny gradient's rounding moves a weight by a share
    /// of the rate.</summary>
    private const float WeightTolerance = 2e-3f;

    [Fact]
    public void Run_RandomModelsAndOptimizers_FollowsPyTorch()
    {
        var random = new Random(3);
        for (int i = 0; i < Cases; i++)
        {
            Cell cell = Cell.All[random.Next(Cell.All.Length)];
            int t = random.Next(1, 30), n = random.Next(1, 6), inputs = random.Next(1, 12), hidden = random.Next(1, 24);
            var c = new LayerCase(cell, t, n, inputs, hidden, L: random.Next(1, 3))
            {
                Bidirectional = random.Next(2) == 0,
            };
            int outputs = random.Next(1, 5);
            float maxNorm = random.Next(2) * 0.5f;
            var optimizer = OptimizerCase.Next(random, groups: 1);

            LayerUnderTest layer = c.Cell.Create(c);
            var head = new Linear(c.D * c.H, outputs);
            Tensor[] parameters = [.. layer.Module.Parameters(), .. head.Parameters()];
            foreach (Tensor p in parameters) p.CopyFrom(PeerTensor.Uniform(random, p.Length, 1f / MathF.Sqrt(c.H)));
            var x = Tensor.From(PeerTensor.Uniform(random, c.T * c.N * c.I), [c.T, c.N, c.I]);
            var y = Tensor.From(PeerTensor.Uniform(random, c.T * c.N * outputs), [c.T, c.N, outputs]);
            PeerTensor[] tensors =
            [
                PeerTensor.Of("x", x), PeerTensor.Of("y", y),
                .. PeerTensor.OfParameters(layer.Module, "rnn."), .. PeerTensor.OfParameters(head, "head."),
            ];
            JsonObject options = c.Options(train: true);
            options["outputs"] = outputs;
            options["optimizer"] = optimizer.Name;
            options["optimizer_options"] = optimizer.Options.DeepClone();
            options["steps"] = Steps;
            options["max_norm"] = maxNorm;
            IReadOnlyList<PeerTensor> expected = pytorch.Compute("train", options, tensors);

            Optimizer ours = optimizer.Create([new ParameterGroup(parameters)]);
            float[] losses = new float[Steps], norms = new float[Steps];
            for (int s = 0; s < Steps; s++)
            {
                Tensor loss = Losses.Mse(head.Forward(layer.Forward(x, null).Output), y);
                ours.ZeroGrad();
                loss.Backward();
                if (maxNorm > 0) norms[s] = GradientClipping.ClipNorm(parameters, maxNorm);
                ours.Step();
                losses[s] = loss.Item();
            }

            PeerTensor[] actual =
            [
                new("losses", [Steps], losses), new("norms", [Steps], norms),
                .. PeerTensor.OfParameters(layer.Module, "rnn."), .. PeerTensor.OfParameters(head, "head."),
            ];
            string? difference = Agreement.Check(
                expected, actual, name => name is "losses" or "norms" ? LossTolerance : WeightTolerance);
            Assert.True(difference is null, $"case {i}, {c}, {optimizer}: {difference}");
        }
    }
}
