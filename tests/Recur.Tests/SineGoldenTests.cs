using System.Text.Json;
using Recur.Autograd;
using Recur.Nn;
using Recur.Optim;
using static Recur.Tests.FixtureExtensions;

namespace Recur.Tests;

/// <summary>The tutorial's training run against PyTorch's: the same seed, 300 iterations, then a free run from one
/// point.</summary>
[Collection(AloneCollection.Name)]
public sealed class SineGoldenTests
{
    // PyTorch in float32 and in float64 differ by 4e-6 in these losses; the rest is room for other orders of sums.
    private const double LossTolerance = 1e-4;

    // 59 steps, each fed with the error of the one before.
    private const double FreeRunTolerance = 1e-3;

    private const int Points = 60;

    private static (Tensor X, Tensor Y) Window(int start)
    {
        var sine = new float[Points];
        for (int i = 0; i < Points; i++) sine[i] = (float)Math.Sin(start + 10.0 * i / (Points - 1));
        return (Tensor.From(sine.AsSpan(0, Points - 1), [1, Points - 1, 1]), Tensor.From(sine.AsSpan(1), [1,
            Points - 1, 1]));
    }

    [Fact]
    public void Training_Seed0_FollowsTorchsLossesAndPredictions()
    {
        using JsonDocument fixture = Fixture.Open("sine_seed0.json");
        JsonElement golden = fixture.RootElement;
        Rng.Seed(0);
        var rnn = new Rnn(1, 10, 2, batchFirst: true);
        var head = new Linear(10, 1);
        foreach ((string name, Tensor p) in rnn.NamedParameters())
            Assert.Equal(golden.GetProperty("initial").Floats("rnn." + name), p.ToArray());
        foreach ((string name, Tensor p) in head.NamedParameters())
            Assert.Equal(golden.GetProperty("initial").Floats("linear." + name), p.ToArray());

        var adam = new Adam([.. rnn.Parameters(), .. head.Parameters()], 5e-3f);
        (Tensor X, Tensor Y)[] windows = [Window(0), Window(1), Window(2)];
        Tensor state = Tensor.Zeros([2, 1, 10]);
        float[] losses = golden.Floats("losses");
        for (int i = 0; i < losses.Length; i++)
        {
            (Tensor x, Tensor y) = windows[i % 3];
            (Tensor output, Tensor hN) = rnn.Forward(x, state);
            Tensor loss = Losses.Mse(head.Forward(output), y);
            AssertClose([losses[i]], [loss.Item()], LossTolerance, $"loss of iteration {i}");
            adam.ZeroGrad();
            loss.Backward();
            adam.Step();
            state = hN.Detach();
        }

        using (GradMode.NoGrad())
        {
            Tensor input = Tensor.From([windows[1].X.Span[0]], [1, 1, 1]);
            Tensor h = Tensor.Zeros([2, 1, 10]);
            var predictions = new float[Points - 1];
            for (int t = 0; t < predictions.Length; t++)
            {
                (Tensor output, h) = rnn.Forward(input, h);
                input = head.Forward(output);
                predictions[t] = input.Item();
            }

            AssertClose(golden.Floats("free_running_from_start_1"), predictions, FreeRunTolerance, "prediction");
        }
    }
}
