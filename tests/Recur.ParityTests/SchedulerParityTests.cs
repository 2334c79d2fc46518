using System.Text.Json.Nodes;
using Recur.Optim;
using Recur.Peers;

namespace Recur.ParityTests;

/// <summary>Schedules of learning rates with random options against PyTorch.</summary>
public sealed class SchedulerParityTests(PyTorchOracle pytorch)
{
    private const int Cases = 200, Steps = 200;

    /// <summary>Both sides compute in double; PyTorch's answer is rounded to float32. A rate that a cosine or a line
    /// takes to 0 keeps some rounding of the rates before.</summary>
    private const double Relative = 1e-6, Absolute = 1e-12;

    [Fact]
    public void Step_RandomSchedules_MatchesPyTorch()
    {
        var random = new Random(4);
        for (int i = 0; i < Cases; i++)
        {
            var schedule = SchedulerCase.Next(random, Steps);
            bool isAdam = random.Next(2) == 0;
            double[] rates = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Math.Round(0.001 + random.NextDouble(), 4))];
            ParameterGroup[] groups =
                [.. rates.Select(r => new ParameterGroup([Tensor.Zeros([1]).RequireGrad()]) { LearningRate = r })];
            Optimizer optimizer = isAdam ? new Adam(groups) : new Sgd(groups, 1f, momentum: 0.9);
            LRScheduler ours = schedule.Create(optimizer);
            float[] metrics = [.. Enumerable.Range(0, Steps).Select(k => MathF.Exp(-k / 40f) + 0.1f * random.NextSingle())];

            var options = new JsonObject
            {
                ["optimizer"] = isAdam ? "Adam" : "SGD",
                ["rates"] = new JsonArray([.. rates.Select(r => JsonValue.Create(r))]),
                ["scheduler"] = schedule.Tree.DeepClone(),
                ["steps"] = Steps,
            };
            PeerTensor[] tensors = ours.NeedsMetric ? [new("metrics", [Steps], metrics)] : [];
            IReadOnlyList<PeerTensor> expected = pytorch.Compute("scheduler", options, tensors);
            float[] expectedRates = expected.Single(t => t.Name == "rates").Values;
            float[] expectedMomenta = expected.Single(t => t.Name == "momenta").Values;
            Assert.Equal((Steps + 1) * groups.Length, expectedRates.Length);
            for (int t = 0, k = 0; t <= Steps; t++)
            {
                for (int g = 0; g < groups.Length; g++, k++)
                {
                    AssertClose(expectedRates[k], groups[g].LearningRate!.Value, "rate", t);
                    AssertClose(expectedMomenta[k], (groups[g].Momentum ?? groups[g].Beta1)!.Value, "momentum", t);
                }

                if (t == Steps) break;
                if (ours.NeedsMetric) ours.Step(metrics[t]);
                else ours.Step();
            }

            void AssertClose(double e, double actual, string what, int step) => Assert.True(
                Math.Abs(e - actual) <= Relative * Math.Abs(e) + Absolute,
                $"case {i}, {schedule}, {what} at step {step}: {e:R} expected but {actual:R} came.");
        }
    }
}
